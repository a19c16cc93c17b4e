"""Sets of results for tests: made-up ranks under protocols in words."""

import torch

from passerby.evaluation.scores import Scores

PROTOCOL = {
    "ap": "step",
    "metric": "cosine",
    "cameras": True,
    "distractors_added": 0,
    "galleries": "one for all queries",
    "tracklets": "none",
    "multi_query": "none",
    "leave_one_out": False,
    "post_processing": "none",
    "unreadable": 0,
    "model": "demo (weights 0123456789ab; 64x32)",
    "train": "market1501, 12936 pictures of 751 people (sha256 0123456789ab)",
    "flip": False,
}
NASTY = [
    r"a&b%c$d#e_f{g}h~i^j\k<l>m|n[o]*p",
    "`code` ``quotes'' \"double\" --- ,, ?` !`",
    "*x* _y_ **z** ~~w~~ $$m$$ a*b*c",
    "[here](http://example.org) ![x](y) <b>bold</b> &amp; &",
    "\\",
    "a\\|b\\",
    "|",
    "[5pt]",
    "*",
    "1. one",
    "# heading",
    "- list",
    "+ list",
    "> quote",
    "---",
    "===",
    r"\end{table} \input{/etc/passwd} %",
    "行人重识别 é ß",
]
"""Labels of printable signs that mean something to Markdown, LaTeX or HTML."""


def scores(first=(1, 2, 1, 7), *, people=(1, 1, 2, 3), **facts):
    """Scores of queries whose only match has these ranks (0: none); a fact that is None is left out."""
    first = torch.tensor(first)
    ap = torch.where(first > 0, 1 / first.double(), torch.nan)
    protocol = {name: value for name, value in {**PROTOCOL, **facts}.items() if value is not None}
    people = None if people is None else torch.tensor(people)
    return Scores(ap=ap, inp=ap, first=first, people=people, protocol=protocol)
