"""A server's app over a gallery in memory, with a network that looks at colours and a ledger in lists."""

import threading
import time
from contextlib import contextmanager
from io import BytesIO

import numpy as np
import torch
import uvicorn
from PIL import Image
from starlette.testclient import TestClient

from gallery.plain_gallery import PlainGallery
from passerby.gallery.contract import Unavailable
from passerby.gallery.record import Record
from passerby.serve.app import app
from passerby.serve.connection import Connection
from passerby.serve.embedder import Embedder
from passerby.serve.inside import Inside
from passerby.serve.ledger import Asker, Marked, Noted
from passerby.types import ModelId

MODEL = ModelId("colours", "0" * 64, "mean colour of nine fields")
DIM = 28
START = 1767254400.0  # 2026-01-01T08:00:00Z
RED, GREEN, BLUE = (200, 20, 20), (20, 200, 20), (20, 20, 200)


class ListLedger:
    """A ledger in lists; `broken` makes every call raise Unavailable."""

    def __init__(self, keys=()):
        self.keys = {key: Asker(name, role) for key, name, role in keys}
        self.lines, self.kept, self.broken, self.closed = [], {}, False, False

    def who(self, bearer):
        self.ready()
        return self.keys.get(bearer) if self.keys else Asker("anybody", "admin")

    def keyless(self):
        return not self.keys

    def note(self, who, what, *, details, answers):
        self.ready()
        self.lines.append(Noted(len(self.lines) + 1, START, who, what, details, answers))

    def noted(self, *, limit, before):
        self.ready()
        return [one for one in reversed(self.lines) if before is None or one.number < before][:limit]

    def mark(self, case, record, *, right, who):
        self.ready()
        if not case.isprintable():
            raise ValueError("The case's name does not print.")
        self.kept[case, record] = Marked(case, record, right, who, START)
        return self.kept[case, record]

    def unmark(self, case, record):
        self.ready()
        return self.kept.pop((case, record), None) is not None

    def marks(self, case):
        self.ready()
        return [one for one in self.kept.values() if case in (None, one.case)]

    def ready(self):
        if self.broken:
            raise Unavailable("The ledger in lists is broken.")

    def close(self):
        self.closed = True


def prepare(picture):
    return torch.from_numpy(np.array(picture.resize((3, 3), Image.Resampling.BOX))).permute(2, 0, 1).contiguous()


def vectors(pictures):
    rows = [np.append(picture.numpy().astype(np.float32).ravel() - 90, 1) for picture in pictures]
    return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


EMBEDDER = Embedder(model=MODEL, dim=DIM, prepare=prepare, vectors=vectors)


def image(colour=RED, size=(32, 64)):
    return Image.new("RGB", size, colour)


def encoded(picture, kind="PNG", **options):
    data = BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def png(colour=RED, size=(32, 64)):
    return encoded(image(colour, size))


def record(colour=RED, **known):
    small = encoded(image(colour, (8, 16)), "JPEG")
    return Record(embedding=vectors([prepare(image(colour))])[0], thumbnail=small, **known)


def filled():
    """Red, green and blue people, each seen by cameras 1 .. 3, an hour apart; one track a camera."""
    gallery = PlainGallery(MODEL, DIM)
    gallery.add(
        [
            record(
                tuple(max(0, value - 7 * camid) for value in colour),
                camid=camid,
                time=START + 3600 * camid + pid,
                trackid=pid,
                pid=pid,
                labels={"upper": name},
                path=f"{name}_c{camid}.png",
            )
            for pid, (name, colour) in enumerate((("red", RED), ("green", GREEN), ("blue", BLUE)), start=1)
            for camid in (1, 2, 3)
        ]
    )
    return gallery


@contextmanager
def listening(inside):
    """The address of a server in a thread of this process."""
    config = uvicorn.Config(
        app(inside), port=0, http=Connection, ws="none", log_config=None, log_level="critical", lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def served(
    gallery=None, *, ledger=None, key=None, host="127.0.0.1:8000", errors=True, client=("127.0.0.1", 5), **options
):
    """A client of an app over a gallery; `key` is sent with each request."""
    gallery = filled() if gallery is None else gallery
    embedder = options.pop("embedder", EMBEDDER)
    inside = Inside(gallery=gallery, embedder=embedder, ledger=ListLedger() if ledger is None else ledger, **options)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    with TestClient(
        app(inside), base_url=f"http://{host}", headers=headers, client=client, raise_server_exceptions=errors
    ) as client:
        client.inside, client.gallery, client.ledger = inside, gallery, inside.ledger
        yield client
