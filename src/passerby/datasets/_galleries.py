"""The galleries of queries that each have their own."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt


class Galleries(Mapping[int, tuple[int, ...]]):
    """Query to indices into the gallery, made when asked for: written out, the largest ones would take half a gigabyte.

    Args:
        scenes: for each query, the scenes that it is searched in, by number.
        spans: for each scene, the indices of its crops, which stand together.
    """

    def __init__(self, scenes: Sequence[npt.NDArray[np.int32]], spans: Sequence[range]) -> None:
        self.scenes, self.spans = tuple(scenes), tuple(spans)

    def __getitem__(self, query: int) -> tuple[int, ...]:
        if not 0 <= query < len(self.scenes):
            raise KeyError(query)
        return tuple(index for scene in self.scenes[query].tolist() for index in self.spans[scene])

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.scenes)))

    def __len__(self) -> int:
        return len(self.scenes)
