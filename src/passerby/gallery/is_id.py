"""Ids of records."""

DIGITS = frozenset("0123456789abcdef")


def is_id(text: str) -> bool:
    """Whether a record can have this id: 32 hexadecimal digits, letters in lower case."""
    return len(text) == 32 and DIGITS.issuperset(text)
