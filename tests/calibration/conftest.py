import pytest

from known_law import MODEL, made
from passerby.calibration.calibrated import calibrated


@pytest.fixture(scope="session")
def found():
    """A calibration on 150 people."""
    return calibrated(made(150), model=MODEL, data="made")
