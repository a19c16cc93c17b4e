"""What all drawn curves share: size, colours, lettering, and the way to SVG."""

import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

COLOURS = ("#3f76d8", "#c4601d", "#2f8f68", "#a35bc0", "#93741f", "#c9486c")
"""Line colours, each at least 3 : 1 against a white and against a near-black page."""
INK, GRID = "#010203", "#040506"
"""What is drawn as ink and as grid, until `svg` writes the page's own colours over it."""
PAGE_INK, PAGE_GRID, PAGE_FONT = "currentColor", "var(--line, #8885)", "font-family: inherit"
"""What `svg` writes for ink, grid and font."""
WIDTH, PLOT, ROW = 5.2, 3.1, 0.24  # inches; the plot with its axes, and one line of the legend below it
LONGEST = 52  # characters of a name that fit beside its line


def style() -> Any:  # noqa: ANN401 - matplotlib's own type lists three hundred names
    """Settings to draw under, for `matplotlib.rc_context`."""
    # Whatever the user's matplotlibrc says (TeX, fonts, sizes) stays out; the backend is not ours to change.
    default = {name: value for name, value in matplotlib.rcParamsDefault.items() if name != "backend"}
    ink = {name: INK for axis in "xy" for name in (f"{axis}tick.color", f"{axis}tick.labelcolor")}
    ink |= {"text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK}
    return {**default, **ink, "svg.fonttype": "none", "svg.hashsalt": "passerby", "font.size": 10.0}


def plot(legend: Sequence[dict[str, Any]], *, width: float = 0.86) -> tuple[Figure, Axes]:
    """An empty plot of percent, 0 to 100, with samples of lines below it, whose names `svg` writes.

    Args:
        legend: how each line looks, as matplotlib's properties.
        width: share of the picture's width; less than 0.86 where the last number below the plot is long.
    """
    below = ROW * len(legend) + 0.1
    height = PLOT + below
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0.12, (below + 0.48) / height, width, (PLOT - 0.58) / height))
    axes.patch.set_visible(False)
    for number, look in enumerate(legend):
        y = (below - 0.05 - ROW * (number + 0.5)) / height
        figure.add_artist(Line2D([0.12, 0.19], [y, y], transform=figure.transFigure, **look))
        # The name itself never passes through matplotlib: it would read $ as a formula and warn of unknown letters.
        figure.text(0.21, y, f"name-{number}-", verticalalignment="center")
    axes.set_ylim(0, 100)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_axisbelow(True)
    return figure, axes


def svg(figure: Figure, names: Sequence[str], *, title: str) -> str:
    """The figure as an SVG element in the colours and the font around it; the same figure gives the same characters.

    Args:
        figure: of `plot`, drawn under `style`.
        names: of the samples of lines; any characters.
        title: what the picture shows, for those who do not see it.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    # This sheet would reach the whole page; it says nothing that the drawing needs.
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, count=1, flags=re.DOTALL)
    text = re.sub(r"font-family: [^;\"]*", PAGE_FONT, text)
    text = text.replace(INK, PAGE_INK).replace(GRID, PAGE_GRID)
    # In one pass: a name may look like another one's place.
    text = re.sub(r">name-(\d+)-<", lambda place: f">{escape(short(names[int(place[1])]))}<", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def short(name: str) -> str:
    """A name of any characters as it can stand beside a line."""
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return printable if len(printable) <= LONGEST else printable[: LONGEST - 1] + "…"
