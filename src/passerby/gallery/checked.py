"""What a store checks before it does anything, so that every store refuses the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from passerby.check_time import check_time
from passerby.gallery.contract import MOST, OtherModel
from passerby.gallery.record import Record, Vector
from passerby.gallery.where import EVERYTHING, Where
from passerby.types import ModelId

LARGEST = 10_752
"""The most dimensions that a gallery's vectors may have."""
OFF = 1e-3
"""How far from 1 the length of a vector may be."""


def checked_dim(dim: int) -> int:
    """`dim`, if a gallery can have vectors of so many dimensions.

    Args:
        dim: dimensions.

    Returns:
        The same.

    Raises:
        ValueError: if it is not in 1 .. 10,752.
    """
    if not 1 <= dim <= LARGEST:
        raise ValueError(f"A gallery of {dim:,} dimensions; give 1 .. {LARGEST:,}.")
    return dim


def checked_model(held: ModelId, dim: int, *, model: ModelId | None, asked_dim: int | None) -> None:
    """Compare what a gallery holds with what is asked for.

    Args:
        held: model of the gallery's vectors.
        dim: their dimensions.
        model: the model whose vectors come; None for any.
        asked_dim: their dimensions; None for any.

    Raises:
        OtherModel: if they are unlike.
    """
    if model is not None and model != held:
        raise OtherModel(f"The gallery holds vectors of {held}, not of {model}; use that model, or a new gallery.")
    if asked_dim is not None and asked_dim != dim:
        raise OtherModel(f"The gallery holds vectors of {dim:,} dimensions, not of {asked_dim:,}; use a new gallery.")


def checked_records(records: Sequence[Record], dim: int) -> npt.NDArray[np.float32]:
    """The vectors of records that may be added.

    Args:
        records: N of them.
        dim: dimensions of the gallery.

    Returns:
        (N, D) float32.

    Raises:
        ValueError: if a vector has other dimensions or another type, is not finite or not of length 1, a time is not of
            the years 1 .. 9999, or an id comes twice.
    """
    if not records:
        return np.empty((0, dim), np.float32)
    seen: set[str] = set()
    for record in records:
        if record.embedding.shape != (dim,) or record.embedding.dtype != np.float32:
            given = f"{record.embedding.dtype} of shape {record.embedding.shape}"
            raise ValueError(f"The vector of record {record.id} is {given}; this gallery takes float32 of ({dim},).")
        if record.id in seen:
            raise ValueError(f"Record {record.id} comes twice in one call; give each once.")
        seen.add(record.id)
        if record.time is not None:
            check_time(f"The time of record {record.id}", record.time)
    vectors = np.stack([record.embedding for record in records])
    _check_length(vectors, [f"The vector of record {record.id}" for record in records])
    return vectors


def checked_queries(queries: npt.NDArray[np.float32], k: int, dim: int) -> Vector:
    """The queries of a search, as one block of memory.

    Args:
        queries: (Q, D) float32.
        k: how many answers each shall have.
        dim: dimensions of the gallery.

    Returns:
        (Q, D) float32.

    Raises:
        ValueError: if k is not in 1 .. MOST, or a query has other dimensions or another type, is not finite, or not of
            length 1.
    """
    checked_number(k, "k")
    if queries.ndim != 2 or queries.shape[1] != dim or queries.dtype != np.float32:
        given = f"{queries.dtype} of shape {queries.shape}"
        raise ValueError(f"The queries are {given}; this gallery takes float32 of (Q, {dim}).")
    _check_length(queries, [f"Query {number}" for number in range(len(queries))])
    return np.ascontiguousarray(queries)


def checked_number(number: int, name: str) -> int:
    """`number`, if a gallery may be asked for so many.

    Args:
        number: how many.
        name: of the argument, for the error.

    Returns:
        The same.

    Raises:
        ValueError: if it is not in 1 .. MOST.
    """
    if not 1 <= number <= MOST:
        raise ValueError(f"{name} is {number:,}; give 1 .. {MOST:,}.")
    return number


def checked_cameras(where: Where, known: Iterable[int]) -> None:
    """Refuse a filter that asks for a camera without records.

    `not_cameras` may name any: the query's own camera need not be in the gallery.

    Args:
        where: the filter.
        known: the cameras that have records.

    Raises:
        ValueError: if there is such a camera.
    """
    have = sorted(known)
    unknown = sorted(set(where.cameras or ()) - set(have))
    if unknown:
        there = ", ".join(map(str, have[:20])) + (", ..." if len(have) > 20 else "") if have else "none at all"
        raise ValueError(f"No record of camera {', '.join(map(str, unknown[:20]))}; there are {there}.")


def checked_labels(
    where: Where, there: Callable[[Where], object], known: Callable[[], Mapping[str, Sequence[str]]]
) -> None:
    """Refuse a filter that asks for a label without records; that no record has all of them together is no mistake.

    Args:
        where: the filter.
        there: says whether any record passes a filter.
        known: gives the values of each label that some record has, for the error.

    Raises:
        ValueError: if there is such a label.
    """
    for name, value in where.labels.items():
        if not there(Where(labels={name: value})):
            have = known()
            values = have.get(name, ())
            some = ", ".join((values or sorted(have))[:20]) + (", ..." if len(values or have) > 20 else "")
            what = f"{name} is {some}" if values else f"labels are {some}" if have else "there are no labels at all"
            raise ValueError(f"No record of label {name}={value}; {what}.")


def checked_filter(where: Where) -> Where:
    """`where`, if it filters anything: what is deleted has to be said.

    Args:
        where: the filter.

    Returns:
        The same.

    Raises:
        ValueError: if all records pass.
    """
    if where == EVERYTHING:
        raise ValueError("Delete which records? The filter is empty; to delete them all, delete the gallery itself.")
    return where


def _check_length(vectors: Vector, names: Sequence[str]) -> None:
    """Each vector finite and of length 1 to 1e-3."""
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
        wrong = np.flatnonzero(~(np.abs(lengths - 1) <= OFF))  # nan is wrong as well
    if wrong.size:
        first = int(wrong[0])
        if not np.isfinite(vectors[first]).all():
            raise ValueError(f"{names[first]} is not finite; give numbers that are no nan and no infinity.")
        raise ValueError(f"{names[first]} has length {lengths[first]:.4g}; give vectors of length 1 (to {OFF:g}).")
