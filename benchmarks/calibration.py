"""How well calibration holds: on people of a known law, and from one world to another.

    python benchmarks/calibration.py made [--worlds 40] [--people 200]     share of intervals that hold the true value
    python benchmarks/calibration.py shift ONE.npz OTHER.npz               fitted on one, tried on the other
    python benchmarks/calibration.py cameras ONE.npz                       from how many people on two cameras gain
    python benchmarks/calibration.py nobody ONE.npz                        whom the line of "nobody" hides: said, true
    python benchmarks/calibration.py nobody [--worlds 10] [--people 60]    the same for people of a known law
    python benchmarks/calibration.py verdicts [--worlds 10] [--people 120] verdicts that are wrong by chance alone

The files are descriptors as `passerby embed` writes them, of people whom the network was not trained on.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy.stats import beta

from _nobody import nobody, nobody_made
from passerby import npz
from passerby.calibration.calibrated import calibrated
from passerby.calibration.drawn_galleries import best, orders, without
from passerby.calibration.evidence import isotonic, line
from passerby.calibration.false_matches import rates, strangers
from passerby.calibration.held_out import PAIR_RATES, held_out
from passerby.calibration.reliability import reliability
from passerby.calibration.sightings import Pairs, Sightings, sightings
from passerby.calibration.tried_galleries import ABSENT_RATES
from passerby.calibration.verdict import verdict
from passerby.types import Crop, Embeddings, ModelId

MODEL = ModelId("benchmark", "", "")
DIM = 12


def people(count: int, seed: int, each: int = 6) -> Sightings:
    """People as directions drawn evenly from all: the law of strangers' cosines is known."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(count, DIM))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    pids = np.repeat(np.arange(count), each)
    vectors = torch.from_numpy(centres[pids] + 0.25 * random.normal(size=(len(pids), DIM))).float()
    crops = tuple(Crop(Path(f"{row}.jpg"), int(pid) + 1, row % each) for row, pid in enumerate(pids))
    return sightings(Embeddings(vectors, crops))


def made(worlds: int, count: int) -> None:
    """Coverage of the intervals of thresholds, and true calibration errors, over worlds drawn anew."""
    held: dict[float, list[bool]] = {}
    errors = []
    test = people(600, seed=10**6).some().pairs()
    for seed in range(worlds):
        found = calibrated(people(count, seed), model=MODEL, data="made")
        for one in found.thresholds:
            if one.rate in found.rates:
                true = 2 * beta.isf(one.rate, (DIM - 1) / 2, (DIM - 1) / 2) - 1
                held.setdefault(one.rate, []).append(one.low <= true <= one.high)
        errors.append(reliability(found.probability(test.similarity, prior=0.5), test.same, _even(test)).ece)
    for rate, each in held.items():
        print(f"false-match rate {rate:g}: {sum(each)} of {len(each)} intervals hold the true threshold")
    print(f"ECE at even odds on 600 others: mean {np.mean(errors):.4f}, largest {max(errors):.4f}")


def shift(one: Path, other: Path) -> None:
    """What is fitted on one set of people, tried on another."""
    fitted, tried = (sightings(npz.read(file)) for file in (one, other))
    found = calibrated(fitted, model=MODEL, data=str(one))
    pairs = tried.some().pairs()
    said = found.probability(pairs.similarity, prior=0.5)
    print(f"{one.name} ({found.people} people) tried on {other.name} ({len(tried.pids)} people)")
    print(f"  ECE at even odds {reliability(said, pairs.same, _even(pairs)).ece:.4f}")
    stated = {threshold.rate: threshold.similarity for threshold in found.thresholds}
    for rate in PAIR_RATES:
        (seen,) = rates(strangers(pairs, len(np.unique(pairs.people))), [stated[rate]])
        print(f"  false-match rate {rate:g}: {seen:.2g}{'' if rate in found.rates else ' (too few people to tell)'}")
    searched = best(tried)
    counted = np.array([n for n in (3, 10, 30, 100, 300) if n < len(searched.counts)])
    answers = np.concatenate([without(searched, counted, order) for order in orders(len(searched.counts), 16, 0)])
    for column, size in enumerate(np.round(counted * searched.counts.mean()).astype(int).tolist()):
        shares = [float((answers[:, column] >= found.nobody_below(r, size=size)).mean()) for r in ABSENT_RATES]
        told = ", ".join(f"{share:.2g} at {rate:g}" for share, rate in zip(shares, ABSENT_RATES, strict=True))
        print(f"  false answers of {size:,} records: {told}")


