"""A pretended gallery: answers by a hidden identity, so that a page can be tried without a network or a store."""

import hashlib
import io
import math
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from page.pretend_people import Seen, look

LINE = 0.6
"""Similarity of the line."""
EVEN = 0.5
"""Similarity at which a pair by itself shows one person as often as not."""


class Refusal(Exception):
    """Something that is answered with an error."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class PretendGallery:
    """Sightings, and the marks of cases."""

    def __init__(self, people: list[Seen], *, calibrated: bool = True) -> None:
        self.people = {one.id: one for one in people}
        self.calibrated = calibrated
        self.misses: float | None = 0.41
        self.measured = True
        self.marks: dict[str, dict[str, bool]] = {}
        self.looks = {one.id: _look(one.picture) for one in people}

    def about(self) -> dict[str, Any]:
        times = [one.time for one in self.people.values() if one.time is not None]
        cameras = sorted({one.camid for one in self.people.values()})
        names = sorted({name for one in self.people.values() for name in one.labels})
        return {
            "records": len(self.people),
            "cameras": [{"camid": c, "count": sum(one.camid == c for one in self.people.values())} for c in cameras],
            "labels": {
                name: sorted({one.labels[name] for one in self.people.values() if name in one.labels}) for name in names
            },
            "model": "pretended (0123456789ab)",
            "dim": 128,
            "calibrated": self.calibrated,
            "rates": [0.001, 0.01, 0.05] if self.calibrated else [],
            "rate": 0.01,
            "first_time": iso(min(times)) if times else None,
            "last_time": iso(max(times)) if times else None,
            "role": "search",
        }

    def pictured(self, contents: list[bytes], asked: dict[str, Any]) -> dict[str, Any]:
        pids = []
        for content, box in zip(contents, asked["boxes"], strict=True):
            try:
                picture = Image.open(io.BytesIO(content)).convert("RGB")
            except UnidentifiedImageError:
                raise Refusal(422, "Picture 1 is no JPEG, PNG or WebP; give one of these.") from None
            if box:
                picture = picture.crop((box[0], box[1], box[0] + box[2], box[1] + box[3]))
            seen = look(picture)
            away, best = min(
                ((float(np.abs(self.looks[id] - seen).mean()), id) for id in self.looks), default=(1.0, "")
            )
            pids.append(self.people[best].pid if away < 0.09 else 0)
        not_cameras = [] if asked["not_camera"] is None else [asked["not_camera"]]
        return self._answer(max(pids), asked, not_cameras, set())

    def recorded(self, asked: dict[str, Any]) -> dict[str, Any]:
        asked_for = [self.people[id] for id in asked["ids"]]
        own = {(one.camid, one.trackid) for one in asked_for if one.trackid is not None}
        not_cameras = [one.camid for one in asked_for] if asked["other_cameras_only"] else []
        left = {id for id, one in self.people.items() if (one.camid, one.trackid) in own or id in asked["ids"]}
        return self._answer(asked_for[0].pid, asked, not_cameras, left)

    def page(self, asked: dict[str, Any], *, limit: int, after: str | None) -> dict[str, Any]:
        found = sorted(self._passing(asked), key=lambda one: (one.time is None, -(one.time or 0), one.id))
        ids = [one.id for one in found]
        first = ids.index(after) + 1 if after else 0
        part = found[first : first + limit]
        return {"records": [told(one) for one in part], "next": part[-1].id if len(part) == limit else None}

    def timeline(self, case: str) -> dict[str, Any]:
        right = [self.people[id] for id, mark in self.marks.get(case, {}).items() if mark]
        keys = ("id", "time", "trackid", "thumbnail")
        by_time = sorted(right, key=lambda one: (one.time is None, one.time or 0))
        return {
            "cameras": [
                {"camid": c, "sightings": [{k: told(one)[k] for k in keys} for one in by_time if one.camid == c]}
                for c in sorted({one.camid for one in right})
            ]
        }

    def manifest(self) -> str:
        lines = ["path,pid,camid,time"]
        for pid, case in enumerate(sorted(self.marks), start=1):
            right = [self.people[id] for id, mark in self.marks[case].items() if mark]
            lines += [f"{one.path},{pid},{one.camid},{iso(one.time)}" for one in right]
        return "\n".join(lines) + "\n"

    def _passing(self, asked: dict[str, Any]) -> list[Seen]:
        unknown = set(asked.get("cameras") or []) - {one.camid for one in self.people.values()}
        if unknown:
            raise Refusal(422, f"There is no camera {min(unknown)} in this gallery.")
        since, until = (seconds(asked[name]) if asked.get(name) else None for name in ("since", "until"))
        if since is not None and until is not None and since >= until:
            raise Refusal(422, "The time range is backwards; the end must come after the start.")
        return [
            one
            for one in self.people.values()
            if (not asked.get("cameras") or one.camid in asked["cameras"])
            and (since is None or (one.time is not None and one.time >= since))
            and (until is None or (one.time is not None and one.time < until))
            and all(one.labels.get(name) == value for name, value in (asked.get("labels") or {}).items())
        ]

    def _answer(self, pid: int, asked: dict[str, Any], not_cameras: list[int], left: set[str]) -> dict[str, Any]:
        passing = [
            one for one in self._passing(asked["filters"]) if one.camid not in not_cameras and one.id not in left
        ]
        scored = sorted(((_alike(pid, one), one) for one in passing), key=lambda pair: (-pair[0], pair[1].id))
        shown = scored[: asked["k"]]
        if asked["rerank"]:  # another order than that of similarity
            shown = sorted(shown, key=lambda pair: (-round(pair[0], 1), pair[1].camid, pair[1].id))
        chance = [_likely(alike, EVEN) for alike, _ in shown]
        best = max((alike for alike, _ in shown), default=0.0)
        return {
            "search": "s1",
            "answers": [
                {**told(one), "similarity": alike, "probability": p if self.calibrated else None}
                for (alike, one), p in zip(shown, chance, strict=True)
            ],
            "nobody_below": LINE if self.calibrated else None,
            "nobody_misses": self.misses if self.calibrated else None,
            "nobody_measured": self.measured if self.calibrated else None,
            "probably_nobody": best < LINE if self.calibrated else None,
            "top1": _likely(best, LINE) if self.calibrated else None,
            "calibrated": self.calibrated,
            "gallery_size": len(passing),
            "seconds": 0.04,
        }


def told(one: Seen) -> dict[str, Any]:
    """A record as the API gives it."""
    return {
        "id": one.id,
        "camid": one.camid,
        "time": iso(one.time),
        "trackid": one.trackid,
        "pid": None,
        "labels": one.labels,
        "path": one.path,
        "box": None,
        "thumbnail": f"/api/v1/records/{one.id}/thumbnail",
    }


def iso(time: float | None) -> str | None:
    """An ISO time in UTC."""
    return None if time is None else datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


def seconds(text: str) -> float:
    """Of an ISO time."""
    return datetime.fromisoformat(text).timestamp()


@cache
def _look(picture: bytes) -> np.ndarray:
    return look(Image.open(io.BytesIO(picture)))


def _likely(alike: float, even: float) -> float:
    return 1 / (1 + math.exp(-(alike - even) * 14))


def _alike(pid: int, one: Seen) -> float:
    chance = hashlib.sha256(f"{pid} {one.id}".encode()).digest()[0] / 255
    return 0.64 + 0.3 * chance if pid == one.pid else 0.2 + 0.38 * chance * (pid > 0 or 0.7)
