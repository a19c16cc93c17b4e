import pytest

from passerby.synth.one_thread import one_thread


@pytest.fixture(autouse=True)
def _one_thread():
    with one_thread():
        yield
