"""A server that answers the page as the real one does, from a pretended gallery; also by hand, to look at the page.

PYTHONPATH=tests python -m page.pretend_server --world DIR --port 8123
"""

import argparse
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from page.pretend_gallery import PretendGallery, Refusal, told
from page.pretend_people import drawn, painted

PAGE = Path(__file__).parents[2] / "src" / "passerby" / "serve" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass
class Pretended:
    """What is served, and what goes wrong next: `fails` holds an error for a path's beginning."""

    gallery: PretendGallery
    key: str | None = None
    fails: dict[str, Refusal] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(pretended: Pretended, *, port: int = 0) -> Iterator[Pretended]:
    """The address of a server on loopback that lives as long as the block."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(pretended))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    pretended.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield pretended
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(pretended: Pretended) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def do_DELETE(self) -> None:
            self._answer("DELETE")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            if not parts.path.startswith("/api/v1/"):
                self._file(parts.path)
                return
            path = parts.path.removeprefix("/api/v1/")
            try:
                for start, refusal in pretended.fails.items():
                    if path.startswith(start):
                        raise refusal
                if pretended.key is not None:
                    given = self.headers.get("Authorization")
                    if given is None:
                        raise Refusal(401, "This server wants a key.")
                    if given != f"Bearer {pretended.key}":
                        raise Refusal(401, "The server does not know this key; ask for a new one.")
                kind = self.headers.get("Content-Type", "")
                kind_told, answer = _route(pretended, method, path, parse_qs(parts.query), _parsed(kind, body))
                self._send(200, kind_told, answer)
            except Refusal as refusal:
                problem = {"type": "about:blank", "title": "No", "status": refusal.status, "detail": str(refusal)}
                self._send(refusal.status, "application/problem+json", json.dumps(problem).encode())

        def _file(self, path: str) -> None:
            file = PAGE / ("index.html" if path == "/" else path.removeprefix("/static/"))
            if file.parent == PAGE and file.is_file():
                self._send(200, TYPES[file.suffix], file.read_bytes())
            else:
                self._send(404, "text/plain", b"nothing here")

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            with suppress(ConnectionError):  # whoever asked may have gone to another page
                self.end_headers()
                self.wfile.write(content)

    return Handler


def _parsed(kind: str, body: bytes) -> Any:
    if kind.startswith("application/json"):
        return json.loads(body)
    if kind.startswith("multipart/form-data"):
        message = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = [(part.get_param("name", header="Content-Disposition"), part) for part in message.iter_parts()]
        asked = next(part for name, part in parts if name == "asked").get_payload(decode=True)
        return [part.get_payload(decode=True) for name, part in parts if name == "pictures"], json.loads(asked)
    return None


def _route(pretended: Pretended, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[str, bytes]:
    gallery = pretended.gallery
    if not path.endswith("/thumbnail"):
        pretended.asked.append((f"{method} {path}", body or query))
    match method, path.split("/"):
        case "GET", ["about"]:
            answer = gallery.about()
        case "POST", ["search"]:
            answer = gallery.pictured(*body)
        case "POST", ["search", "records"]:
            answer = gallery.recorded(body)
        case "GET", ["records"]:
            asked = {name: query[name][0] for name in ("since", "until") if name in query}
            asked["cameras"] = [int(one) for one in query.get("camera", [])]
            asked["labels"] = dict(one.split(":", 1) for one in query.get("label", []))
            answer = gallery.page(asked, limit=int(query["limit"][0]), after=query.get("after", [None])[0])
        case "GET", ["records", id]:
            answer = told(gallery.people[id])
        case "GET", ["records", id, "thumbnail"]:
            return "image/jpeg", gallery.people[id].picture
        case "GET", ["marks"]:
            marks = gallery.marks.get(query["case"][0], {})
            answer = {"marks": [{"record": id, "right": right} for id, right in marks.items()]}
        case "POST", ["marks"]:
            gallery.marks.setdefault(body["case"], {})[body["record"]] = body["right"]
            answer = body
        case "DELETE", ["marks", case, id]:
            del gallery.marks[unquote(case)][id]
            answer = {"deleted": 1}
        case "GET", ["marks", "manifest.csv"]:
            return "text/csv", gallery.manifest().encode()
        case "GET", ["timeline"]:
            answer = gallery.timeline(query["case"][0])
        case _:
            raise Refusal(404, f"There is no {method} {path}.")
    return "application/json", json.dumps(answer).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", type=Path)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--key")
    given = parser.parse_args()
    made = PretendGallery(drawn(given.world) if given.world else painted())
    with serving(Pretended(made, key=given.key), port=given.port) as shown:
        print(shown.url, flush=True)
        threading.Event().wait()
