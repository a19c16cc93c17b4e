import pytest

from passerby.evaluation.printable import LONGEST, harmless, printable


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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("one line\nand another", "one line\nand another"),
        ("\x1b]0;owned\x07\x1b[31m.jpg", r"\x1b]0;owned\x07\x1b[31m.jpg"),
        ("a\rb\tc", r"a\rb\tc"),
        ("\x85\u2028\udcff", r"\x85\u2028\udcff"),
        ("", ""),
        (3, "3"),
    ],
)
def test_lines_of_our_own_keep_their_breaks_and_nothing_else_that_does_not_print(value, shown):
    assert harmless(value) == shown


def test_a_path_is_never_cut():
    assert harmless("x" * 10_000) == "x" * 10_000
