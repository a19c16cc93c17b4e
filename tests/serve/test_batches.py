"""Pictures of several requests are embedded together, in a bounded queue."""

import asyncio
import threading
from contextlib import suppress

import numpy as np
import pytest
import torch

from passerby.serve.batches import Batches
from passerby.serve.busy import Busy
from passerby.serve.workers import Workers


def picture(number):
    return torch.full((1,), number)


def doubled(pictures):
    return np.array([[2 * int(one)] for one in pictures], dtype=np.float32)


class Gate:
    """Doubles, but waits until it is opened; keeps the sizes of its batches."""

    def __init__(self):
        self.open, self.begun, self.sizes = threading.Event(), threading.Event(), []

    def __call__(self, pictures):
        self.begun.set()
        assert self.open.wait(10)
        self.sizes.append(len(pictures))
        return doubled(pictures)


async def waiting(batches, number):
    for _ in range(1000):
        if batches.waiting() == number:
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"{batches.waiting()} pictures wait, not {number}")


def run(test, vectors=doubled, **options):
    batches = Batches(vectors, **options)
    try:
        return asyncio.run(test(batches))
    finally:
        if isinstance(vectors, Gate):
            vectors.open.set()
        batches.close()


def test_each_request_gets_its_own_rows_in_its_order():
    async def test(batches):
        asked = [[picture(10 * n + m) for m in range(n % 4 + 1)] for n in range(50)]
        return asked, await asyncio.gather(*(batches.vectors(pictures) for pictures in asked))

    asked, given = run(test, most=8)
    for pictures, rows in zip(asked, given, strict=True):
        assert np.array_equal(rows, doubled(pictures))


def test_what_waits_goes_together_up_to_the_bound():
    gate = Gate()

    async def test(batches):
        first = asyncio.create_task(batches.vectors([picture(0)]))
        assert await asyncio.to_thread(gate.begun.wait, 10)
        rest = [asyncio.create_task(batches.vectors([picture(n), picture(n)])) for n in range(5)]
        await waiting(batches, 10)
        gate.open.set()
        await asyncio.gather(first, *rest)

    run(test, gate, most=6)
    assert gate.sizes == [1, 6, 4]


def test_a_full_queue_refuses_and_takes_again_when_it_is_not():
    gate = Gate()

    async def test(batches):
        first = asyncio.create_task(batches.vectors([picture(0)]))
        assert await asyncio.to_thread(gate.begun.wait, 10)
        second = asyncio.create_task(batches.vectors([picture(1)] * 3))
        await waiting(batches, 3)
        with pytest.raises(Busy, match="3 pictures wait"):
            await batches.vectors([picture(2)] * 2)
        gate.open.set()
        await asyncio.gather(first, second)
        assert (await batches.vectors([picture(3)])).tolist() == [[6]]

    run(test, gate, most=2, waiting=4)


def test_a_caller_that_has_had_enough_leaves_the_queue():
    gate = Gate()

    async def test(batches):
        first = asyncio.create_task(batches.vectors([picture(0)]))
        assert await asyncio.to_thread(gate.begun.wait, 10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await batches.vectors([picture(1)])
        assert batches.waiting() == 0
        gate.open.set()
        await first

    run(test, gate)
    assert gate.sizes == [1]


def test_a_caller_behind_others_leaves_the_queue_too():
    held = threading.Event()

    def late(pictures):
        assert held.wait(10)
        return np.zeros((len(pictures), 1), dtype=np.float32)

    async def test(batches):
        asked = [asyncio.create_task(batches.vectors([torch.zeros(3, 8, 4)])) for _ in range(3)]
        await waiting(batches, 2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await batches.vectors([torch.zeros(3, 8, 4)])
        assert batches.waiting() == 2
        held.set()
        await asyncio.gather(*asked)

    run(test, late, most=1)


def test_a_mistake_of_one_request_is_not_anothers():
    held = Gate()

    def picky(pictures):
        held.begun.set()
        assert held.open.wait(10)
        if any(int(one) == 13 for one in pictures):
            raise ValueError("13")
        return doubled(pictures)

    async def test(batches):
        asked = [asyncio.create_task(batches.vectors([picture(0)]))]
        assert await asyncio.to_thread(held.begun.wait, 10)
        asked += [asyncio.create_task(batches.vectors([picture(n)])) for n in (12, 13, 14)]
        await waiting(batches, 3)
        held.open.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    given = run(test, picky)
    assert [str(one) if isinstance(one, Exception) else one.tolist() for one in given] == [[[0]], [[24]], "13", [[28]]]


def test_a_closed_queue_gives_up_what_waits_and_takes_nothing():
    gate = Gate()

    async def test(batches):
        first = asyncio.create_task(batches.vectors([picture(0)]))
        assert await asyncio.to_thread(gate.begun.wait, 10)
        second = asyncio.create_task(batches.vectors([picture(1)]))
        await waiting(batches, 1)
        closing = asyncio.create_task(asyncio.to_thread(batches.close))
        while not batches._closed:  # else what waits might be next before it is closed
            await asyncio.sleep(0.005)
        gate.open.set()
        await closing
        assert (await first).tolist() == [[0]]
        with pytest.raises(asyncio.CancelledError):
            await second
        with pytest.raises(Busy):
            await batches.vectors([picture(2)])

    run(test, gate)


@pytest.mark.parametrize(("most", "waiting"), [(0, 5), (6, 5)])
def test_bounds_that_make_no_sense_are_refused(most, waiting):
    with pytest.raises(ValueError, match="most is"):
        Batches(doubled, most=most, waiting=waiting)


def test_workers_bound_what_waits_and_how_long():
    opened = threading.Event()

    async def test(workers):
        stuck = [asyncio.create_task(workers.run(opened.wait, 10)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(Busy, match="2 calls"):
            await workers.run(int, "5")
        with pytest.raises(TimeoutError):
            await stuck[0]
        with pytest.raises(Busy):  # its thread is still at it
            await workers.run(int, "5")
        opened.set()
        await asyncio.gather(*stuck, return_exceptions=True)
        for _ in range(1_000):  # a thread takes a moment to be free again
            with suppress(Busy):
                assert await workers.run(int, "ff", base=16) == 255
                return
            await asyncio.sleep(0.01)
        raise AssertionError("no thread is free again")

    workers = Workers("test", threads=2, waiting=2, seconds=1.0)
    try:
        asyncio.run(test(workers))
    finally:
        opened.set()
        workers.close()
