"""The two collections of a gallery in Milvus: its records, and what is known of them all."""

import json
from dataclasses import dataclass

from pymilvus import DataType

from passerby.gallery.milvus.address import Address
from passerby.gallery.milvus.collection import SECONDS, Collection, Link
from passerby.gallery.milvus.rows import LABELS, TEXT
from passerby.gallery.milvus.words import word
from passerby.types import ModelId

VERSION = 1
"""Of the fields below; a gallery made by a newer passerby is refused."""
_LOADING = 600.0
_INDEXES = {
    "HNSW": {"M": 16, "efConstruction": 150},
    "IVF_FLAT": {"nlist": 1_024},
    "IVF_SQ8": {"nlist": 1_024},
}


@dataclass(frozen=True, slots=True)
class Held:
    """What a gallery says of itself.

    Args:
        model: whose vectors.
        dim: their dimensions.
        index: of its vectors, as Milvus calls it.
    """

    model: ModelId
    dim: int
    index: str


def words_of(collection: str) -> str:
    """Name of the collection beside the records: the model, and which cameras and labels there have ever been."""
    return f"{collection}_words"


def held(link: Link, address: Address) -> Held | None:
    """What the gallery at an address holds, ready to be searched.

    Args:
        link: the connection.
        address: where it is.

    Returns:
        Model, dimensions and index; None if there is no gallery, or one whose making was cut short.

    Raises:
        ValueError: if the collection is no gallery, or one of a newer passerby.
        Unavailable: if Milvus does not answer.
    """
    with link.answered():
        if not link.client.has_collection(words_of(address.collection), timeout=SECONDS):
            return None
        link.client.load_collection(words_of(address.collection), timeout=_LOADING)
    rows = Collection(link, words_of(address.collection)).rows('kind == "about"', ["text"], strong=True)
    if not rows:
        return None
    try:
        about = json.loads(rows[0]["text"])
        version, model, dim = int(about["schema"]), ModelId(*map(str, about["model"])), int(about["dim"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"The collection of {address.url} says nothing that a gallery says; use another name."
        ) from None
    if version > VERSION:
        raise ValueError(f"{address.url} was made by a newer passerby (schema {version}, not {VERSION}); use that one.")
    with link.answered():
        link.client.load_collection(address.collection, timeout=_LOADING)
        (name,) = link.client.list_indexes(address.collection, field_name="embedding")
        index = link.client.describe_index(address.collection, name, timeout=SECONDS)
    return Held(model, dim, str(index["index_type"]))


def make(link: Link, address: Address, model: ModelId, dim: int) -> None:
    """Make the collections; the word that says so comes last, so that a half-made gallery is none.

    Args:
        link: the connection.
        address: where.
        model: whose vectors it will hold.
        dim: their dimensions.

    Raises:
        ValueError: if there is a collection of that name which is no gallery, or half made with other dimensions.
        Unavailable: if Milvus does not answer.
    """
    client = link.client
    with link.answered():
        there = client.has_collection(address.collection, timeout=SECONDS)
        ours = client.has_collection(words_of(address.collection), timeout=SECONDS)
    if there and not ours:
        raise ValueError(f"The collection of {address.url} is there and no gallery of passerby; use another name.")
    if there and _dim(link, address.collection) != dim:
        raise ValueError(
            f"Making {address.url} was once begun with {_dim(link, address.collection):,} dimensions, not {dim:,}; "
            "use those, or another name."
        )
    with link.answered():
        if not ours:
            _make_words(link, words_of(address.collection))
        if not there:
            _make_records(link, address, dim)
        client.load_collection(words_of(address.collection), timeout=_LOADING)
    about = {"schema": VERSION, "model": [model.name, model.weights, model.preprocessing], "dim": dim}
    Collection(link, words_of(address.collection)).upsert([word("about", json.dumps(about), key="about")])


def _dim(link: Link, name: str) -> int:
    """Dimensions of the vectors of a collection."""
    with link.answered():
        fields = link.client.describe_collection(name, timeout=SECONDS)["fields"]
    return int(next((field["params"]["dim"] for field in fields if field["name"] == "embedding"), 0))


def _make_words(link: Link, name: str) -> None:
    schema = link.client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    schema.add_field("kind", DataType.VARCHAR, max_length=16)
    schema.add_field("text", DataType.VARCHAR, max_length=TEXT)
    schema.add_field("none", DataType.FLOAT_VECTOR, dim=2)
    indexes = link.client.prepare_index_params()
    indexes.add_index("none", index_type="FLAT", metric_type="COSINE", params={})
    link.client.create_collection(name, schema=schema, index_params=indexes, timeout=_LOADING)


def _make_records(link: Link, address: Address, dim: int) -> None:
    schema = link.client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=32)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
    for name in ("camid", "trackid", "pid"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("time", DataType.DOUBLE)
    schema.add_field("timed", DataType.BOOL)
    if address.lite:
        schema.add_field("tags", DataType.VARCHAR, max_length=TEXT)
    else:
        schema.add_field("tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_length=16, max_capacity=LABELS)
    schema.add_field("rest", DataType.VARCHAR, max_length=TEXT)
    schema.add_field("thumbnail", DataType.VARCHAR, max_length=TEXT)
    indexes = link.client.prepare_index_params()
    indexes.add_index(
        "embedding", index_type=address.index, metric_type="COSINE", params=_INDEXES.get(address.index, {})
    )
    link.client.create_collection(
        address.collection, schema=schema, index_params=indexes, consistency_level="Session", timeout=_LOADING
    )
