"""A set of results as LaTeX."""

import re
from collections.abc import Sequence
from importlib.metadata import version

from passerby.report._words import NONE
from passerby.report.results import Results

SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "…": r"\ldots{}",
}
"""What LaTeX would take for an order or print as another sign, and what prints it."""
LONGEST = 15
"""Letters of a label that stands on one line; where one is longer, labels go on below."""
LETTERS = (
    r"% European letters need \usepackage[T1]{fontenc}; others need XeLaTeX or LuaLaTeX, and a font that has them."
)


def results_latex(results: Results) -> str:
    """A `table` with the rules of booktabs, its caption above and what the results depend on below.

    It compiles with any LaTeX where labels and facts keep to ASCII; where they do not, a comment says what that needs.
    Signs that mean something to LaTeX are printed as they are. Labels that are long go on below, so that the table with
    its default columns fits the width of a page.
    """
    model = results.dependence.shared.get("model", "")
    caption = " ".join([f"Results of {model}." if model else "Results.", *results.measures])
    told = [f"{whom}: {words}" for whom, words in results.remarks(without={"model"} if model else ())]
    table = [
        r"\begin{table}[htbp]",
        r"  \centering",
        r"  \footnotesize",
        rf"  \caption{{{_escaped(caption)}}}",
        r"  \smallskip",
        r"  \setlength{\tabcolsep}{3pt}",
        *(f"  {line}" for line in _tabular(results)),
        "",
        r"  \smallskip",
        r"  \begin{minipage}{\linewidth}",
        r"    \raggedright",
        *(rf"    {_escaped(line)}\par" for line in told),
        r"  \end{minipage}",
        r"\end{table}",
    ]
    needs = [rf"% Made by passerby {version('passerby')}. Needs \usepackage{{booktabs}} in the preamble."]
    if not all(map(str.isascii, table)):
        needs.append(LETTERS)
    return "\n".join([*needs, *table]) + "\n"


def _tabular(results: Results) -> list[str]:
    long = any(len(row[0]) > LONGEST for row in results.rows)
    labels = [(r"\raggedright " if long else "") + _escaped(row[0]) for row in results.rows]
    cells = _aligned([[_escaped(cell) for cell in row[1:]] for row in results.rows])
    columns = (r"p{0.15\linewidth}" if long else "l") + "r" * (len(results.headings) - 1)
    return [
        rf"\begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"  \toprule",
        rf"  {' & '.join(map(_escaped, results.headings))} \\",
        r"  \midrule",
        *(rf"  {' & '.join([label, *row])} \\" for label, row in zip(labels, cells, strict=True)),
        r"  \bottomrule",
        r"\end{tabular}",
    ]


def _escaped(text: str) -> str:
    text = "".join(SIGNS.get(sign, sign) for sign in text).replace(r" \%", r"~\%")
    # After the end of a line, [ and * would belong to it; two of some signs become a third one.
    text = re.sub(r"[\[\]*`]|['-](?=['-])|,(?=,)", lambda sign: f"{{{sign[0]}}}", text)
    # Brackets around numbers come first in no cell.
    return re.sub(rf"\{{\[\}}([\d., {NONE}]+)\{{\]\}}", r"[\1]", text).replace(NONE, "--")


def _aligned(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cells in which each share has as many digits as the longest of its place, the missing ones not printed."""
    columns = []
    for column in zip(*rows, strict=True):
        found = [re.findall(r"\d+(?=\.\d)", cell) for cell in column]
        most = [max((len(one[place]) for one in found if place < len(one)), default=0) for place in range(3)]
        columns.append([_padded(cell, most) for cell in column])
    return [list(row) for row in zip(*columns, strict=True)]


def _padded(cell: str, most: Sequence[int]) -> str:
    widths = iter(most)

    def pad(digits: re.Match[str]) -> str:
        missing = next(widths, 0) - len(digits[0])
        return f"\\phantom{{{missing * '0'}}}{digits[0]}" if missing > 0 else digits[0]

    return re.sub(r"\d+(?=\.\d)", pad, cell)
