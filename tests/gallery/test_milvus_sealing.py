"""What was added to Milvus is sealed once it is quiet, or on closing, and never lost by an error."""

import threading
import time

import pytest

pytest.importorskip("pymilvus")

from passerby.gallery.contract import Unavailable
from passerby.gallery.milvus import sealing
from passerby.gallery.milvus.sealing import Sealing


class Sealed:
    """Counts, and fails the first times."""

    def __init__(self, failing=0):
        self.failing = failing
        self.times = []
        self.called = threading.Event()

    def __call__(self):
        self.times.append(time.monotonic())
        if len(self.times) <= self.failing:
            raise Unavailable("Milvus is away.")
        self.called.set()


def test_what_was_added_is_sealed_once_after_it_was_quiet(monkeypatch):
    monkeypatch.setattr(sealing, "QUIET_S", 0.2)
    sealed = Sealed()
    one = Sealing(sealed)
    for _ in range(5):
        one.added()
        time.sleep(0.02)
    last = time.monotonic()
    assert sealed.called.wait(20)
    one.stop()
    assert len(sealed.times) == 1
    assert sealed.times[0] >= last + 0.1


def test_additions_that_never_end_are_sealed_all_the_same(monkeypatch):
    monkeypatch.setattr(sealing, "LONGEST_S", 0.2)
    sealed = Sealed()
    one = Sealing(sealed)
    end = time.monotonic() + 20
    while not sealed.called.is_set() and time.monotonic() < end:
        one.added()
        time.sleep(0.01)
    assert sealed.called.is_set()
    one.stop()


def test_what_is_left_is_sealed_on_stopping_and_nothing_where_nothing_was_added():
    sealed = Sealed()
    one = Sealing(sealed)
    one.added()
    one.stop()
    assert len(sealed.times) == 1
    unused = Sealed()
    Sealing(unused).stop()
    assert not unused.times


def test_where_milvus_is_away_it_is_tried_again_and_stopping_is_no_error(monkeypatch):
    monkeypatch.setattr(sealing, "QUIET_S", 0.05)
    sealed = Sealed(failing=2)
    one = Sealing(sealed)
    one.added()
    assert sealed.called.wait(20)
    one.stop()
    assert len(sealed.times) == 3
    away = Sealed(failing=100)
    last = Sealing(away)
    last.added()
    last.stop()
    assert away.times
