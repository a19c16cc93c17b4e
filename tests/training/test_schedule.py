import math

import pytest

from passerby.training.schedule import warmup_cosine, warmup_steps


def test_the_cosine_at_each_epoch():
    for epoch in range(10):
        wanted = 0.1 + 0.9 * epoch / 2 if epoch < 2 else 0.5 * (1 + math.cos(math.pi * (epoch - 2) / 8))
        assert warmup_cosine(epoch, epochs=10, warmup=2, start=0.1) == pytest.approx(wanted)
    assert warmup_cosine(10, epochs=10, end=0.2) == pytest.approx(0.2)


def test_the_steps_at_each_epoch():
    got = [warmup_steps(epoch, epochs=8, steps=(4, 6), warmup=2, start=0.0) for epoch in range(8)]
    assert got == pytest.approx([0, 0.5, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_values_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"schedule\.warmup is 10"):
        warmup_cosine(0, epochs=10, warmup=10)
    with pytest.raises(ValueError, match=r"schedule\.warmup is -1"):
        warmup_steps(0, epochs=10, steps=(), warmup=-1)
    with pytest.raises(ValueError, match=r"schedule\.factor is 2"):
        warmup_steps(0, epochs=10, steps=(), factor=2)
