"""How often attributes are predicted rightly, by the rule of the label authors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from passerby.evaluation.score import Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """How often one attribute is predicted rightly.

    Args:
        name: of the attribute.
        right: number of pictures with a right prediction.
        majority_right: number that would be right if the same class were predicted everywhere, the best one for that.
        pictures: number of all pictures, also those for which no class is right.
    """

    name: str
    right: int
    majority_right: int
    pictures: int

    @property
    def accuracy(self) -> float:
        """Share of right predictions, in [0, 1]."""
        return self.right / self.pictures

    @property
    def majority(self) -> float:
        """The same for a head that has learned nothing but which class is the most frequent."""
        return self.majority_right / self.pictures


@dataclass(frozen=True, kw_only=True)
class AttributeAccuracy:
    """How often each attribute is predicted rightly, with what the numbers depend on.

    Args:
        attributes: one or more.
        protocol: data set, labels, model, and so on.
    """

    attributes: tuple[Attribute, ...]
    protocol: Mapping[str, Fact]

    @property
    def mean(self) -> float:
        """Mean accuracy over the attributes, in [0, 1]."""
        return sum(one.accuracy for one in self.attributes) / len(self.attributes)

    @property
    def majority_mean(self) -> float:
        """Mean over the attributes of what the most frequent class reaches, in [0, 1]."""
        return sum(one.majority for one in self.attributes) / len(self.attributes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the numbers are, in sentences."""
        return (
            f"In percent of {self.attributes[0].pictures} pictures, by the rule of the label authors: "
            f"{self.protocol.get('rule', 'every picture counts')}.",
            "Majority: what the most frequent class would reach, without looking at a picture.",
        )

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows of a table with a row for each attribute, and their mean in the last one."""
        rows = [
            [one.name, _percent(one.accuracy), _percent(one.majority), str(one.right), str(one.pictures)]
            for one in self.attributes
        ]
        last = ["mean", _percent(self.mean), _percent(self.majority_mean), "", ""]
        return ["attribute", "accuracy", "majority", "right", "pictures"], [*rows, last]

    def to_json(self) -> str:
        """All of it as JSON."""
        document = {
            "mean": self.mean,
            "majority_mean": self.majority_mean,
            "protocol": dict(self.protocol),
            "attributes": {
                one.name: {
                    "accuracy": one.accuracy,
                    "majority": one.majority,
                    "right": one.right,
                    "majority_right": one.majority_right,
                    "pictures": one.pictures,
                }
                for one in self.attributes
            },
        }
        return json.dumps(document, indent=1, allow_nan=False)


def attribute_accuracy(
    predicted: Mapping[str, Tensor], accepted: Mapping[str, Tensor], *, protocol: Mapping[str, Fact] | None = None
) -> AttributeAccuracy:
    """Share of pictures whose predicted class is one of those that count as right, attribute by attribute.

    Every picture counts, also one for which no class is right.
    Source: Lin et al., Improving Person Re-identification by Attribute and Identity Learning, and the evaluation code
    that goes with its labels.

    Args:
        predicted: attribute name to (N,) int64 class from 0 of each picture.
        accepted: the same names to (N, classes) bool, True where a class is right for a picture.
        protocol: facts that the numbers depend on, kept with the result.

    Returns:
        The attributes in the order of `accepted`.

    Raises:
        ValueError: if there is no attribute or no picture, a name stands on one side only, lengths differ, a tensor is
            of another type or shape, or a class is out of range.
    """
    check_names(predicted, accepted)
    lengths = {len(right) for right in accepted.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            f"There are labels of {', '.join(map(str, sorted(lengths))) or 'no'} pictures; "
            "give those of the same pictures for each attribute, one or more."
        )
    return AttributeAccuracy(
        attributes=tuple(_one(name, predicted[name], right) for name, right in accepted.items()),
        protocol=dict(protocol or {}),
    )


def check_names(predicted: Mapping[str, object], labelled: Mapping[str, object]) -> None:
    """Refuse attributes that are predicted and not labelled, or labelled and not predicted.

    Raises:
        ValueError: if there are any, or there is no attribute at all.
    """
    if predicted.keys() == labelled.keys() and predicted:
        return
    sides = {"predicted": predicted.keys() - labelled.keys(), "labelled": labelled.keys() - predicted.keys()}
    told = "; ".join(f"only {side}: {', '.join(sorted(names))}" for side, names in sides.items() if names)
    raise ValueError(f"Predicted and labelled attributes are not the same ({told or 'there are none'}).")


def _one(name: str, classes: Tensor, right: Tensor) -> Attribute:
    if right.ndim != 2 or right.dtype != torch.bool or not right.shape[1]:
        raise ValueError(f"Labels of {name} are {right.dtype} {tuple(right.shape)}; give bool of shape (N, classes).")
    if classes.dtype != torch.int64 or classes.shape != right.shape[:1]:
        raise ValueError(
            f"Predictions of {name} are {classes.dtype} {tuple(classes.shape)}; give int64 of shape ({len(right)},)."
        )
    outside = classes[(classes < 0) | (classes >= right.shape[1])]
    if len(outside):
        raise ValueError(
            f"{len(outside)} predictions of {name} are no class (such as {int(outside[0])}); "
            f"give 0 .. {right.shape[1] - 1}."
        )
    return Attribute(
        name=name,
        right=int(right.gather(1, classes.unsqueeze(1)).sum()),
        majority_right=int(right.sum(dim=0).max()),
        pictures=len(right),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
