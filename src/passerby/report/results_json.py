"""A set of results as JSON."""

import json

from passerby.evaluation.scores import nullable
from passerby.evaluation.significance import LEVEL
from passerby.report.results import Results


def results_json(results: Results) -> str:
    """For each label the numbers, the intervals of rank-1 and mAP, and the protocol; null stands for nan.

    Shares are in [0, 1]. `results` holds the labels; `level` is the share of such intervals that hold the true mean.
    """
    document = {
        "level": LEVEL,
        "results": {
            label: {
                "summary": {
                    name: nullable(value)
                    for name, value in (one.summary() | {f"rank{k}": one.rank(k) for k in results.ranks}).items()
                },
                "intervals": {name: list(map(nullable, ends)) for name, ends in results.intervals[label].items()},
                "protocol": {fact: nullable(value) for fact, value in one.protocol.items()},
            }
            for label, one in results.scores.items()
        },
    }
    return json.dumps(document, indent=1, allow_nan=False)
