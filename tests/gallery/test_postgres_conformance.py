"""The contract on embedded PostgreSQL, and on one that is reached by URL."""

import pytest

from gallery.conformance import *  # noqa: F403
from gallery.conformance import MODEL
from gallery.postgres_server import postgres_server, server_url
from passerby.gallery.open_gallery import open_gallery
from passerby.gallery.postgres.database import database


@pytest.fixture(scope="module")
def embedded_url(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("embedded") / "gallery")
    kept = database(folder)  # so that the server is not started anew for each test
    yield folder
    kept.close()


@pytest.fixture(scope="module")
def external_url(tmp_path_factory):
    with postgres_server(tmp_path_factory.mktemp("external")) as port:
        yield server_url(port)


@pytest.fixture(params=["embedded", "external"])
def url(request):
    url = request.getfixturevalue(f"{request.param}_url")
    yield url
    held = database(url)
    with held.connection() as connection:
        connection.execute("DROP SCHEMA passerby CASCADE")
    held.close()


@pytest.fixture
def opened():
    galleries = []
    yield galleries
    for gallery in galleries:
        gallery.close()


@pytest.fixture
def make(url, opened):
    def made(model=MODEL, dim=32):
        opened.append(open_gallery(url, model=model, dim=dim))
        return opened[-1]

    return made


@pytest.fixture
def reopen(url, opened):
    def again(gallery, model=None, dim=None):
        gallery.close()
        opened.append(open_gallery(url, model=model, dim=dim))
        return opened[-1]

    return again
