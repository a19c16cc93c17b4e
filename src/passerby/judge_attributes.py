"""A run's attribute predictions judged on a data set."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from passerby import embed
from passerby.datasets.attributes import accepted
from passerby.evaluation.attribute_accuracy import AttributeAccuracy, attribute_accuracy, check_names
from passerby.evaluation.score import Fact
from passerby.run import Run
from passerby.types import DISTRACTOR, Crop, PersonSet


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedAttributes:
    """A run's predictions for a data set's test pictures.

    Args:
        accuracy: how often each attribute is predicted rightly.
        broken: crops whose pictures could not be read, and why; they are not counted.
    """

    accuracy: AttributeAccuracy
    broken: tuple[tuple[Crop, str], ...]


def judge_attributes(
    run: Run,
    data: PersonSet,
    *,
    official: str = "not known",
    device: str = "cpu",
    on_progress: Callable[[int], None] | None = None,
) -> JudgedAttributes:
    """Predict the attributes of the test pictures with a run's network, and count which are right.

    Args:
        run: a network with attribute heads; its recipe's `labels` say what their classes mean.
        data: its gallery is used, and its attribute labels.
        official: whether the data set's counts are those of the official set, kept with the result.
        device: where the network runs.
        on_progress: called with the number of pictures done, of `len(gallery_of_people(data))`.

    Raises:
        ValueError: before anything is embedded, if the run has no attribute heads, the data set has no gallery of named
            people or no labels of them, or the heads are not those of the labels.
    """
    labels = run.recipe.labels
    if labels is None:
        raise ValueError(
            f"{run.name} was trained without attribute labels, so its network predicts none; "
            "give a run of a recipe that has `labels`, such as midlevel_attributes.small."
        )
    crops = gallery_of_people(data)
    if not crops:
        raise ValueError(f"The gallery of {data.name} shows nobody by name; attributes are judged on its pictures.")
    right = accepted(labels, data, crops)
    heads = embed.attribute_classes(run.model, size=run.recipe.size, device=device)
    if not heads:
        raise ValueError(f"The network of {run.folder} predicts no attributes; give a run with attribute heads.")
    check_names(heads, right)
    unlike = [name for name, classes in heads.items() if classes != right[name].shape[1]]
    if unlike:
        told = ", ".join(f"{name}: {heads[name]} predicted, {right[name].shape[1]} labelled" for name in unlike)
        raise ValueError(f"The heads of {run.folder} have other classes than the labels ({told}); train it again.")
    broken: list[tuple[Crop, str]] = []
    found = embed.predict_attributes(
        run.model,
        crops,
        size=run.recipe.size,
        device=device,
        on_progress=on_progress,
        on_broken=lambda crop, reason: broken.append((crop, reason)),
    )
    if broken:
        right = accepted(labels, data, found.crops)
    facts = _facts(run, data, official, len(found.crops), len(broken))
    accuracy = attribute_accuracy(found.classes, right, protocol=facts)
    return JudgedAttributes(accuracy=accuracy, broken=tuple(broken))


def gallery_of_people(data: PersonSet) -> tuple[Crop, ...]:
    """The gallery's crops of named people, in their order: the pictures that the label authors count."""
    return tuple(crop for crop in data.gallery if crop.pid > DISTRACTOR)


def _facts(run: Run, data: PersonSet, official: str, pictures: int, broken: int) -> dict[str, Fact]:
    labels = run.recipe.labels
    scheme = labels.func if isinstance(labels, partial) else labels
    return {
        "rule": "gallery pictures with a pid above 0; a colour is right where its flag is 2",
        "labels": getattr(scheme, "__name__", str(scheme)),
        "data": data.name,
        "version": data.version,
        "official": official,
        "pictures": pictures,
        "unreadable": broken,
        "train": str(run.data),
        "model": str(run.model_id),
        "recipe": " ".join((run.name, *run.changes)),
        "weights": run.model_id.weights,
        "seed": run.seed,
        **{package: version(package) for package in ("passerby", "torch", "torchvision", "timm", "numpy")},
    }
