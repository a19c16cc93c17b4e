import pytest

from passerby.evaluation.printable import LONGEST, printable


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("as it is: 行人 é", "as it is: 行人 é"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\r\x07", r"a\nb\r\x07"),
        ("\ud800", r"\ud800"),
        ("\u202eabc", r"\u202eabc"),
        ("", ""),
        (None, "None"),
        (True, "True"),
        (0.5, "0.5"),
        (10**30, str(10**30)),
    ],
)
def test_what_does_not_print_is_written_out(value, shown):
    assert printable(value) == shown
    assert printable(value).isprintable()


def test_of_a_long_text_the_beginning_is_shown():
    assert printable("x" * LONGEST) == "x" * LONGEST
    assert printable("x" * 10**6) == "x" * (LONGEST - 3) + "..."
