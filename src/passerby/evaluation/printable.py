"""Text of unknown origin as it may be shown."""

LONGEST = 300
"""Characters of a text that are shown."""


def printable(value: object) -> str:
    r"""A value in words, of which no character moves the cursor or changes the terminal, and which is not too long.

    What does not print is written as Python writes it (`\x1b`); of a long text the beginning is shown.
    """
    text = str(value)
    shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in shown)
