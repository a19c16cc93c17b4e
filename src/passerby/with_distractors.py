"""A run judged again with ever more distractors in the gallery."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from passerby import embed_units
from passerby.embed_units import EmbedUnits
from passerby.evaluation.enlarged import enlarged
from passerby.evaluation.peak import peak
from passerby.evaluation.scores import Scores
from passerby.judge import Judged
from passerby.run import Run
from passerby.types import Crop, Embeddings


def with_distractors(
    run: Run,
    judged: Judged,
    distractors: Sequence[Crop],
    sizes: Sequence[int],
    *,
    seed: int = 0,
    memory: int | None = None,
    device: str = "cpu",
    on_progress: Callable[[int], None] | None = None,
    on_broken: Callable[[Crop, str], None] | None = None,
) -> dict[int, Scores]:
    """Judge the same queries again in a gallery to which ever more distractors are added.

    The distractors are taken in random order, so that a smaller number is a random part of a larger one. Their vectors
    are not kept. A picture that cannot be read is passed over, and the next one taken.

    Args:
        run: the run that was judged.
        judged: what `judge` gave.
        distractors: crops with pid DISTRACTOR.
        sizes: how many to add, each 0 or more, ascending.
        seed: of the order, 0 or more.
        memory: bytes that ranking may hold beside the vectors, see `evaluation.peak`; no number depends on it.
        device: where the network runs.
        on_progress: called with the number of distractors done.
        on_broken: called at the end with each picture that was passed over, and the reason.

    Returns:
        Number of distractors to scores.

    Raises:
        ValueError: if each query has a gallery of its own, the result was expanded or re-ranked, there are fewer
            distractors than asked for, the budget is too small, or see `evaluation.enlarged`.
    """
    if judged.galleries is not None:
        raise ValueError("Each query has a gallery of its own; distractors are added to one gallery for all queries.")
    if judged.rules.post_processing != "none":
        raise ValueError(
            "What is expanded or re-ranked depends on the whole gallery, so that distractors cannot be added to it."
        )
    if sizes and sizes[-1] > len(distractors):
        raise ValueError(f"There are {len(distractors)} distractors; {sizes[-1]} were asked for.")
    taken = peak(
        judged.query.crops,
        judged.gallery.crops,
        judged.query.vectors.shape[1],
        judged.rules,
        memory=memory,
        added=max(0, *sizes) if sizes else 0,  # what is no size is refused with the rest, below
        at_once=embed_units.CHUNK,
    )
    order = np.random.default_rng(seed).permutation(len(distractors)).tolist()
    tell = on_progress or (lambda _: None)
    pixels = EmbedUnits(run, device, lambda done: tell(min(done, sizes[-1])))

    def parts() -> Iterator[Embeddings]:
        left, start = sizes[-1], 0
        while left and start < len(order):
            some = [distractors[place] for place in order[start : start + min(embed_units.CHUNK, left)]]
            found = pixels.crops(some)
            start += len(some)
            if found is not None:
                left -= len(found.crops)
                yield found

    def readable() -> Iterator[Embeddings]:
        found = 0
        for part in parts():
            found += len(part.crops)
            yield part
        if found < sizes[-1]:
            raise ValueError(
                f"Of {len(distractors)} distractors {len(pixels.broken)} cannot be read, and {sizes[-1]} were asked "
                f"for; the first is {pixels.broken[0][1]}"
            )

    grown = enlarged(
        judged.query,
        judged.gallery,
        readable(),
        sizes=sizes,
        ap=judged.rules.ap,
        cameras=judged.rules.cameras,
        memory=taken.counting,
        device=device,
        protocol=judged.facts,
    )
    if on_broken is not None:
        for crop, reason in pixels.broken:
            on_broken(crop, reason)
    return grown
