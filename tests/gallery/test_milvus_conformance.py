import pytest

pytest.importorskip("pymilvus")

from pymilvus import MilvusClient

from gallery import conformance
from gallery.conformance import *  # noqa: F403
from gallery.made_records import MODEL, made_records
from gallery.milvus_server import milvus_server
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.where import Where


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with milvus_server(tmp_path_factory.mktemp("milvus")) as port:
        yield port


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lite")


@pytest.fixture(params=["lite", "server"])
def url(request, monkeypatch):
    """The URL of a gallery of so many dimensions."""
    if "deleted" in request.node.name:  # a server takes seconds for each
        some = ("cameras", "a time", "two labels", "ids", "not a track", "no people at all")
        monkeypatch.setattr(conformance, "WHERES", {name: conformance.WHERES[name] for name in some})
    if request.param == "lite":
        return f"milvus:{request.getfixturevalue('folder')}/{{}}.db".format
    return f"milvus://127.0.0.1:{request.getfixturevalue('server')}/of_{{}}".format


@pytest.fixture
def make(url):
    """An empty gallery; one of each number of dimensions, emptied again, since a server takes seconds to make one."""
    opened = []

    def made(model=MODEL, dim=32):
        gallery = open_gallery(url(str(dim).replace("-", "minus_")), model=model, dim=dim)
        opened.append(gallery)
        gallery.delete(Where(ids=tuple(one.id for one in gallery.records())))
        return gallery

    yield made
    for gallery in opened:
        gallery.close()


@pytest.fixture
def reopen():
    opened = []

    def again(gallery, **asked):
        gallery.close()
        opened.append(open_gallery(gallery.about.url, **asked))
        return opened[-1]

    yield again
    for gallery in opened:
        gallery.close()


def test_a_collection_of_somebody_else_is_left_alone(server):
    from passerby.gallery.milvus.collection import Link

    link = Link(f"http://127.0.0.1:{server}", token="", url="")
    link.client.create_collection("not_ours", dimension=4)
    with pytest.raises(ValueError, match="no gallery of passerby"):
        open_gallery(f"milvus://127.0.0.1:{server}/not_ours", model=MODEL, dim=4)
    assert "not_ours_words" not in link.client.list_collections()
    link.close()


def test_what_was_added_is_told_to_be_indexed_on_closing(server):
    url = f"milvus://127.0.0.1:{server}/to_be_indexed"
    gallery = open_gallery(url, model=MODEL, dim=8)
    gallery.add(made_records(30, dim=8))
    client = MilvusClient(f"http://127.0.0.1:{server}")
    try:
        assert client.get_collection_stats("to_be_indexed")["row_count"] == 0  # of what is sealed
        gallery.close()
        assert client.get_collection_stats("to_be_indexed")["row_count"] == 30
    finally:
        client.close()
