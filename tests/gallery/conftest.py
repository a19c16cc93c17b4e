import pytest

from gallery.made_records import MODEL, made_records
from gallery.postgres_gallery import opened
from passerby.gallery.postgres import searching, upkeep


@pytest.fixture(scope="module", autouse=True)
def nothing_in_the_background():
    """No gallery does of itself what a test does by hand: which of the two is first depends on the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upkeep, "QUIET_S", 3_600.0)
        yield


@pytest.fixture
def by_graph(monkeypatch):
    """Graphs from the first hundred on."""
    monkeypatch.setattr(searching, "SMALL", 0)
    monkeypatch.setattr(searching, "IN_A_ROW", -1.0)
    monkeypatch.setattr(searching, "SCATTERED", -1.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A gallery of 120 records, which stays open."""
    place = tmp_path_factory.mktemp("shared") / "gallery"
    with opened(place, model=MODEL, dim=32) as gallery:
        gallery.add(made_records(120, dim=32))
        yield place
