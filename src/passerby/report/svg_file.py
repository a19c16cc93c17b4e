"""A drawn curve as a file of its own."""

import re

from passerby.report._drawing import PAGE_FONT, PAGE_GRID

STYLE = """<style>
svg { color: #17191c; background: #ffffff }
@media (prefers-color-scheme: dark) { svg { color: #e9ebee; background: #14171a } }
</style>"""
"""Ink and ground, where no page gives them; a program that knows no styles draws black on nothing."""
FONT, GRID = "font-family: sans-serif", "#888888; stroke-opacity: 0.33"


def svg_file(element: str) -> str:
    """The text of an SVG file, in light colours or dark ones as its reader prefers.

    Args:
        element: of `curves` or `growth`, which take colours and font from the page around them.

    Raises:
        ValueError: if it is no SVG element.
    """
    if not element.startswith("<svg "):
        raise ValueError(f"{element[:20]!r} is no SVG element; give what curves or growth made.")
    # Only there: a name beside a line is no style, whatever it says.
    alone = re.sub(r' style="[^"]*"', lambda s: s[0].replace(PAGE_FONT, FONT).replace(PAGE_GRID, GRID), element)
    head, end, rest = alone.partition(">")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{end}\n{STYLE}\n{rest.strip()}\n'
