"""A filter is checked when it is made."""

import pytest

from passerby.gallery.where import Where


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"since": 5.0, "until": 4.0}, "the end must come after the start"),
        ({"since": 5.0, "until": 5.0}, "the end must come after the start"),
        ({"since": float("nan")}, "since is nan"),
        ({"until": float("inf")}, "until is inf"),
        ({"since": 1767225600000.0}, "since is 1767225600000, .*give seconds .* not milliseconds"),
        ({"until": 10**400}, "until is 1000000000"),
        ({"until": -62135596801.0}, "years 1 .. 9999"),
        ({"labels": {"Gender": "female"}}, "Gender"),
        ({"labels": {"age": "young"}}, "age"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(fields, said):
    with pytest.raises(ValueError, match=said):
        Where(**fields)


def test_a_filter_on_clothing_is_taken():
    assert Where(labels={"upper": "red"}, since=1.0, until=2.0).labels == {"upper": "red"}
