"""CMC curves as a picture."""

from collections.abc import Mapping
from typing import Any

import matplotlib

from passerby.evaluation.scores import Scores
from passerby.report._drawing import COLOURS, plot, short, style, svg

DASHES = ("-", (0, (6, 2)), (0, (2, 2)), (0, (8, 2, 2, 2)), (0, (4, 1, 1, 1, 1, 1)))
"""Line patterns; five of them and six colours, so that thirty lines differ in one or both."""


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
    looks = [_look(number) for number in range(len(scores))]
    with matplotlib.rc_context(style()):
        figure, axes = plot(looks)
        for one, look in zip(scores.values(), looks, strict=True):
            axes.plot(range(1, length + 1), [100 * share for share in one.cmc(length).tolist()], clip_on=False, **look)
        step = next((step for step in (1, 5, 10, 20, 50, 100) if length <= 8 * step), length)
        axes.set(xlim=(1, length), xticks=sorted({1, *range(step, length + 1, step)}))
        axes.set_xlabel("Rank")
        axes.set_ylabel("Queries found (%)")
        return svg(figure, list(scores), title="CMC curves of " + ", ".join(map(short, scores)))


def _look(number: int) -> dict[str, Any]:
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number % len(DASHES)], "linewidth": 2}
