"""A calibration in words: how it did on people who had no part in it, its thresholds, and what it comes to."""

from passerby.calibration.calibration import Calibration
from passerby.calibration.held_out import HeldOut
from passerby.calibration.tried import Tried
from passerby.calibration.verdict import Verdict, verdict


def report(fitted: Calibration, tried: HeldOut) -> str:
    """What is printed: how it did on people who had no part in it, and the thresholds of all people.

    Args:
        fitted: on all people.
        tried: on half of them.
    """
    fit, test = tried.people
    low, high = tried.even_interval
    lines = [
        f"Calibration of {fitted.model}",
        f"on {fitted.data}: {fitted.people} people, {fitted.sightings} sightings; {fitted.kind} curve",
        "",
        f"Fitted on {fit} people and tried on {test} others (intervals 95 %, people drawn anew):",
        f"  {'share of pairs of one person':<34}{'expected calibration error':<28}Brier score",
        f"  {'1/2 (the harder test)':<34}{f'{tried.even.ece:.4f} [{low:.4f}, {high:.4f}]':<28}{tried.even.brier:.4f}",
        f"  {f'{fitted.prior:.3g} (the prior)':<34}{f'{tried.natural.ece:.5f}':<28}{tried.natural.brier:.5f}",
        "",
        f"  {'stated rate':<34}{'seen':>9}  {'95 % interval':<20}",
    ]
    for one in (*tried.pairs, *tried.absent):
        lines.append(f"  {_kind(one):<26}{one.stated:>8g}{_seen(one)}")
    lines += ["", "  People who are there, below the line of that rate of false answers:"]
    for one in tried.missed:
        kind = f"at {one.at:g}, {one.size:,} records"
        lines.append(f"  {kind:<26}{one.stated:>8.2g}{_seen(one)}")
    together = verdict((*tried.pairs, *tried.absent, *tried.missed))
    lines += ["", *_together(together, tried)]
    lines += ["", "  With every second person absent from the gallery:"]
    for number in tried.open_set:
        values = ", ".join(f"{100 * at.value:.1f} % at {at.rate:g}" for at in number.at)
        lines.append(f"  {number.name} ({number.of}): {values}")
    lines += ["", "Thresholds, fitted on all people:", f"  {'false-match rate':<18}{'similarity':>10}  95 % interval"]
    for threshold in fitted.thresholds:
        known = "" if threshold.rate in fitted.rates else "  too few people to tell"
        ends = f"[{threshold.low:.4f}, {threshold.high:.4f}]"
        lines.append(f"  {threshold.rate:<18g}{threshold.similarity:>10.4f}  {ends}{known}")
    sizes = (100, 1_000, 10_000, 1_000_000)
    lines += ["", f"Probably nobody below, by records in the gallery ({fitted.answers.per_person:.1f} of each person):"]
    lines.append("  rate    " + "".join(f"{size:>14,}" for size in sizes))
    for rate in (0.1, 0.01, 0.001):
        cells = [
            f"{fitted.nobody_below(rate, size=size):.4f}{'' if fitted.measured(rate, size=size) else ' *'}"
            for size in sizes
        ]
        lines.append(f"  {rate:<8g}" + "".join(f"{cell:>14}" for cell in cells))
    lines += ["", "People who are there, and whose best answer that line hides:"]
    lines.append("  rate    " + "".join(f"{size:>14,}" for size in sizes))
    for rate in (0.1, 0.01, 0.001):
        cells = [
            f"{_percent(fitted.nobody_misses(rate, size=size))}{'' if fitted.measured(rate, size=size) else ' *'}"
            for size in sizes
        ]
        lines.append(f"  {rate:<8g}" + "".join(f"{cell:>14}" for cell in cells))
    lines.append("  * carried on beyond what was measured")
    if fitted.cameras:
        pairs = ", ".join(f"{a} and {b}" for a, b in sorted(fitted.cameras))
        lines.append(f"Cameras with a line of their own: {pairs}")
    lines += ["", *_advice(fitted, tried, together)]
    return "\n".join(lines)


def _seen(one: Tried) -> str:
    holds = "too few people to tell" if not one.told else "holds" if one.holds else "does not hold"
    interval = f"[{one.interval.low:.2g}, {one.interval.high:.2g}]"
    return f"{one.seen:>9.2g}  {interval:<20}{holds}"


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.1f} %"


def _kind(one: Tried) -> str:
    return "false match of a pair" if one.size == 2 else f"false answer, {one.size:,} records"


def _together(found: Verdict, tried: HeldOut) -> list[str]:
    """How many rates do not hold, how many would not by chance alone, and which are refuted all the same."""
    if not found.told:
        return ["  So few people tell none of these rates."]
    lines = [
        f"  Rates that can be told: {found.told}. By itself does not hold: {len(found.outside) or 'none'}; were all of "
        f"them true, {found.chance:.1f} would not by chance (1 in {found.told / found.chance:.0f})."
    ]
    if found.outside:
        names = "; ".join(f"{_what(one, tried)}, stated {one.stated:.2g}, seen {one.seen:.2g}" for one in found.refuted)
        lines.append(f"  Refuted, also allowing for how many were tried (Holm): {names or 'none'}.")
    return lines


def _what(one: Tried, tried: HeldOut) -> str:
    return f"missed at {one.at:g}, {one.size:,} records" if one in tried.missed else _kind(one)


def _advice(fitted: Calibration, tried: HeldOut, together: Verdict) -> list[str]:
    """What it comes to, in plain sentences."""
    if together.refuted:
        found = (
            "Do not rely on these rates: chance does not explain those that are refuted. Calibrate on more people, "
            "like those of your cameras."
        )
    elif together.outside:
        found = (
            "Take the rates that do not hold for unsure; chance alone may explain it among so many of the same people. "
            "The others can be relied on, for cameras and people like these."
        )
    elif not together.told:
        found = f"{fitted.people} people are too few to tell any rate: take probabilities for a rough guide only."
    else:
        found = "The rates that hold can be relied on, for cameras and people like these."
    lines = [f"What to do: {found}"]
    if any(not one.told for one in (*tried.pairs, *tried.absent, *tried.missed)):
        lines.append("Rates with too few people to tell want more people; until then nobody knows them.")
    lines.append("`passerby serve GALLERY RUN` shows probabilities with this calibration from its next start on.")
    return lines
