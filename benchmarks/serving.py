"""Many clients at once against a real server on an embedded gallery: errors, times, and whether its memory grows.

    python benchmarks/serving.py [--clients 50] [--seconds 600] [--records 10000] [--small]

Each client asks again as soon as it is answered: mostly searches by picture, each embedded; then searches by record,
thumbnails, and lists, in the shares of MIX. The times are those that a client sees; clients and server share the cores.
"""

import argparse
import asyncio
import json
import random
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import httpx
import numpy as np

from _measure import Result
from _server import cpu_seconds, database_mb, memory_mb, prepare, serving

MIX = {"search": 0.6, "search_record": 0.15, "thumbnail": 0.2, "list": 0.05}
FILTERS = [
    {},
    {"cameras": [1, 2, 3]},
    {"not_cameras": [4]},
    {"labels": {"upper": "red"}},
    {"since": "2026-01-01T06:00:00Z"},
]
WARM = 0.1
"""Share of the time after which memory is first read: until then caches fill."""


async def client(address: str, until: float, pictures: list[bytes], ids: list[str], seed: int, found: Result) -> None:
    """Ask until it is time; note each answer's time by kind, and what was no good answer."""
    chance = random.Random(seed)
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as http:
        while time.monotonic() < until:
            kind = chance.choices(list(MIX), list(MIX.values()))[0]
            asked = {"k": 50, "filters": chance.choice(FILTERS)}
            start = time.perf_counter()
            try:
                if kind == "search":
                    files = [("pictures", ("a.jpg", chance.choice(pictures)))]
                    answer = await http.post("/api/v1/search", files=files, data={"asked": json.dumps(asked)})
                elif kind == "search_record":
                    answer = await http.post("/api/v1/search/records", json={"ids": [chance.choice(ids)], **asked})
                elif kind == "thumbnail":
                    answer = await http.get(f"/api/v1/records/{chance.choice(ids)}/thumbnail")
                else:
                    answer = await http.get("/api/v1/records", params={"limit": 50, "camera": chance.randint(1, 16)})
            except httpx.HTTPError as error:
                found["errors"][type(error).__name__] += 1
                continue
            if answer.status_code != 200:
                found["errors"][str(answer.status_code)] += 1
                await asyncio.sleep(0.1)
                continue
            found["times"][kind].append(time.perf_counter() - start)


async def load(address: str, clients: int, seconds: float, pictures: list[bytes], ids: list[str]) -> Result:
    found: Result = {"errors": Counter(), "times": defaultdict(list)}
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(address, until, pictures, ids, seed, found) for seed in range(clients)))
    return found


def measure(clients: int, seconds: float, records: int) -> Result:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        files, ids = prepare(folder, records=records)
        pictures = [file.read_bytes() for file in files]
        with serving(folder) as (process, address):
            memory: dict[str, Result] = {}

            def read(name: str) -> None:
                memory[name] = {"server_mb": memory_mb(process.pid), "database_mb": database_mb(folder)}

            timers = [
                threading.Timer(seconds * share, read, (name,))
                for name, share in (("start", WARM), ("middle", 0.5), ("end", 0.98))
            ]
            for timer in timers:
                timer.start()
            found = asyncio.run(load(address, clients, seconds, pictures, ids))
            for timer in timers:
                timer.join()
            spent = cpu_seconds(process.pid)
            process.terminate()
            code = process.wait(timeout=60)
    times = [one for kind in found["times"].values() for one in kind]
    return {
        "clients": clients,
        "seconds": seconds,
        "records": records,
        "requests": len(times),
        "requests_a_second": len(times) / seconds,
        "errors": dict(found["errors"]),
        "all": percentiles(times),
        **{kind: percentiles(found["times"][kind]) for kind in MIX if found["times"][kind]},
        "memory": memory,
        "growth": {
            name: memory["end"][name] / max(memory["start"][name], 1e-9) for name in ("server_mb", "database_mb")
        },
        "server_cpu_s": spent,
        "exit_code": code,
    }


def percentiles(times: list[float]) -> Result:
    return {
        "requests": len(times),
        **{f"p{share}_ms": 1000 * float(np.percentile(times, share)) for share in (50, 95, 99)},
        "most_ms": 1000 * max(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--small", action="store_true", help="a trial of seconds, whose figures say nothing")
    given = parser.parse_args()
    sizes = (4, 5.0, 200) if given.small else (given.clients, given.seconds, given.records)
    print(json.dumps(measure(*sizes), indent=1))


if __name__ == "__main__":
    main()
