"""What results lose as distractors are added, as a picture."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from passerby.evaluation.common_protocol import common_protocol
from passerby.evaluation.printable import printable
from passerby.evaluation.scores import Scores
from passerby.evaluation.significance import interval
from passerby.report._drawing import COLOURS, INK, plot, short, style, svg

GROWS = frozenset({"distractors", "distractors_added", "distractors_sha256", "gallery", "gallery_sha256"})
"""Facts in which the results of one curve may differ; all others must agree."""
MARKERS = ("o", "s", "^", "D", "v")
"""Marks of the measured points; five of them and six colours, so that thirty systems differ in one or both."""
MEASURES = {"mAP": "-", "rank1": (0, (4, 2))}
"""How the line of each measure is broken; the colour tells the system."""


def growth(systems: Mapping[str, Mapping[int, Scores]]) -> str:
    """mAP, with its 95 % interval as a band, and rank-1 against the number of added distractors, as an SVG element.

    It is for the inside of a page, like `curves`; `svg_file` makes a file of it. The same scores give the same
    characters. A number that is nan leaves a gap.

    Args:
        systems: for each system the number of added distractors to the scores in the gallery so enlarged. The name
            stands beside the system's line; a single system may have the name "", which is not written.

    Raises:
        ValueError: if there is no system, two names look alike, a system has fewer than two numbers of distractors or a
            negative one, its scores say that another number was added, or two protocols differ in a fact that is not
            one of GROWS (see `common_protocol`), or, for one number of distractors, in any.

    Source: Almazan et al., Re-ID done right, figure 7.
    """
    definition = _check(systems)
    looks = [_look(number) for number in range(len(systems))]
    single = list(systems) == [""]
    common = looks[0] if single else {"color": INK, "linewidth": 1.5}
    measures = [{**common, "linestyle": line} for line in MEASURES.values()]
    names = [f"mAP ({definition}), with its 95 % interval", "rank-1"]
    with matplotlib.rc_context(style()):
        figure, axes = plot(measures if single else [*looks, *measures], width=0.81)
        for look, scores in zip(looks, systems.values(), strict=True):
            _draw(axes, dict(sorted(scores.items())), look)
        numbers = sorted({number for scores in systems.values() for number in scores})
        axes.set_xlim(numbers[0], numbers[-1])
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
        axes.set_xlabel("Distractors added to the gallery")
        axes.set_ylabel("mAP, rank-1 (%)")
        title = "mAP and rank-1 against the number of added distractors"
        if not single:
            title += " of " + ", ".join(map(short, systems))
        return svg(figure, names if single else [*systems, *names], title=title)


def _check(systems: Mapping[str, Mapping[int, Scores]]) -> str:
    """Refuse what is no curve, or not of one protocol; give the definition of average precision."""
    if not systems:
        raise ValueError("No systems were given; give one or more, each with its scores by the number of distractors.")
    if len({printable(name) for name in systems}) < len(systems):
        raise ValueError("Two systems have names that look alike; give each a name of its own.")
    for name, scores in systems.items():
        shown = f"{printable(name)}: " if name else ""
        if len(scores) < 2 or min(scores) < 0:
            raise ValueError(
                f"{shown}the numbers of distractors are {sorted(scores)}; give two or more, each 0 or more."
            )
        for number, one in scores.items():
            stated = one.protocol.get("distractors_added", number)
            if stated != number:
                raise ValueError(
                    f"{shown}the scores given for {number} distractors say that {printable(stated)} were added; "
                    "give each number its own scores."
                )
    flat: dict[str, Scores] = {}
    for number in sorted({number for scores in systems.values() for number in scores}):
        alike = {_title(name, number): scores[number] for name, scores in systems.items() if number in scores}
        common_protocol(alike)
        flat |= alike
    shared = common_protocol({title: _without_growth(one) for title, one in flat.items()})
    if "ap" not in shared:
        raise ValueError("The scores' protocol does not state ap, the definition of average precision; judge again.")
    return str(shared["ap"])


def _title(name: str, number: int) -> str:
    return f"{printable(name)}{' ' if name else ''}with {number:,} distractors"


def _without_growth(scores: Scores) -> Scores:
    return replace(scores, protocol={fact: value for fact, value in scores.protocol.items() if fact not in GROWS})


def _look(number: int) -> dict[str, Any]:
    mark = {"marker": MARKERS[number % len(MARKERS)], "markersize": 4.5}
    return {"color": COLOURS[number % len(COLOURS)], "linewidth": 1.5, **mark}


def _draw(axes: Axes, scores: Mapping[int, Scores], look: Mapping[str, Any]) -> None:
    numbers = list(scores)
    bands = [interval(one.ap, one.people) for one in scores.values()]
    low, high = ([100 * end for end in ends] for ends in zip(*bands, strict=True))
    axes.fill_between(numbers, low, high, color=look["color"], alpha=0.25, linewidth=0)
    percent = {
        "mAP": [100 * one.mAP for one in scores.values()],
        "rank1": [100 * one.rank(1) for one in scores.values()],
    }
    for measure, line in MEASURES.items():
        axes.plot(numbers, percent[measure], linestyle=line, clip_on=False, **look)
