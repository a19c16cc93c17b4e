"""Text of unknown origin as it may be shown."""

LONGEST = 300
"""Characters of a text that are shown."""


def printable(value: object) -> str:
    r"""A value in words, of which no character moves the cursor or changes the terminal, and which is not too long.

    What does not print is written as Python writes it (`\x1b`); of a long text the beginning is shown.
    """
    text = str(value)
    return _escaped(text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...")


def harmless(value: object) -> str:
    """The same with the whole text and its line breaks: for lines of our own that name files, which may be long."""
    return "\n".join(map(_escaped, str(value).split("\n")))


def _escaped(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
