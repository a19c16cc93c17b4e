"""A result by what the queries' people wear and carry."""

from collections.abc import Mapping, Sequence

import torch

from passerby.evaluation._part import part
from passerby.evaluation.scores import Scores
from passerby.evaluation.slices import Slices
from passerby.types import Crop

NOT_LABELLED = "not labelled"
"""Stands for the code of people who have no label."""


def by_attribute(scores: Scores, queries: Sequence[Crop], attributes: Mapping[int, Mapping[str, int]]) -> Slices:
    """The result for the queries of each label: one part for each field and each of its codes.

    Each query is in one part of each field; people without a label have a part of their own.

    Args:
        scores: the judged ranking of Q queries.
        queries: the Q queries, in the order of the scores.
        attributes: by pid, field to code, as `PersonSet.attributes` has them.

    Raises:
        ValueError: if the queries are not those of the scores, or none of their people has a label.
    """
    people = torch.tensor([crop.pid for crop in queries], dtype=torch.int64)
    if len(people) != len(scores.first) or (scores.people is not None and not scores.people.equal(people)):
        raise ValueError(
            f"These {len(people)} queries are not the {len(scores.first)} that the scores are of; "
            "give the ones that were judged, in their order."
        )
    rows = [attributes.get(crop.pid, {}) for crop in queries]
    fields = sorted({field for row in rows for field in row})
    if not fields:
        raise ValueError(
            f"None of the {len(set(people.tolist()))} people of the queries has attribute labels; "
            "put the data set's label file into its folder."
        )
    slices = []
    for field in fields:
        codes = [row.get(field) for row in rows]
        for code in sorted({*codes}, key=lambda code: (code is None, code or 0)):
            here = torch.tensor([other == code for other in codes])
            names = (field, NOT_LABELLED if code is None else str(code))
            slices.append(part(names, ap=scores.ap[here], first=scores.first[here], people=people[here]))
    return Slices(
        by="attribute",
        names=("attribute", "code"),
        slices=tuple(slices),
        remarks=("Fields and codes are those of the label file. Each query is in one part of each field.",),
        protocol={**scores.protocol, "slice": "attribute"},
    )
