"""The batch whose loss is not finite."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from passerby import weights
from passerby.types import Batch, Crop


def save(losses: Mapping[str, float], step: int, folder: Path, batch: Batch, crops: Sequence[Crop]) -> str:
    """Save the batch of a loss, or of `weights`, not finite; give the sentence that names it, the step and the file.

    `batch_of_step_N.safetensors` holds `images` (or `images.0000` and so on, where sizes differ), `pids`, `camids` and
    `attributes.*`; its header says `paths` of the pictures, one a line, and the `losses`.
    """
    bad = next(name for name, value in losses.items() if not math.isfinite(value))
    file = folder / f"batch_of_step_{step}.safetensors"
    single: dict[str, Tensor] = {"images": batch.images} if isinstance(batch.images, Tensor) else {}
    several = {} if single else {f"images.{place:04d}": image for place, image in enumerate(batch.images)}
    labels = {f"attributes.{name}": classes for name, classes in batch.attributes.items()}
    paths = {"paths": "\n".join(str(crop.path) for crop in crops)}
    tensors = {**single, **several, **labels, "pids": batch.pids, "camids": batch.camids}
    weights.save_tensors(tensors, file, about={**paths, "losses": str(dict(losses)), "step": str(step)})
    what = (
        "The network gives no finite descriptors any more after"
        if bad == "weights"
        else f"Loss {bad} is {losses[bad]} at"
    )
    return f"{what} step {step}; its batch lies in {file}. Lower the learning rate."
