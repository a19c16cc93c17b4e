import pytest

from numbered_frames import colours
from passerby.frames.encode import encode


@pytest.fixture
def film(tmp_path):
    def make(name="film.mp4", *, count=12, fps=10, **size):
        path = tmp_path / name
        encode(path, colours(count, **size), fps=fps)
        return path

    return make
