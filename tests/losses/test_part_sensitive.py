import math

import pytest
import torch

from passerby.losses.identity import identity
from passerby.losses.part_sensitive import part_sensitive
from passerby.types import Batch, Output

PIDS = [3, 0, 0, 1, 2]


def batch(pids):
    pids = torch.tensor(pids)
    return Batch(images=torch.zeros(len(pids), 3, 1, 1), pids=pids, camids=torch.zeros_like(pids))


def output(count, *, seed=0, spread=3.0, pictures=5):
    generator = torch.Generator().manual_seed(seed)
    logits = tuple(spread * torch.randn(pictures, 4, generator=generator) for _ in range(count))
    return Output(torch.zeros(pictures, 1), logits=logits)


def probability(row, pid):
    return math.exp(row[pid]) / sum(math.exp(x) for x in row)


def plain(out, pids, stripes, gamma, single="focal", temperature=1.0):
    total, logits = 0.0, [x.tolist() for x in out.logits]
    for m, pid in enumerate(pids):
        first = 0
        for count, exponent in zip(stripes, gamma, strict=True):
            p = [probability(logits[first + j][m], pid) for j in range(count)]
            for j in range(count):
                omega = math.exp(p[j] / temperature) / sum(math.exp(x / temperature) for x in p)
                factor = (1 - omega) ** exponent
                if count == 1 and single == "focal":
                    factor = (1 - p[j]) ** exponent
                if count == 1 and single == "ce":
                    factor = 1.0
                total -= factor * math.log(p[j])
            first += count
    return total / len(pids)


@pytest.mark.parametrize("single", ["focal", "ce", "literal"])
@pytest.mark.parametrize("temperature", [1.0, 0.3])
@pytest.mark.parametrize(
    ("stripes", "gamma"),
    [((8, 4, 2, 1), (0.3, 0.5, 1.5, 2.0)), ((1, 2), (0.5, 2.0)), ((1, 1, 1), (0.0, 1.0, 0.2)), ((3,), (0.7,))],
)
def test_it_equals_its_definition(stripes, gamma, single, temperature):
    out = output(sum(stripes))
    options = {"single": single, "temperature": temperature}
    loss = part_sensitive(out, batch(PIDS), stripes=stripes, gamma=gamma, **options)
    expected = plain(out, PIDS, stripes, gamma, **options)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    mean = part_sensitive(out, batch(PIDS), stripes=stripes, gamma=gamma, reduce="mean", **options)
    assert float(mean) == pytest.approx(expected / sum(stripes), rel=1e-5)


def test_stripes_that_are_equally_easy_count_alike():
    same = output(1).logits * 4
    loss = part_sensitive(Output(torch.zeros(5, 1), logits=same), batch(PIDS), stripes=(4,), gamma=(2.0,))
    one = identity(Output(torch.zeros(5, 1), logits=same), batch(PIDS))
    assert float(loss) == pytest.approx(4 * 0.75**2 * float(one), rel=1e-5)


@pytest.mark.parametrize("single", ["focal", "ce", "literal"])
def test_with_every_gamma_zero_it_is_exactly_the_softmax_loss(single):
    out = output(15, spread=30.0)
    loss = part_sensitive(out, batch(PIDS), gamma=(0, 0, 0, 0), single=single)
    each = [identity(Output(x, logits=(x,)), batch(PIDS)) for x in out.logits]
    assert torch.allclose(loss, torch.stack(each).sum(), rtol=1e-6)
    logs = torch.stack([torch.log_softmax(x, dim=1)[torch.arange(5), torch.tensor(PIDS)] for x in out.logits])
    assert torch.equal(loss, -logs.mean(dim=1).sum())  # to the bit: every factor is 1


