"""A set of results as Markdown."""

import re
from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from passerby.report._words import NONE
from passerby.report.results import Results


def results_markdown(results: Results) -> str:
    """The table, aligned, and what it depends on; any label is shown as it is, whatever it would mean in Markdown."""
    table = [[_escaped(cell) for cell in row] for row in (results.headings, *results.rows)]
    widths = [max(3, *map(_width, column)) for column in zip(*table, strict=True)]
    ruler = [f"{(width - 1) * '-'}{':' if place else '-'}" for place, width in enumerate(widths)]
    lines = [_line(row, widths) for row in (table[0], ruler, *table[1:])]
    told = [f"- {_escaped(whom.strip())}: {_escaped(sentence)}" for whom, sentence in results.remarks()]
    return "\n".join([*lines, "", *map(_escaped, results.measures), "", *told]).rstrip() + "\n"


def _escaped(text: str) -> str:
    text = re.sub(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])", lambda sign: f"\\{sign[0]}", text)
    # Brackets around numbers mean nothing.
    text = re.sub(rf"\\\[([\d., {NONE}]+)\\\]", r"[\1]", text)
    # What would begin a heading, a list or a rule.
    return re.sub(r"^(\s*\d*)([#+=.)-])", r"\1\\\2", text) if re.match(r"\s*\d*[#+=.)-]( |$|\W)", text) else text


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        (width - _width(cell)) * " " + cell if place else cell + (width - _width(cell)) * " "
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def _width(text: str) -> int:
    """Columns that a text takes in a font of one width."""
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)
