"""A drawn world, in Market-1501's layout."""

import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile

from passerby.files import writable
from passerby.synth.label_files import label_files
from passerby.synth.people import people
from passerby.synth.plan import FOLDERS, pids, plan
from passerby.synth.request import FILE, Request, request
from passerby.synth.worker import PARTIAL, worker

Progress = Callable[[int, int], None]


def write(
    root: Path,
    *,
    train_ids: int = 751,
    test_ids: int = 750,
    cameras: int = 6,
    seed: int = 0,
    workers: int = 2,
    boxes: str = "detector",
    junk: float = 3819 / 13115,
    distractors: float = 2798 / 13115,
    hand_share: float = 0.25,
    height: int = 128,
    width: int = 64,
    progress: Progress | None = None,
) -> None:
    """Draw a world, or go on with one that was interrupted.

    The same arguments (but for `workers` and `progress`) give the same files, byte for byte, on the same machine and
    the same versions of the libraries. Files are moved into place when they are whole.

    Args:
        root: its folder: absent, empty, or with a world of the same arguments, of which only what is missing is drawn.
        train_ids: people to train on, 1 or more.
        test_ids: people to search for, 1 or more.
        cameras: 2 .. 16.
        seed: 0 .. 2^31 - 1.
        workers: processes that draw, 1 or more; with 1 this process draws.
        boxes: how the boxes of training and gallery pictures lie: "detector" or "hand".
        junk: junk pictures for each labelled gallery picture.
        distractors: distractors for each labelled gallery picture.
        hand_share: share of training and gallery pictures that gt_bbox shows too, boxed by hand; 1.0 in Market-1501.
        height: pixels of a picture.
        width: pixels of a picture.
        progress: called with the number of files that are there and the number of all files.

    Raises:
        ValueError: if an argument is out of range, or the folder holds something else.
        OSError: if the folder cannot be written to, or a worker dies.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}; give 1 or more.")
    asked = Request(
        train_ids=train_ids,
        test_ids=test_ids,
        cameras=cameras,
        seed=seed,
        boxes=boxes,
        junk=junk,
        distractors=distractors,
        hand_share=hand_share,
        height=height,
        width=width,
    )
    if root.exists() and not root.is_dir():
        raise ValueError(f"{root} is a file; give a folder.")
    writable(root)
    root.mkdir(parents=True, exist_ok=True)
    files = sorted(file for shot in plan(asked) for file in (shot.file, shot.also) if file)
    _prepare(root, asked, set(files))
    told = progress or (lambda done, total: None)
    label_files(root, people(train_ids + test_ids, seed=seed), *pids(asked))
    done = 0
    told(done, len(files))

    def tell(count: int) -> None:
        nonlocal done
        done += count
        told(done, len(files))

    _draw(root, workers, tell)
    shutil.rmtree(root / PARTIAL)
    asked.save(root, complete=True)


def _prepare(root: Path, asked: Request, files: set[str]) -> None:
    """Make the folders; refuse a folder with anything that is not of this world."""
    if (root / FILE).exists():
        there = request(root)
        old, new = asdict(there), asdict(asked)
        unlike = [f"{name} {old[name]} (asked: {new[name]})" for name in new if old[name] != new[name]]
        if unlike:
            raise ValueError(f"{root} holds another world, of {', '.join(unlike)}; give an empty folder.")
        for folder in FOLDERS:
            names = os.listdir(root / folder) if (root / folder).is_dir() else []
            foreign = sorted(name for name in names if f"{folder}/{name}" not in files)
            if foreign:
                raise ValueError(
                    f"{root / folder} holds {len(foreign)} files that are not of this world ({foreign[0]}, ...); "
                    "remove them, or give an empty folder."
                )
    elif any(root.iterdir()):
        raise ValueError(f"{root} is not empty and holds no drawn world; give an empty folder.")
    for folder in (*FOLDERS, PARTIAL):
        (root / folder).mkdir(parents=True, exist_ok=True)
    if not (root / FILE).exists():
        asked.save(root, complete=False)


def _draw(root: Path, workers: int, tell: Callable[[int], None]) -> None:
    """Draw with this process, or with others; `tell` gets the number of files of each batch that is done."""
    if workers > 1:
        _draw_apart(root, workers, tell)
    else:
        worker(root, part=0, parts=1, progress=tell)


def _draw_apart(root: Path, workers: int, tell: Callable[[int], None]) -> None:
    """Draw with fresh processes: a script that calls this needs no guard, and they end when this one does."""
    source = str(Path(__file__).parents[2])
    paths = [source, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    lines: queue.Queue[int | None] = queue.Queue()
    with ExitStack() as stack:
        started = []
        for part in range(workers):
            command = [sys.executable, "-m", worker.__module__, str(root), str(part), str(workers)]
            trouble = stack.enter_context(TemporaryFile())
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=trouble, text=True)
            stack.enter_context(process)
            listener = threading.Thread(target=_listen, args=(process, lines), daemon=True)
            listener.start()
            stack.callback(listener.join)
            stack.callback(process.kill)
            started.append((process, trouble))
        running = workers
        while running:
            count = lines.get()
            if count is None:
                running -= 1
            else:
                tell(count)
        for process, trouble in started:
            if process.wait():
                trouble.seek(0)
                words = trouble.read().decode(errors="replace").strip()[-500:]
                raise OSError(f"A drawing process ended with {process.returncode}: {words}")


def _listen(process: subprocess.Popen[str], lines: "queue.Queue[int | None]") -> None:
    try:
        for line in process.stdout or ():
            lines.put(int(line))
    finally:
        lines.put(None)
