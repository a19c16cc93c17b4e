"""A reliability diagram as a picture."""

from collections.abc import Mapping
from typing import Any

import matplotlib

from passerby.calibration.reliability import Reliability
from passerby.report._drawing import COLOURS, GRID, plot, short, style, svg


def reliability_diagram(found: Mapping[str, Reliability]) -> str:
    """How often what was said with each probability was true, as an SVG element: on the diagonal where it is so.

    The background is transparent and ink has the colour of the text around it, as for `curves`.

    Args:
        found: what was said and seen, by the name that is written beside the line.

    Raises:
        ValueError: if there is nothing to draw.
    """
    if not found:
        raise ValueError("No probabilities were given; give those of one calibration or more to draw.")
    looks: list[dict[str, Any]] = [
        {"color": COLOURS[number % len(COLOURS)], "linewidth": 2, "marker": "o", "markersize": 4}
        for number in range(len(found))
    ]
    with matplotlib.rc_context(style()):
        figure, axes = plot(looks, width=0.84)
        axes.plot([0, 100], [0, 100], color=GRID, linewidth=1.2)
        for one, look in zip(found.values(), looks, strict=True):
            said, seen = ([100 * share for share in shares] for shares in (one.said, one.seen))
            axes.plot(said, seen, clip_on=False, **look)
        axes.set(xlim=(0, 100))
        axes.set_xlabel("Probability that was said (%)")
        axes.set_ylabel("Pairs of one person (%)")
        names = [f"{name}: ECE {one.ece:.4f}" for name, one in found.items()]
        return svg(figure, names, title="Reliability diagram of " + ", ".join(map(short, found)))
