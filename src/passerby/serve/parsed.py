"""JSON text, or values from a query, as a checked value."""

from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


def parsed(model: type[M], text: str | dict[str, object], name: str) -> M:
    """What JSON text, or a mapping, says.

    Args:
        model: what it should be.
        text: JSON, or the values by name.
        name: of the part of the request, for the error.

    Raises:
        RequestValidationError: if it is not.
    """
    try:
        return model.model_validate_json(text) if isinstance(text, str) else model.model_validate(text)
    except ValidationError as error:
        found = [one | {"loc": (name, *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found, body=text) from None
