"""From crops to embeddings."""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from passerby import images
from passerby.images import Largest, Size
from passerby.types import Crop, Embeddings, ModelId


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
    if not crops:
        raise ValueError("There is nothing to embed; give one crop or more.")
    if batch_size < 1 or workers < 1:
        raise ValueError(f"batch_size is {batch_size} and workers {workers}; give 1 or more of both.")
    model = model.to(_device(device)).eval()
    vectors: list[Tensor] = []
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
                vectors.append(_by_size(model, read, device, flip=flip))
            done += len(batch)
            if on_progress is not None:
                on_progress(done)
    if not kept:
        raise ValueError(f"None of the {len(crops)} pictures can be read; the first is {crops[0].path}.")
    # a copy outside of inference mode, so that the vectors can be used like any other tensor
    return Embeddings(torch.cat(vectors).clone(), tuple(kept), model_id)


def _device(name: str) -> torch.device:
    there = ["cpu", *(f"cuda:{n}" for n in range(torch.cuda.device_count())), *(["mps", "mps:0"] if _mps() else [])]
    if name not in (*there, *(["cuda"] if len(there) > 1 and "cuda:0" in there else [])):
        raise ValueError(f"device is {name!r}; there is {', '.join(there)}.")
    return torch.device(name)


def _mps() -> bool:
    return torch.backends.mps.is_available()


def _by_size(model: nn.Module, pictures: Sequence[Tensor], device: str, *, flip: bool) -> Tensor:
    """Vectors of pictures of several sizes, in their order."""
    rows: list[Tensor] = [torch.empty(0)] * len(pictures)
    for size in dict.fromkeys(picture.shape for picture in pictures):
        places = [place for place, picture in enumerate(pictures) if picture.shape == size]
        found = _vectors(model, torch.stack([pictures[place] for place in places]).to(device), flip=flip).cpu()
        for place, row in zip(places, found, strict=True):
            rows[place] = row
    return torch.stack(rows)


def _vectors(model: nn.Module, pictures: Tensor, *, flip: bool) -> Tensor:
    batch = images.normalise(pictures).contiguous(memory_format=torch.channels_last)
    vectors: Tensor = model(batch).embedding.float()
    if flip:
        vectors = vectors + model(batch.flip(3)).embedding.float()
    return normalize(vectors, dim=1)


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
