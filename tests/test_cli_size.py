import pytest

from passerby.cli.size import size


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1B", 1),
        ("1KB", 1000),
        ("1GB", 10**9),
        ("2GiB", 2 * 2**30),
        ("1.5GB", 1_500_000_000),
        (".5MiB", 2**19),
        ("0.3GB", 300_000_000),
        ("1.9999B", 1),
        ("500 MB", 500_000_000),
        (" 7tb ", 7 * 10**12),
        ("1tIb", 2**40),
        ("27616106B", 27_616_106),
    ],
)
def test_a_number_and_a_unit_are_bytes(text, count):
    assert size(text) == count


WRONG = "|GB|5|1.5|1G|1 G|-1GB|+1GB|1e3MB|1,5GB|nan GB|infGB|0GB|0.9B|1XB|1PB|1BB|1GBs|1G B|1..5GB|1.GB|1  GB|0x10GB"


@pytest.mark.parametrize("text", [*WRONG.split("|"), "\u0661GB", "1\nGB", "\x1b[31m1GB", "9" * 5000 + "GB"])
def test_anything_else_is_refused_in_one_short_line_with_what_is_accepted(text):
    with pytest.raises(ValueError, match=r"^--memory is .*; give a number and a unit, such as 500MB, 1.5GB or 2GiB\.$"):
        size(text)
    with pytest.raises(ValueError, match=r"^[^\n\x1b]{1,400}$"):
        size(text)