@pytest.mark.parametrize(("count", "gamma", "least"), [(8, 0.3, 0.906), (4, 0.5, 0.724), (2, 1.5, 0.139)])
def test_the_easiest_stripe_is_damped_no_further_than_this(count, gamma, least):
    sure = torch.tensor([[math.log(999.0), 0.0]], requires_grad=True)  # p = 0.999
    lost = [torch.tensor([[-40.0, 0.0]])] * (count - 1)
    out = Output(sure, logits=(sure, *lost))
    part_sensitive(out, batch([0]), stripes=(count,), gamma=(gamma,), detach=True).backward()
    factor = float(sure.grad[0, 0]) / (0.999 - 1)  # the softmax loss's gradient is p - 1
    assert factor == pytest.approx(least, abs=2e-3)
    assert (1 - math.e / (math.e + count - 1)) ** gamma == pytest.approx(least, abs=5e-4)


def gradient(**options):
    torch.manual_seed(0)
    logits = [torch.randn(5, 4, requires_grad=True) for _ in range(3)]
    part_sensitive(Output(torch.zeros(5, 1), logits=tuple(logits)), batch(PIDS), stripes=(2, 1), **options).backward()
    return [x.grad for x in logits], logits


@pytest.mark.parametrize("detach", [False, True])
def test_the_gradient_goes_through_the_factor_unless_detached(detach):
    gamma = (1.5, 2.0)
    grads, logits = gradient(gamma=gamma, detach=detach)
    fixed = [x.detach().double().requires_grad_() for x in logits]
    p = [torch.softmax(x, dim=1)[torch.arange(5), torch.tensor(PIDS)] for x in fixed]
    omega = torch.softmax(torch.stack(p[:2]), dim=0)
    factors = [(1 - omega[0]) ** 1.5, (1 - omega[1]) ** 1.5, (1 - p[2]) ** 2]
    if detach:
        factors = [factor.detach() for factor in factors]
    (-sum((factor * x.log()).mean() for factor, x in zip(factors, p, strict=True))).backward()
    for one, other in zip(grads, fixed, strict=True):
        assert torch.allclose(one.double(), other.grad, atol=1e-6)
    other_way, _ = gradient(gamma=gamma, detach=not detach)
    assert not torch.allclose(grads[0], other_way[0], atol=1e-4)


def test_taken_literally_a_scale_of_one_stripe_learns_nothing():
    grads, _ = gradient(gamma=(1.5, 2.0), single="literal")
    assert grads[2].abs().sum() == 0
    assert grads[0].abs().sum() > 0


@pytest.mark.parametrize("single", ["focal", "ce", "literal"])
@pytest.mark.parametrize("temperature", [1.0, 0.001])
def test_sure_and_lost_stripes_keep_loss_and_gradient_finite(single, temperature):
    logits = [torch.tensor([[x, 0.0]], requires_grad=True) for x in (200.0, -200.0, 200.0)]
    loss = part_sensitive(
        Output(torch.zeros(1, 1), logits=tuple(logits)),
        batch([0]),
        stripes=(2, 1),
        gamma=(0.3, 0.5),
        single=single,
        temperature=temperature,
    )
    loss.backward()
    assert float(loss.detach()) == pytest.approx(
        200 * (1 - 1 / (1 + math.exp(min(1 / temperature, 700)))) ** 0.3, rel=1e-4
    )
    assert all(x.grad.isfinite().all() for x in logits)


def test_what_does_not_fit_is_refused():
    def refused(match, count=3, **options):
        with pytest.raises(ValueError, match=match):
            part_sensitive(output(count), batch(PIDS), **{"stripes": (2, 1), "gamma": (1.0, 1.0), **options})

    refused("needs logits", count=0)
    refused(r"stripes is \(2, 1\), but the model classifies 4 stripes", count=4)
    refused(r"stripes is \(3, 0\)", stripes=(3, 0))
    refused(r"gamma is \(1.0,\) for 2 scales", gamma=(1.0,))
    refused(r"gamma is \(1.0, -0.1\)", gamma=(1.0, -0.1))
    refused("single is 'none'", single="none")
    refused("reduce is 'max'", reduce="max")
    refused("temperature is 0", temperature=0)
