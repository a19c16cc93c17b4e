"""The real lists of Market-1501, where the protocol data lies; tests skip where it does not."""

import csv
import os
from pathlib import Path

import pytest


def protocol_data(name):
    """The folder of one data set in the protocol data."""
    given = os.environ.get("PASSERBY_PROTOCOL_DATA")
    if not given:
        pytest.skip("PASSERBY_PROTOCOL_DATA is not set: it names the folder of the data sets' real lists")
    folder = Path(given) / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}: PASSERBY_PROTOCOL_DATA should name the folder of the data sets' real lists")
    return folder


def names(split):
    """Paths below Market-1501's root of train, query or test, in the order of the list."""
    with (protocol_data("market1501") / f"market1501_{split}.csv").open(newline="") as lines:
        return [path for _, path in csv.reader(lines)]
