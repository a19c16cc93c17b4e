"""CMC curves as a picture."""

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from passerby.evaluation.scores import Scores

COLOURS = ("#3f76d8", "#c4601d", "#2f8f68", "#a35bc0", "#93741f", "#c9486c")
"""Line colours, each at least 3 : 1 against a white and against a near-black page."""
DASHES = ("-", (0, (6, 2)), (0, (2, 2)), (0, (8, 2, 2, 2)), (0, (4, 1, 1, 1, 1, 1)))
"""Line patterns; five of them and six colours, so that thirty lines differ in one or both."""
INK, GRID = "#010203", "#040506"
"""What is drawn as ink and as grid, until `_themed` writes the page's own colours over it."""
WIDTH, PLOT, ROW = 5.2, 3.1, 0.24  # inches; the plot with its axes, and one line of the legend below it
LONGEST = 52  # characters of a name that fit beside its line


def curves(scores: Mapping[str, Scores], *, length: int = 20) -> str:
    """CMC curves as an SVG element, one labelled line a result: for the inside of a page, or a file of its own.

    The background is transparent, ink has the colour of the text around it, and words are text in the font around
    it, so that light and dark pages can both hold it. The same scores give the same characters.

    Args:
        scores: results by the name that is written beside their line. Any characters; long names are shortened.
        length: the last rank drawn, 2 or more.

    Raises:
        ValueError: if there are no scores, or `length` is below 2.
    """
    if not scores:
        raise ValueError("No scores were given; give one result or more to draw.")
    if length < 2:
        raise ValueError(f"length is {length}; a curve needs rank 1 and at least one more: give 2 or more.")
    file = io.StringIO()
    with matplotlib.rc_context(_style()):
        _figure(list(scores.values()), length).savefig(
            file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return _themed(file.getvalue(), list(scores))


def _style() -> Any:  # noqa: ANN401 - matplotlib's own type lists three hundred names
    # Whatever the user's matplotlibrc says (TeX, fonts, sizes) stays out; the backend is not ours to change.
    default = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
    ink = {name: INK for axis in "xy" for name in (f"{axis}tick.color", f"{axis}tick.labelcolor")}
    ink |= {"text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK}
    return {**default, **ink, "svg.fonttype": "none", "svg.hashsalt": "passerby", "font.size": 10.0}


def _figure(scores: Sequence[Scores], length: int) -> Figure:
    legend = ROW * len(scores) + 0.1
    height = PLOT + legend
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.12, (legend + 0.48) / height, 0.86, (PLOT - 0.58) / height))
    axes.patch.set_visible(False)
    for number, one in enumerate(scores):
        look: dict[str, Any] = {
            "color": COLOURS[number % len(COLOURS)],
            "linestyle": DASHES[number % len(DASHES)],
            "linewidth": 2,
        }
        y = (legend - 0.05 - ROW * (number + 0.5)) / height
        axes.plot(range(1, length + 1), [100 * share for share in one.cmc(length).tolist()], clip_on=False, **look)
        figure.add_artist(Line2D([0.12, 0.19], [y, y], transform=figure.transFigure, **look))
        # The name itself never passes through matplotlib: it would read $ as a formula and warn of unknown letters.
        figure.text(0.21, y, f"name-{number}-", verticalalignment="center")
    step = next((step for step in (1, 5, 10, 20, 50, 100) if length <= 8 * step), length)
    axes.set(xlim=(1, length), ylim=(0, 100), xticks=sorted({1, *range(step, length + 1, step)}))
    axes.set_xlabel("Rank")
    axes.set_ylabel("Queries found (%)")
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)
    return figure


def _themed(svg: str, names: Sequence[str]) -> str:
    svg = svg[svg.index("<svg") :]
    # This sheet would reach the whole page; it says nothing that the drawing needs.
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    svg = svg.replace(INK, "currentColor").replace(GRID, "var(--line, #8885)")
    # In one pass: a name may look like another one's place.
    svg = re.sub(r">name-(\d+)-<", lambda place: f">{escape(_short(names[int(place[1])]))}<", svg)
    title = escape("CMC curves of " + ", ".join(_short(name) for name in names))
    return svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def _short(name: str) -> str:
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return printable if len(printable) <= LONGEST else printable[: LONGEST - 1] + "…"
