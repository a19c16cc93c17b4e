"""From crops to embeddings, and to what the people wear and carry."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from passerby import images
from passerby.images import Largest, Size
from passerby.types import Crop, Embeddings, ModelId, Output


def embed(
    model: nn.Module,
    crops: Sequence[Crop],
    *,
    size: Size | Largest,
    model_id: ModelId | None = None,
    flip: bool = False,
    batch_size: int = 64,
    device: str = "cpu",
    workers: int = 2,
    on_progress: Callable[[int], None] | None = None,
    on_broken: Callable[[Crop, str], None] | None = None,
) -> Embeddings:
    """The descriptor of each crop, L2-normalised.

    Args:
        model: gives an `Output`; is put into eval mode and onto the device.
        crops: what to embed.
        size: what the model sees; pictures of several sizes go through it one size at a time.
        model_id: which model it is, kept with the vectors.
        flip: True to add the mirror image's descriptor before normalising.
        batch_size: crops that go through the model together, 1 or more.
        device: `cpu`, `cuda`, `cuda:1`, ...
        workers: threads that read pictures ahead, 1 or more.
        on_progress: called with the number of crops done.
        on_broken: called with each crop whose picture cannot be read, and the reason; that crop is then left out.
            Where it is None, the first such picture is an error.

    Raises:
        ValueError: if there is no crop, none can be read, batch_size or workers is below 1, or (without `on_broken`)
            a picture cannot be read.
        FileNotFoundError: without `on_broken`, if a picture is missing.
    """
    vectors, kept = _through(
        partial(_vectors, model, flip=flip),
        model,
        crops,
        size=size,
        batch_size=batch_size,
        device=device,
        workers=workers,
        on_progress=on_progress,
        on_broken=on_broken,
    )
    return Embeddings(vectors, kept, model_id)


def embed_pictures(
    model: nn.Module, pictures: Sequence[Tensor], *, flip: bool = False, batch_size: int = 64, device: str = "cpu"
) -> Tensor:
    """The descriptor of each picture that is in memory, L2-normalised: the same one that `embed` gives its file.

    Args:
        model: gives an `Output`; is put into eval mode and onto the device.
        pictures: (3, H, W) uint8 RGB each, of the size that the model sees, as `images.resize` gives them.
        flip: as for `embed`.
        batch_size: likewise.
        device: likewise.

    Returns:
        (N, D) float32.

    Raises:
        ValueError: if there is no picture, batch_size is below 1, or there is no such device.
    """
    if not pictures or batch_size < 1:
        raise ValueError(f"There are {len(pictures)} pictures, and batch_size is {batch_size}; give 1 or more of both.")
    model.to(_device(device)).eval()
    with torch.inference_mode():
        rows = [
            _by_size(partial(_vectors, model, flip=flip), pictures[start : start + batch_size], device)
            for start in range(0, len(pictures), batch_size)
        ]
    return torch.cat(rows).clone()


class Predicted(NamedTuple):
    """What a network says that people wear and carry.

    Args:
        classes: attribute name to (N,) int64 class from 0.
        crops: the N crops, in the order of the classes.
    """

    classes: Mapping[str, Tensor]
    crops: tuple[Crop, ...]


def predict_attributes(
    model: nn.Module,
    crops: Sequence[Crop],
    *,
    size: Size | Largest,
    batch_size: int = 64,
    device: str = "cpu",
    workers: int = 2,
    on_progress: Callable[[int], None] | None = None,
    on_broken: Callable[[Crop, str], None] | None = None,
) -> Predicted:
    """The class of each attribute that a network finds most likely in each crop; of equal ones the lower.

    Where each of several bands predicts an attribute, the mean of the bands' probabilities (softmax) decides. The
    mirror image is never used.

    Args:
        model: gives an `Output` with `attributes`; is put into eval mode and onto the device.
        crops: as for `embed`.
        size: likewise.
        batch_size: likewise.
        device: likewise.
        workers: likewise.
        on_progress: likewise.
        on_broken: likewise.

    Raises:
        ValueError: as for `embed`; if the model predicts no attributes, or a score is not finite.
        FileNotFoundError: as for `embed`.
    """
    names = tuple(attribute_classes(model, size=size, device=device))
    if not names:
        raise ValueError("The network predicts no attributes; give one with attribute heads.")
    columns, kept = _through(
        partial(_most_likely, model, names=names),
        model,
        crops,
        size=size,
        batch_size=batch_size,
        device=device,
        workers=workers,
        on_progress=on_progress,
        on_broken=on_broken,
    )
    return Predicted(dict(zip(names, columns.unbind(dim=1), strict=True)), kept)


def attribute_classes(model: nn.Module, *, size: Size | Largest, device: str = "cpu") -> Mapping[str, int]:
    """The attributes that a network predicts and how many classes each has, found with a black picture; empty if none.

    Args:
        model: gives an `Output`; is put into eval mode and onto the device.
        size: what the model sees.
        device: as for `embed`.
    """
    return {name: scores.shape[-1] for name, scores in _of_black(model, size, device).attributes.items()}


def dimension(model: nn.Module, *, size: Size | Largest, device: str = "cpu") -> int:
    """How long a network's descriptors are, found with a black picture.

    Args:
        model: gives an `Output`; is put into eval mode and onto the device.
        size: what the model sees.
        device: as for `embed`.

    Raises:
        ValueError: if the descriptor is not finite, or there is no such device.
    """
    vector = _of_black(model, size, device).embedding
    if not vector.isfinite().all():
        raise ValueError("The network gives NaN or infinity for a black picture; train it again.")
    return vector.shape[1]


def _of_black(model: nn.Module, size: Size | Largest, device: str) -> Output:
    one = size.of(2, 1) if isinstance(size, Largest) else size
    model = model.to(_device(device)).eval()
    with torch.inference_mode():
        output: Output = model(_batch(torch.zeros(1, 3, one.height, one.width, dtype=torch.uint8).to(device)))
    return output


def _through(
    each: Callable[[Tensor], Tensor],
    model: nn.Module,
    crops: Sequence[Crop],
    *,
    size: Size | Largest,
    batch_size: int,
    device: str,
    workers: int,
    on_progress: Callable[[int], None] | None,
    on_broken: Callable[[Crop, str], None] | None,
) -> tuple[Tensor, tuple[Crop, ...]]:
    """One row for each crop that can be read, and which crops these are; `each` makes rows of pictures of one size."""
    if not crops:
        raise ValueError("There is nothing to embed; give one crop or more.")
    if batch_size < 1 or workers < 1:
        raise ValueError(f"batch_size is {batch_size} and workers {workers}; give 1 or more of both.")
    model.to(_device(device)).eval()
    rows: list[Tensor] = []
    kept: list[Crop] = []
    done = 0
    with torch.inference_mode(), ThreadPoolExecutor(workers) as pool:
        for batch in _read_ahead(pool, crops, size, batch_size):
            read = []
            for crop, picture in batch:
                if isinstance(picture, Tensor):
                    read.append(picture)
                    kept.append(crop)
                elif on_broken is None:
                    raise picture
                else:
                    on_broken(crop, str(picture))
            if read:
                rows.append(_by_size(each, read, device))
            done += len(batch)
            if on_progress is not None:
                on_progress(done)
    if not kept:
        raise ValueError(f"None of the {len(crops)} pictures can be read; the first is {crops[0].path}.")
    # a copy outside of inference mode, so that the rows can be used like any other tensor
    return torch.cat(rows).clone(), tuple(kept)


def _device(name: str) -> torch.device:
    there = ["cpu", *(f"cuda:{n}" for n in range(torch.cuda.device_count())), *(["mps", "mps:0"] if _mps() else [])]
    if name not in (*there, *(["cuda"] if len(there) > 1 and "cuda:0" in there else [])):
        raise ValueError(f"device is {name!r}; there is {', '.join(there)}.")
    return torch.device(name)


def _mps() -> bool:
    return torch.backends.mps.is_available()


def _by_size(each: Callable[[Tensor], Tensor], pictures: Sequence[Tensor], device: str) -> Tensor:
    """Rows of pictures of several sizes, in their order."""
    rows: list[Tensor] = [torch.empty(0)] * len(pictures)
    for size in dict.fromkeys(picture.shape for picture in pictures):
        places = [place for place, picture in enumerate(pictures) if picture.shape == size]
        found = each(torch.stack([pictures[place] for place in places]).to(device)).cpu()
        for place, row in zip(places, found, strict=True):
            rows[place] = row
    return torch.stack(rows)


def _batch(pictures: Tensor) -> Tensor:
    return images.normalise(pictures).contiguous(memory_format=torch.channels_last)


def _vectors(model: nn.Module, pictures: Tensor, *, flip: bool) -> Tensor:
    batch = _batch(pictures)
    vectors: Tensor = model(batch).embedding.float()
    if flip:
        vectors = vectors + model(batch.flip(3)).embedding.float()
    return normalize(vectors, dim=1)


def _most_likely(model: nn.Module, pictures: Tensor, *, names: Sequence[str]) -> Tensor:
    """(B, attributes) classes."""
    found = model(_batch(pictures)).attributes
    columns = []
    for name in names:
        scores = found[name].float()
        if not scores.isfinite().all():
            raise ValueError(f"The network's scores of {name} are not finite; train it again.")
        # (B, classes) of one classifier, or (B, bands, classes) of several
        columns.append((scores if scores.ndim == 2 else scores.softmax(dim=2).mean(dim=1)).argmax(dim=1))
    return torch.stack(columns, dim=1)


def _read_ahead(
    pool: ThreadPoolExecutor, crops: Sequence[Crop], size: Size | Largest, batch_size: int
) -> Iterator[list[tuple[Crop, Tensor | Exception]]]:
    """Batches in order; the next one is read while this one is embedded."""
    count = math.ceil(len(crops) / batch_size)
    batches = [crops[n * batch_size : (n + 1) * batch_size] for n in range(count)]
    ahead: list[list[Future[Tensor | Exception]]] = []
    for n, batch in enumerate(batches):
        while len(ahead) < min(2, count - n):
            ahead.append([pool.submit(_load, crop, size) for crop in batches[n + len(ahead)]])
        yield [(crop, future.result()) for crop, future in zip(batch, ahead.pop(0), strict=True)]


def _load(crop: Crop, size: Size | Largest) -> Tensor | Exception:
    try:
        return images.load(crop, size)
    except (OSError, ValueError) as error:
        return error
