"""From pictures in memory to the vectors of a run's network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

from passerby import images
from passerby.embed import dimension, embed_pictures
from passerby.run import Run
from passerby.types import ModelId

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Embedder:
    """What makes vectors of uploaded pictures.

    Args:
        model: which model it is.
        dim: dimensions of its vectors.
        prepare: from an upright RGB picture to the small tensor that the network sees; called in several threads.
        vectors: (N, dim) of length 1 of N prepared pictures; called in one thread.
    """

    model: ModelId
    dim: int
    prepare: Callable[[Image.Image], Tensor]
    vectors: Callable[[Sequence[Tensor]], Vectors]


def embedder(run: Run, *, device: str = "cpu") -> Embedder:
    """The embedder of a trained run.

    Args:
        run: the trained network.
        device: where the network runs.

    Raises:
        ValueError: if there is no such device, or the network gives NaN.
    """
    size, flip = run.recipe.size, run.recipe.flip_test
    return Embedder(
        model=run.model_id,
        dim=dimension(run.model, size=size, device=device),
        prepare=lambda picture: images.resize(picture, size),
        vectors=lambda pictures: np.asarray(
            embed_pictures(run.model, pictures, flip=flip, device=device), dtype=np.float32
        ),
    )
