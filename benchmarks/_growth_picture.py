"""How time and memory grow with the gallery, drawn."""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from _measure import Result
from passerby.report._drawing import COLOURS, INK, plot, style, svg
from passerby.report.svg_file import svg_file

Look = dict[str, Any]
"""How a line is drawn, as matplotlib's properties."""
OURS: Look = {"color": COLOURS[0], "linewidth": 2, "marker": "o", "markersize": 4.5}
USUAL: Look = {"color": COLOURS[1], "linewidth": 1.5, "marker": "s", "markersize": 4.5}
SCALED: Look = {**USUAL, "linestyle": (0, (4, 2)), "markerfacecolor": "none"}
FLOOR: Look = {"color": INK, "linewidth": 1.2, "linestyle": (0, (1, 1.5))}
USUAL_NAME = "usual: the whole matrix, sorted in full"
SCALED_NAME = "usual, scaled from some of the queries"
Values = Sequence[float]
ROOM = 0.05
"""Of the width, more than a percent needs, for numbers such as 30,000."""


def time_picture(growth: Result) -> str:
    """CPU seconds of ours, of the usual judge and of the bare product, as the text of an SVG file."""
    return _picture(
        growth,
        value=lambda part: part["cpu_s"],
        label="CPU seconds",
        floor=[one["product"]["cpu_s"] for one in growth["sizes"]],
        floor_name="bare product in float32",
    )


def memory_picture(growth: Result) -> str:
    """Memory that ours and the usual judge add to the vectors, and the vectors, as the text of an SVG file."""
    return _picture(
        growth,
        value=lambda part: part["added_mb"],
        label="Memory added (MB)",
        floor=[one["vectors_mb"] for one in growth["sizes"]],
        floor_name="the vectors themselves",
    )


def _picture(growth: Result, *, value: Callable[[Result], float], label: str, floor: Values, floor_name: str) -> str:
    sizes = growth["sizes"]
    galleries = [one["gallery"] for one in sizes]
    usual = [value(one["naive"]) for one in sizes]
    # The last size that was measured whole is where the scaled line begins.
    whole = sum(not one["naive"]["scaled"] for one in sizes)
    names = {"passerby": OURS, USUAL_NAME: USUAL, SCALED_NAME: SCALED, floor_name: FLOOR}
    with matplotlib.rc_context(style()):
        figure, axes = plot(list(names.values()), width=0.84)
        axes.plot(galleries, floor, **FLOOR)
        axes.plot(galleries[:whole], usual[:whole], **USUAL)
        after = slice(max(0, whole - 1), None)
        axes.plot(galleries[after], usual[after], **SCALED, markevery=slice(1 if whole else 0, None))
        axes.plot(galleries, [value(one["ours"]) for one in sizes], **OURS)
        _scales(axes, galleries)
        place = axes.get_position()
        axes.set_position((place.x0 + ROOM, place.y0, place.width - ROOM, place.height))
        axes.set_xlabel(f"Crops in the gallery ({growth['queries']:,} queries, {growth['dim']} dimensions)")
        axes.set_ylabel(label)
        return svg_file(svg(figure, list(names), title=f"{label} against the size of the gallery"))


def _scales(axes: Axes, galleries: Sequence[int]) -> None:
    def told(number: float, _: Any) -> str:  # noqa: ANN401 - a place on the axis, which is not used
        return f"{number:,.0f}" if number >= 1 else f"{number:g}"

    axes.set(xscale="log", yscale="log")
    axes.autoscale(axis="y")
    axes.set_xticks(galleries)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(told))
