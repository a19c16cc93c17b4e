import pytest

from passerby.serve.state import open_state
from serve.databases import empty_state


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory):
    """A folder whose database runs for all tests that ask for it."""
    folder = tmp_path_factory.mktemp("state") / "gallery"
    kept = open_state(str(folder))
    yield folder
    kept.close()


@pytest.fixture
def state(state_folder):
    with empty_state(state_folder) as kept:
        yield kept
