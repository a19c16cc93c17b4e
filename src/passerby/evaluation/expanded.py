"""Queries and gallery expanded by their nearest crops, to be judged so."""

import torch

from passerby.search.expand import DATABASE_K, QUERY_K, expansion
from passerby.types import Embeddings

EXPANSION = f"expansion (database {DATABASE_K}, queries {QUERY_K}, alpha 0)"
"""What the protocol of a result states as `post_processing`."""


def check_size(gallery: int) -> None:
    """Refuse a gallery with too few crops.

    Raises:
        ValueError: if there are not more than DATABASE_K.
    """
    if gallery <= DATABASE_K:
        raise ValueError(
            f"The gallery has {gallery} crops; expansion moves each to its {DATABASE_K} nearest others and needs "
            f"{DATABASE_K + 1} or more: leave it out."
        )


def expanded(
    query: Embeddings, gallery: Embeddings, *, device: torch.device | str = "cpu"
) -> tuple[Embeddings, Embeddings]:
    """Both sides with expanded descriptors, the gallery first; see `search.expand.expansion`.

    Args:
        query: Q descriptors.
        gallery: G descriptors of one gallery for all queries, DATABASE_K + 1 or more.
        device: where the neighbours are found.

    Raises:
        ValueError: if the gallery is too small, the descriptors are of two models, or see `search.expand.expansion`.
    """
    check_size(len(gallery.crops))
    query.check_same_model(gallery)
    moved = expansion(query.vectors, gallery.vectors, device=device)
    return (
        Embeddings(moved.queries, query.crops, query.model),
        Embeddings(moved.gallery, gallery.crops, gallery.model),
    )
