import math

import pytest

from passerby.training.schedule import equation_6, half_life, steps, warmup_cosine, warmup_steps


def test_the_cosine_at_each_epoch():
    for epoch in range(10):
        wanted = 0.1 + 0.9 * epoch / 2 if epoch < 2 else 0.5 * (1 + math.cos(math.pi * (epoch - 2) / 8))
        assert warmup_cosine(epoch, epochs=10, warmup=2, start=0.1) == pytest.approx(wanted)
    assert warmup_cosine(10, epochs=10, end=0.2) == pytest.approx(0.2)


def test_the_steps_at_each_epoch():
    got = [warmup_steps(epoch, epochs=8, steps=(4, 6), warmup=2, start=0.0) for epoch in range(8)]
    assert got == pytest.approx([0, 0.5, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_steps_are_warmup_steps_without_a_warmup():
    for tenth in range(80):
        given = {"epochs": 8, "steps": (2.5, 6), "factor": 0.3}
        assert steps(tenth / 10, **given) == warmup_steps(tenth / 10, **given)


def test_a_step_counts_from_its_very_epoch_on():
    assert steps(29.999, epochs=60, steps=(30,)) == 1
    assert steps(30, epochs=60, steps=(30,)) == 0.1
    assert steps(3, epochs=8, steps=()) == 1
    assert steps(7, epochs=8, steps=(8, 20)) == 1


def test_hybrid_attention_by_equation_6_at_each_epoch_of_the_paper():
    rates = {}
    for e in range(1, 151):
        if e <= 10:
            rates[e] = 3 * 10**-4 * e / 10
        elif e <= 60:
            rates[e] = 0.01
        elif e <= 90:
            rates[e] = 0.005
        elif e <= 120:
            rates[e] = 0.0025
        else:
            rates[e] = 0.00125
    for e, rate in rates.items():
        for part in (0, 0.5, 0.999):
            assert 0.01 * equation_6(e - 1 + part, epochs=150) == pytest.approx(rate, rel=1e-12)


def test_hybrid_attention_as_released_at_each_epoch():
    for epoch in range(150):
        rate = 3e-4 + (0.01 - 3e-4) * epoch / 10 if epoch < 10 else 0.01
        for step in (60, 90, 120):
            if epoch >= step:
                rate /= 2
        given = {"epochs": 150, "steps": (60, 90, 120), "factor": 0.5, "warmup": 10, "start": 0.03}
        assert 0.01 * warmup_steps(epoch, **given) == pytest.approx(rate, rel=1e-12)
        for part in (0, 0.5, 0.999):
            assert 0.01 * warmup_steps(epoch + part, **given, staircase=True) == pytest.approx(rate, rel=1e-12)


def test_without_a_staircase_the_warmup_rises_inside_of_an_epoch():
    given = {"epochs": 20, "steps": (15,), "warmup": 10, "start": 0.0}
    assert warmup_steps(2.5, **given) == pytest.approx(0.25)
    assert warmup_steps(2.5, **given, staircase=True) == pytest.approx(0.2)


def test_a_staircase_takes_a_step_inside_of_an_epoch_from_the_next_one_on():
    got = [warmup_steps(epoch, epochs=4, steps=(1.5,), staircase=True) for epoch in (1, 1.4, 1.6, 1.9, 2)]
    assert got == [1, 1, 1, 1, 0.1]


def test_horizontal_pooling_at_each_epoch():
    for epoch in range(60):
        wanted = 0.1 if epoch < 30 else 0.01
        assert 0.1 * steps(epoch, epochs=60, steps=(30,)) == pytest.approx(wanted)


def test_joint_attention_at_each_update():
    per_epoch = 12_936 // 64
    for update in range(0, 120 * per_epoch, 7):
        epoch = update / per_epoch
        wanted = 0.1 + 0.9 * update / 2000 if update < 2000 else 1.0
        wanted *= 1 if epoch < 40 else 0.1 if epoch < 90 else 0.01
        got = warmup_steps(epoch, epochs=120, steps=(40, 90), factor=0.1, warmup=2000 / per_epoch, start=0.1)
        assert got == pytest.approx(wanted, rel=1e-9)


def test_midlevel_attributes_at_each_thousandth_update():
    per_epoch = 12_936 // 16
    drops = (20_000 / per_epoch, 40_000 / per_epoch)
    for update in range(0, 50_000, 1000):
        wanted = 0.01 if update < 20_000 else 0.001 if update < 40_000 else 0.0001
        assert 0.01 * steps(update / per_epoch, epochs=62, steps=drops) == pytest.approx(wanted)


def test_done_right_halves_every_512_updates():
    per_epoch = 16
    for update in range(4096):
        got = 1e-3 * half_life(update / per_epoch, epochs=256, life=512 / per_epoch)
        assert got == pytest.approx(1e-3 * 0.5 ** (update / 512), rel=1e-12)
        stairs = 1e-3 * half_life(update / per_epoch, epochs=256, life=512 / per_epoch, staircase=True)
        assert stairs == pytest.approx(1e-3 / 2 ** (update // 512), rel=1e-12)
    assert half_life(256, epochs=256, life=32) == pytest.approx(3.90625e-6 / 1e-3)


def test_done_right_before_its_ranking_falls_from_a_hundredth_to_a_ten_thousandth():
    for epoch in range(60):
        wanted = 1e-2 if epoch < 20 else 1e-3 if epoch < 40 else 1e-4
        assert 1e-2 * steps(epoch, epochs=60, steps=(20, 40)) == pytest.approx(wanted)


def test_equation_6_of_a_shorter_training_breaks_off():
    assert [equation_6(epoch, epochs=3) for epoch in range(3)] == [equation_6(epoch, epochs=150) for epoch in range(3)]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: warmup_cosine(0, epochs=10, warmup=10), r"schedule\.warmup is 10"),
        (lambda: warmup_steps(0, epochs=10, steps=(), warmup=-1), r"schedule\.warmup is -1"),
        (lambda: warmup_steps(0, epochs=10, steps=(), factor=2), r"schedule\.factor is 2"),
        (lambda: warmup_steps(0, epochs=10, steps=(5, 5)), r"schedule\.steps is \(5, 5\)"),
        (lambda: steps(0, epochs=10, steps=(5,), factor=-0.1), r"schedule\.factor is -0\.1"),
        (lambda: steps(0, epochs=10, steps=(0, 5)), r"schedule\.steps is \(0, 5\)"),
        (lambda: steps(0, epochs=10, steps=(9, 5)), r"schedule\.steps is \(9, 5\)"),
        (lambda: half_life(0, epochs=10, life=0), r"schedule\.life is 0"),
        (lambda: half_life(0, epochs=10, life=float("nan")), r"schedule\.life is nan"),
        (lambda: equation_6(0, epochs=151), "epochs is 151"),
        (lambda: equation_6(150, epochs=150), "epoch is 150"),
        (lambda: equation_6(-0.1, epochs=150), r"epoch is -0\.1"),
    ],
)
def test_values_out_of_range_are_refused(ask, said):
    with pytest.raises(ValueError, match=said):
        ask()
