"""Bars in the terminal that show how far work has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from passerby.terminal import remark, remarks

if TYPE_CHECKING:  # importing it here would cost each command seconds
    from passerby.training.loop import Report

FIRST_LINE_S, LINES_S = 2.0, 15.0
"""Seconds until the first line where there is no terminal, and from one to the next: quick work tells nothing."""


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar with the time left; give the function the number of things done."""
    with _bar(title, total) as update:
        yield lambda done: update(done, total, "")


@contextmanager
def drawing(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar whose total is known once work has begun; give the function what is done, and the total."""
    with _bar(title, None) as update:
        yield lambda done, total: update(done, total, "")


@contextmanager
def training(title: str) -> Iterator[Callable[[Report], None]]:
    """A bar of training steps with epoch, loss and speed, smoothed over some ten steps."""
    with _bar(title, None) as update:
        smooth: dict[str, float] = {}

        def show(report: Report) -> None:
            for name, value in (("loss", report.losses["total"]), ("speed", report.pictures_per_second)):
                smooth[name] = value if name not in smooth else 0.9 * smooth[name] + 0.1 * value
            stage = f"training {report.stage} of {report.stages}, " if report.stages > 1 else ""
            note = f"{stage}epoch {report.epoch:.1f}, loss {smooth['loss']:.2f}, {smooth['speed']:.0f} pictures/s"
            update(report.step, report.steps, note)

        yield show


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Callable[[int, int, str], None]]:
    """A bar that goes when the work is done and leaves one line; nothing is left where the work failed.

    Where nobody sees a bar, since the output goes into a file, a line tells now and then how far the work has come.
    """
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        console=remarks,
        transient=True,
        disable=not remarks.is_terminal,
    )
    task = bar.add_task(title, total=total, note="")
    last = (0, "")
    started = time.monotonic()
    next_line = started + FIRST_LINE_S

    def update(done: int, of: int, note: str) -> None:
        nonlocal last, next_line
        last = (done, note)
        bar.update(task, completed=done, total=of, note=note)
        if not remarks.is_terminal and done < of and time.monotonic() >= next_line:
            remark(f"{title}: {done} of {of}{', ' if note else ''}{note}")
            next_line = time.monotonic() + LINES_S

    with bar:
        yield update
    if last[0]:
        remark(f"{title}: {last[0]} in {time.monotonic() - started:.0f} s{', ' if last[1] else ''}{last[1]}")
