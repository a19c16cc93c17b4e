"""What is wrong with text that is no JSON."""

import json

WANTED = "give JSON as /api/v1/openapi.json describes it, with names and texts in double quotes"


def not_json(text: str, *, otherwise: str) -> str:
    """What stands where, and what is to be given instead.

    Args:
        text: which some parser does not accept.
        otherwise: what that parser said, for what only it refuses.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        said = error.msg.removesuffix(" at")
        place = "" if error.pos < len(text) else ", where it ends"
        return f"This is not JSON: {said} at line {error.lineno}, column {error.colno}{place}; {WANTED}."
    except (ValueError, RecursionError):  # a number, or lists in lists, of thousands
        pass
    return f"This is not JSON: {otherwise}; {WANTED}."
