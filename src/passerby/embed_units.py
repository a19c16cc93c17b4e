"""Units of crops embedded with a run: the frames of a tracklet, or several pictures of a person, become one vector."""

from collections.abc import Callable, Iterator, Sequence

import torch

from passerby.evaluation.pooled import pooled
from passerby.run import Run, embeddings
from passerby.types import Crop, Embeddings

CHUNK = 4096
"""Pictures that are embedded before the frames among them are pooled, or counted as distractors."""


class EmbedUnits:
    """What embeds one list of units after another with a run, and keeps count."""

    def __init__(self, run: Run, device: str, on_progress: Callable[[int], None] | None) -> None:
        self.run, self.device = run, device
        self.on_progress = on_progress or (lambda _: None)
        self.done = 0
        self.broken: list[tuple[Crop, str]] = []

    def units(
        self, units: Sequence[Sequence[Crop]], heads: Sequence[Crop], pool: str | None, *, least: int = 1
    ) -> tuple[Embeddings, list[int]]:
        """One vector for each unit that has a picture which can be read, and which units these are."""
        parts: list[Embeddings] = []
        kept: list[int] = []
        for places in _chunks(units, whole=pool is None):
            found = self.crops([crop for place in places for crop in units[place]])
            if found is None:
                continue
            lost = {id(crop) for crop, _ in self.broken}
            rows: dict[int, list[int]] = {}
            row = 0
            for place in places:
                there = sum(id(crop) not in lost for crop in units[place])
                if there:
                    rows[place] = list(range(row, row + there))
                row += there
            kept += rows
            if pool is not None:
                found = pooled(found, list(rows.values()), [heads[place] for place in rows], pool=pool)
            parts.append(found)
        if not parts and least == 0:
            return Embeddings(torch.empty(0, 1), (), self.run.model_id), []
        if not parts:
            raise ValueError(
                f"None of the {sum(map(len, units))} pictures of the query or the gallery can be read; the first is "
                f"{heads[0].path}."
            )
        vectors = parts[0].vectors if len(parts) == 1 else torch.cat([part.vectors for part in parts])
        return Embeddings(vectors, tuple(heads[place] for place in kept), self.run.model_id), kept

    def crops(self, crops: Sequence[Crop]) -> Embeddings | None:
        """Their vectors, without those that cannot be read; None where none can."""
        done, broken = self.done, len(self.broken)
        self.done += len(crops)
        try:
            return embeddings(
                self.run,
                crops,
                device=self.device,
                on_progress=lambda count: self.on_progress(done + count),
                on_broken=lambda crop, reason: self.broken.append((crop, reason)),
            )
        except ValueError:
            if len(self.broken) - broken == len(crops):
                return None
            raise


def _chunks(units: Sequence[Sequence[Crop]], *, whole: bool) -> Iterator[range]:
    """Places of units that hold CHUNK pictures or a few more together; all at once if whole."""
    start, pictures = 0, 0
    for place, unit in enumerate(units):
        pictures += len(unit)
        if pictures >= CHUNK and not whole:
            yield range(start, place + 1)
            start, pictures = place + 1, 0
    if start < len(units):
        yield range(start, len(units))
