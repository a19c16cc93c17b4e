"""Whether a text can be kept by every store."""


def is_storable(text: str) -> bool:
    """Whether a text holds no zero byte and no half of a character, as the name of a file does that is no UTF-8."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text))
