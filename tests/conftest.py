import pytest
import torch
from hypothesis import settings

from serve.databases import empty_state, folder_of_a_state

# Networks in tests are tiny: a second thread costs more than it brings, above all where the cores are shared.
torch.set_num_threads(1)
# A test on a busy machine takes as long as it takes.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def demo_made(tmp_path_factory):
    """A small demo, made once for all tests that look at it."""
    from small_demo import small_demo

    return small_demo(tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory):
    """A folder whose database runs for all tests that ask for it."""
    with folder_of_a_state(tmp_path_factory.mktemp("state") / "gallery") as folder:
        yield folder


@pytest.fixture
def state(state_folder):
    """Keys, audit and marks in it, with nothing in them."""
    with empty_state(state_folder) as kept:
        yield kept