def cameras(file: Path) -> None:
    """Log loss that a line for two cameras saves on other people, by how many people it was fitted on."""
    found = sightings(npz.read(file))
    fit, test = (found.of(half) for half in found.folds(2))
    pool, tried = fit.some(4_000).pairs(), test.some().pairs()
    least = (1e-4, 0.5 / len(fit.pids))
    whole = isotonic(pool.similarity, pool.same, np.ones(len(pool.same)), least=least)
    random = np.random.default_rng(0)
    for count in (10, 20, 40, 60, 80):
        gains = []
        for pair in np.unique(tried.cameras[:, tried.same], axis=1).T:
            own, there = (_by(side, int(pair[0]), int(pair[1])) for side in (pool, tried))
            seen = np.unique(own.people[0, own.same])
            if len(seen) < count:
                continue
            inside = np.isin(own.people, random.choice(seen, count, replace=False))
            some = own.where(inside[0] & inside[1])
            slope, offset = line(whole(some.similarity), some.same, _even(some), least=(1e-4, 0.5 / count))
            plain = whole(there.similarity)
            gains.append(_loss(plain, there) - _loss(slope * plain + offset, there))
        if gains:
            print(
                f"{count} people: {np.mean(gains):+.4f} of log loss, {sum(g > 0 for g in gains)} of {len(gains)} gain"
            )


def verdicts(worlds: int, count: int) -> None:
    """How many rates do not hold in worlds where fitted and tried people are of one law, by themselves and together."""
    found = []
    for seed in range(worlds):
        tried = held_out(people(count, seed), model=MODEL, seed=seed)
        found.append(verdict((*tried.pairs, *tried.absent, *tried.missed)))
    told, outside = sum(one.told for one in found), sum(len(one.outside) for one in found)
    print(f"{worlds} worlds of {count} people: {outside} of {told} rates do not hold; {told / 40:.1f} would by chance")
    print(f"  worlds with any such rate: {sum(bool(one.outside) for one in found)}")
    print(f"  worlds with a rate that is refuted (Holm): {sum(bool(one.refuted) for one in found)}")


def _by(pairs: Pairs, one: int, other: int) -> Pairs:
    return pairs.where((pairs.cameras[0] == one) & (pairs.cameras[1] == other))


def _even(pairs: Pairs) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights: np.ndarray[tuple[int], np.dtype[np.float64]]
    weights = np.where(pairs.same, 0.5 / pairs.same.sum(), 0.5 / (~pairs.same).sum())
    return weights


def _loss(evidence: np.ndarray[tuple[int], np.dtype[np.float64]], pairs: Pairs) -> float:
    return float(_even(pairs) @ np.logaddexp(0, np.where(pairs.same, -evidence, evidence)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("made", "shift", "cameras", "nobody", "verdicts"))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--worlds", type=int)
    parser.add_argument("--people", type=int)
    given = parser.parse_args()
    worlds, count = {"made": (40, 200), "nobody": (10, 60), "verdicts": (10, 120)}.get(given.what, (0, 0))
    worlds, count = given.worlds or worlds, given.people or count
    if given.what == "made":
        made(worlds, count)
    elif given.what == "verdicts":
        verdicts(worlds, count)
    elif given.what == "nobody" and not given.files:
        nobody_made(people, worlds=worlds, count=count)
    elif given.what == "nobody":
        nobody(*given.files)
    elif given.what == "shift":
        shift(*given.files)
    else:
        cameras(*given.files)
