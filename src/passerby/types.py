"""The values that travel: Crop, PersonSet, Batch, Output, ModelId, Embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it takes seconds, which commands that see no tensor do without
    import torch
    from torch import Tensor

DISTRACTOR = 0
"""pid of a person (or a false detection) who is nobody's right answer: stays in the ranking as a wrong one."""
JUNK = -1
"""pid of a picture that is neither right nor wrong (a badly cut box): removed before ranking."""
UNKNOWN = -2
"""pid of a picture whose person nobody has named (own pictures): can be searched, cannot be judged."""
MISSING = -1
"""Class of an attribute that nobody has labelled: no attribute loss counts it."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One picture of one person.

    Args:
        path: the picture's file.
        pid: identity, 1 or more; or DISTRACTOR, JUNK, UNKNOWN.
        camid: camera, 0 or more; None where it is not known.
        time: when it was taken, in the data set's own unit (frame number, seconds); None where it is not known.
        trackid: tracklet, 0 or more; None where there is none.
        box: (x, y, w, h) in pixels, where the file is a whole scene; None where it is the crop itself.

    Raises:
        ValueError: if pid, camid or trackid is out of range, or the box is empty.
    """

    path: Path
    pid: int
    camid: int | None = None
    time: float | None = None
    trackid: int | None = None
    box: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.pid < UNKNOWN:
            raise ValueError(
                f"pid of {self.path} is {self.pid}; identities are 1 or more, "
                f"{DISTRACTOR} is a distractor, {JUNK} junk, {UNKNOWN} not known."
            )
        for name, value in (("camid", self.camid), ("trackid", self.trackid)):
            if value is not None and value < 0:
                raise ValueError(f"{name} of {self.path} is {value}; give 0 or more, or None where it is not known.")
        if self.box is not None and not (self.box[2] > 0 and self.box[3] > 0):
            raise ValueError(f"box of {self.path} is {self.box}; give (x, y, w, h) with w and h above 0.")


@dataclass(frozen=True, kw_only=True)
class PersonSet:
    """A data set in its splits. It checks itself on birth; nothing is dropped on reading, junk is marked.

    Args:
        name: the data set, as its file in `datasets` is called.
        version: what tells this copy from others of the same name; "" where there is only one.
        train: crops of training identities.
        query: crops that are searched for.
        gallery: crops that are searched in; holds junk and distractors.
        multi_query: further crops of the queries' people, by camera, for pooled queries.
        distractors: further crops of nobody (pid DISTRACTOR), to enlarge the gallery with; not part of `gallery`.
        attributes: labels by pid: attribute name to value.
        galleries: index of a query to the indices into `gallery` of the crops it is searched in; None where all
            queries share the whole gallery.

    Raises:
        ValueError: if all splits are empty, a training or query crop is a distractor or junk, a training crop is
            UNKNOWN, one of `distractors` is somebody, or an identity stands in train and in query or gallery.
    """

    name: str
    version: str = ""
    train: tuple[Crop, ...] = ()
    query: tuple[Crop, ...] = ()
    gallery: tuple[Crop, ...] = ()
    multi_query: tuple[Crop, ...] = ()
    distractors: tuple[Crop, ...] = ()
    attributes: Mapping[int, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))
    galleries: Mapping[int, tuple[int, ...]] | None = None

    def __post_init__(self) -> None:
        if not (self.train or self.query or self.gallery):
            raise ValueError(f"{self.name} is empty: no crop in train, query or gallery.")
        for crop in self.train:
            if crop.pid == UNKNOWN:
                raise ValueError(f"{crop.path} in train of {self.name} has no person (pid {UNKNOWN}); name it.")
        for split, crops in (("train", self.train), ("query", self.query)):
            for crop in crops:
                if crop.pid in (DISTRACTOR, JUNK):
                    raise ValueError(
                        f"{crop.path} in {split} of {self.name} has pid {crop.pid}; "
                        f"distractors ({DISTRACTOR}) and junk ({JUNK}) belong in the gallery."
                    )
        somebody = [crop for crop in self.distractors if crop.pid != DISTRACTOR]
        if somebody:
            raise ValueError(
                f"{somebody[0].path} among the distractors of {self.name} has pid {somebody[0].pid}; "
                f"a distractor has pid {DISTRACTOR}."
            )
        both = _people(self.train) & (_people(self.query) | _people(self.gallery))
        if both:
            shown = ", ".join(str(pid) for pid in sorted(both)[:5])
            raise ValueError(
                f"{self.name} has {len(both)} of its people in train and in query or gallery (pid {shown}"
                f"{', ...' if len(both) > 5 else ''}); a person belongs to one side."
            )


