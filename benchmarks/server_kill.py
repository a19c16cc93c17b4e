"""kill -9 of a server while clients add to it, at random moments: what is lost or doubled, and how soon it is back.

    python benchmarks/server_kill.py [--rounds 20] [--small]

Clients upload pictures and note each record that was acknowledged. The server is killed and started again on the same
embedded gallery; then each acknowledged record must be there once, with its small picture.
"""

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np

from _measure import Result
from _server import prepare, serving
from passerby.gallery.open_gallery import open_gallery

CLIENTS = 4


def add(url: str, picture: bytes, first: int, step: int, into: set[str]) -> None:
    """Upload a picture as a new sighting again and again, until the server is gone; `into`: ids it acknowledged."""
    second = first
    with httpx.Client(base_url=url, timeout=60) as client:
        while True:
            told = json.dumps(
                [{"camid": first % CLIENTS, "time": f"2026-01-0{1 + second % 9}T08:00:00Z", "path": f"{second}.jpg"}]
            )
            try:
                answer = client.post("/api/v1/records", files={"pictures": picture}, data={"records": told})
            except httpx.HTTPError:
                return
            if answer.status_code == 200:
                into.update(answer.json()["ids"])
            second += step


def killed_once(folder: Path, picture: bytes, number: int, moment_s: float, into: set[str]) -> float:
    """One round; seconds that the server took to start."""
    begun = time.perf_counter()
    with serving(folder) as (process, url):
        started_s = time.perf_counter() - begun
        clients = [
            threading.Thread(target=add, args=(url, picture, 1_000_000 * number + client, CLIENTS, into))
            for client in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        time.sleep(moment_s)
        process.kill()
        for client in clients:
            client.join()
    return started_s


def rounds(number: int, *, seed: int = 0) -> Result:
    """So many rounds on one gallery."""
    rng = np.random.default_rng(seed)
    acknowledged: set[str] = set()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        picture = prepare(folder, records=100)[0][0].read_bytes()
        moments = rng.uniform(0.2, 3.0, number).tolist()
        started = [killed_once(folder, picture, row, moment, acknowledged) for row, moment in enumerate(moments)]
        begun = time.perf_counter()
        gallery = open_gallery(str(folder / "gallery"))
        again_s = time.perf_counter() - begun
        try:
            held = [one.id for one in gallery.records()]
            bare = [one for one in acknowledged if gallery.thumbnail(one) is None]
        finally:
            gallery.close()
    return {
        "rounds": number,
        "acknowledged": len(acknowledged),
        "held": len(held),
        "lost": len(acknowledged - set(held)),
        "doubled": len(held) - len(set(held)),
        "without_a_picture": len(bare),
        "started_s": {"median": float(np.median(started)), "most": max(started)},
        "opened_s": again_s,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--small", action="store_true", help="a trial of seconds")
    given = parser.parse_args()
    print(json.dumps(rounds(2 if given.small else given.rounds), indent=1))


if __name__ == "__main__":
    main()
