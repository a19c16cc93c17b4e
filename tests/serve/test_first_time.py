"""The times that a gallery goes from and to are those of its first and last sighting, however many lie in an hour."""

from dataclasses import replace

import pytest

from gallery.plain_gallery import PlainGallery
from serve.served import DIM, MODEL, START, filled, served


def told(times):
    one = next(iter(filled().held.values()))
    gallery = PlainGallery(MODEL, DIM)
    gallery.add([replace(one, id=f"{number:032x}", time=time) for number, time in enumerate(times)])
    with served(gallery) as client:
        about = client.get("/api/v1/about").json()
    return about["first_time"], about["last_time"]


@pytest.mark.parametrize(
    ("times", "first", "last"),
    [
        ([], None, None),
        ([None, None], None, None),
        ([START + 403.5], "2026-01-01T08:06:43.500000Z", "2026-01-01T08:06:43.500000Z"),
        ([START + 7200, None, START + 3599], "2026-01-01T08:59:59Z", "2026-01-01T10:00:00Z"),
        ([START + 403 + second for second in range(3000)], "2026-01-01T08:06:43Z", "2026-01-01T08:56:42Z"),
        ([START + 1800 - second / 64 for second in range(200)], "2026-01-01T08:29:56.890625Z", "2026-01-01T08:30:00Z"),
        ([-1.5, 0.0], "1969-12-31T23:59:58.500000Z", "1970-01-01T00:00:00Z"),
        ([253402300790.0] * 60, "9999-12-31T23:59:50Z", "9999-12-31T23:59:50Z"),
    ],
    ids=["empty", "no-times", "one", "end-of-an-hour", "many", "close", "before-1970", "end-of-the-calendar"],
)
def test_the_first_and_the_last_time_are_those_of_sightings(times, first, last):
    found = told(times)
    assert found == (first, last)


def test_of_many_sightings_at_one_moment_the_first_is_told_as_it_is():
    first, last = told([START + 1234.567] * 60 + [START + 1300])
    assert (first, last) == ("2026-01-01T08:20:34.567000Z", "2026-01-01T08:21:40Z")
