import pytest

from passerby.gallery.is_id import is_id


@pytest.mark.parametrize("text", ["0" * 32, "0123456789abcdef" * 2])
def test_32_hexadecimal_digits_are_an_id(text):
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "A" * 32, "g" * 32, "0" * 31 + "\n", "0" * 31 + "٣"])
def test_nothing_else_is(text):
    assert not is_id(text)
