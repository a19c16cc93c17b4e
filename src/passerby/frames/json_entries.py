"""The entries of lists in a JSON file, one at a time: all at once would take many times the memory of their text."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, TextIO

LONGEST = 1_000_000
"""Characters of one entry; what is made of it may take some thirty times as many bytes."""
SPACE = re.compile(r"[ \t\n\r]*")


def json_entries(file: Path, names: Collection[str], *, maybe: Collection[str] = ()) -> Iterator[tuple[str, Any]]:
    """Name of the list and value of each entry of some lists of a JSON object, in bounded memory.

    Args:
        file: the .json file, UTF-8, an object.
        names: of the lists that must be there, each once.
        maybe: of lists that may be there too.

    Raises:
        ValueError: if the file is not that, or an entry of the object or of what lies in it is longer than LONGEST.
            Entries before it have been given then.
    """
    there: Counter[str] = Counter()
    try:
        with file.open(encoding="utf-8") as opened:
            text = _Text(opened)
            for key in _keys(text):
                kind = text.next()
                if kind == "[":
                    wanted = key in names or key in maybe
                    if wanted:
                        there[key] += 1
                    for entry in _list(text):
                        if wanted:
                            yield key, entry
                elif kind == "{":
                    for _ in _keys(text):
                        text.value()
                else:
                    text.value()
            if text.next():
                raise ValueError("more follows after its end")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is not a JSON object in UTF-8 ({error}).") from None
    wrong = sorted(name for name in {*names, *there} if there[name] != 1)
    if wrong:
        raise ValueError(f"{file} has {there[wrong[0]] or 'no'} lists called {wrong[0]}; give one.")


class _Text:
    """What of a file has not been taken yet; at least LONGEST characters of it, as far as there are so many."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._there, self._place, self._before, self._ended = file, "", 0, 0, False
        self._decode = json.JSONDecoder().raw_decode

    def next(self) -> str:
        """The next sign that is no space; "" at the end."""
        while True:
            self._fill()
            found = SPACE.match(self._there, self._place)
            assert found is not None  # it matches nothing too
            self._place = found.end()
            if self._place < len(self._there):
                return self._there[self._place]
            if self._ended:
                return ""

    def take(self, signs: str) -> str:
        """One of some signs, which comes next."""
        sign = self.next()
        if not sign or sign not in signs:
            raise ValueError(f"{' or '.join(signs)} is missing at character {self._before + self._place:,}")
        self._place += 1
        return sign

    def value(self) -> Any:  # noqa: ANN401 - whatever JSON can say
        """A whole value."""
        self.next()
        self._fill()
        at = self._before + self._place
        try:
            found, end = self._decode(self._there, self._place)
        except json.JSONDecodeError as error:
            told = "is broken" if self._ended else f"is broken, or has more than {LONGEST:,} characters"
            raise ValueError(f"what begins at character {at:,} {told}: {error.msg}") from None
        if end - self._place > LONGEST:
            raise ValueError(f"what begins at character {at:,} has more than {LONGEST:,} characters; leave it out")
        self._place = end
        return found

    def _fill(self) -> None:
        while not self._ended and len(self._there) - self._place <= LONGEST:
            more = self._file.read(LONGEST)
            self._ended = not more
            self._before += self._place
            self._there, self._place = self._there[self._place :] + more, 0


def _keys(text: _Text) -> Iterator[str]:
    """The keys of an object; whoever asks takes the value of each before asking for the next."""
    text.take("{")
    if text.next() == "}":
        text.take("}")
        return
    sign = ","
    while sign == ",":
        if text.next() != '"':
            raise ValueError("a key is no text")
        key: str = text.value()
        text.take(":")
        yield key
        sign = text.take(",}")


def _list(text: _Text) -> Iterator[Any]:
    text.take("[")
    if text.next() == "]":
        text.take("]")
        return
    sign = ","
    while sign == ",":
        yield text.value()
        sign = text.take(",]")
