"""Which labels a gallery may keep and be searched by: clothing and carried things, nothing of the person."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

WORDS = (
    "gender sex sexes male males female females man men woman women boy boys girl girls transgender nonbinary lgbt "
    "age ages aged agegroup agegroups ageclass agerange agebin young old younger older elder elderly senior adult "
    "adults teen teens teenager teenagers child children kid kids baby toddler infant minor pensioner birth birthday "
    "birthdate birthyear born race racial ethnicity ethnic ethnical nationality nation origin skin skincolor "
    "skincolour skintone complexion religion religious faith disability disabled handicap pregnant pregnancy health "
    "face facial hair haircolor haircolour hairstyle hairlength longhair shorthair bald baldhead beard moustache "
    "mustache eyes eyecolor eyecolour body bodyshape height weight build"
)
"""What no label's name may hold as a word: gender, age, and what else is of the body or the person."""
REFUSED = frozenset(WORDS.split())
LEAST_WITHIN = frozenset(("gender", "ethnic", "teenage", "pregnan", "skincolo", "skintone", "disab", "religio"))
"""What no label's name may hold even within a word."""

CACHED = 200
"""Characters of a name whose answer is kept in memory; names that come from outside may be of any length."""


def check_labels(names: Iterable[str]) -> None:
    """Refuse labels that are not of clothing or carried things.

    Args:
        names: names of labels; capitals, accents, digits and signs between words make no difference.

    Raises:
        ValueError: if one of them is of gender, age or the body.
    """
    for name in names:
        if not is_searchable(name):
            raise ValueError(
                f"A label is called {name[:40]!r}; give clothing and carried things only: gender, age and what else is "
                "of the body are never searched by."
            )


def is_searchable(name: str) -> bool:
    """Whether a label of this name may be kept and searched by; to leave out those of a data set that may not."""
    return _of_clothing(name) if len(name) <= CACHED else _of_clothing.__wrapped__(name)


@lru_cache(maxsize=1024)  # a gallery has few names, and looks at each with every record that it reads
def _of_clothing(name: str) -> bool:
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    humps = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain)  # ageGroup is two words
    joined = "".join(sign for sign in plain.casefold() if sign.isalpha())
    words = {*re.findall(r"[a-z]+", plain.casefold()), *re.findall(r"[a-z]+", humps.casefold()), joined}
    return not words & REFUSED and not any(part in joined for part in LEAST_WITHIN)
