"""A recipe in plain JSON."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from passerby.training.recipe import Recipe


def describe(value: object) -> Any:  # noqa: ANN401 - JSON
    """A recipe, or a part of one, as plain JSON: callables by module and name with their arguments."""
    if is_dataclass(value) and not isinstance(value, type):
        kind = {} if isinstance(value, Recipe) else {"is": type(value).__name__}
        return {**kind, **{field.name: describe(getattr(value, field.name)) for field in fields(value)}}
    if isinstance(value, partial):
        arguments = {key: describe(argument) for key, argument in sorted(value.keywords.items())}
        positional = {"arguments": [describe(argument) for argument in value.args]} if value.args else {}
        return {"call": describe(value.func), **positional, **arguments}
    if callable(value):
        return f"{getattr(value, '__module__', '?')}:{getattr(value, '__qualname__', repr(value))}"
    if isinstance(value, Mapping):
        return {str(key): describe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [describe(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