def _people(crops: Iterable[Crop]) -> set[int]:
    return {crop.pid for crop in crops if crop.pid > DISTRACTOR}


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one training step sees.

    Args:
        images: (B, 3, H, W) float, RGB, normalised; where sizes differ, a tuple of B tensors (3, h, w).
        pids: (B,) int64 class of each image, 0 .. C-1 in ascending order of the training set's pids.
        camids: (B,) int64; -1 where the camera is not known.
        attributes: attribute name to (B,) int64 class from 0, MISSING where not labelled; empty where the recipe uses
            no labels.
        progress: share of the training that is done, 0 .. 1.
    """

    images: Tensor | tuple[Tensor, ...]
    pids: Tensor
    camids: Tensor
    attributes: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    progress: float = 0.0

    def to(self, device: torch.device | str) -> Batch:
        """Give the same batch on a device."""
        attributes = {name: labels.to(device, non_blocking=True) for name, labels in self.attributes.items()}
        return replace(
            self,
            images=_there(self.images, device),
            pids=self.pids.to(device, non_blocking=True),
            camids=self.camids.to(device, non_blocking=True),
            attributes=attributes,
        )


def _there(images: Tensor | tuple[Tensor, ...], device: torch.device | str) -> Tensor | tuple[Tensor, ...]:
    if isinstance(images, tuple):
        return tuple(image.to(device, non_blocking=True) for image in images)
    return images.to(device, non_blocking=True)


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """What a model gives: the one contract between models, losses, search and heat maps.

    Args:
        embedding: (B, D) the descriptor that is searched with.
        features: vectors that metric losses compare, each (B, F); empty in eval mode.
        logits: class scores, each (B, C); empty in eval mode.
        attributes: attribute name to scores (B, classes), or (B, bands, classes) where each band predicts it; empty
            where the model predicts none.
        maps: name to feature or attention map (B, C, h, w), for heat maps.
    """

    embedding: Tensor
    features: tuple[Tensor, ...] = ()
    logits: tuple[Tensor, ...] = ()
    attributes: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    maps: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which model made a vector: vectors of unlike ids are never compared.

    Args:
        name: the recipe or model.
        weights: SHA-256 of its weights, hexadecimal; "" for a model without weights.
        preprocessing: what was done to a picture before the model saw it.
    """

    name: str
    weights: str
    preprocessing: str

    def __str__(self) -> str:
        return f"{self.name} (weights {self.weights[:12] or 'none'}; {self.preprocessing})"


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Descriptors and the crops they belong to.

    Args:
        vectors: (N, D) float32, finite.
        crops: the N crops, in the order of the rows.
        model: which model made them; None where it is not known.

    Raises:
        ValueError: if the shape or type is another, the numbers of rows and crops differ, or a row is not finite.
    """

    vectors: Tensor
    crops: tuple[Crop, ...]
    model: ModelId | None = None

    def __post_init__(self) -> None:
        from torch import float32  # whoever has vectors has loaded it

        if self.vectors.ndim != 2 or self.vectors.dtype != float32:
            raise ValueError(
                f"vectors are {self.vectors.dtype} of shape {tuple(self.vectors.shape)}; give float32 of shape (N, D)."
            )
        if len(self.vectors) != len(self.crops):
            raise ValueError(f"{len(self.vectors)} vectors for {len(self.crops)} crops; give one vector a crop.")
        # A finite sum has finite terms only; a row whose sum is not finite (it may just be too large) is looked at.
        odd = (~self.vectors.sum(dim=1).isfinite()).nonzero().flatten()
        bad = odd[~self.vectors[odd].isfinite().all(dim=1)].tolist()
        if bad:
            shown = ", ".join(str(row) for row in bad[:5])
            raise ValueError(
                f"{len(bad)} of {len(self.vectors)} vectors hold NaN or infinity (row {shown}"
                f"{', ...' if len(bad) > 5 else ''}); embed those pictures again or leave them out."
            )

    def check_same_model(self, other: Embeddings) -> None:
        """Refuse vectors that cannot be compared.

        Raises:
            ValueError: if the dimensions differ, or both models are known and are not the same one.
        """
        if self.vectors.shape[1] != other.vectors.shape[1]:
            raise ValueError(
                f"Vectors of {self.vectors.shape[1]} and of {other.vectors.shape[1]} dimensions cannot be compared; "
                "embed both sides with the same model."
            )
        if self.model is not None and other.model is not None and self.model != other.model:
            raise ValueError(
                f"Vectors of two models cannot be compared: {self.model} and {other.model}; "
                "embed both sides with the same model."
            )
