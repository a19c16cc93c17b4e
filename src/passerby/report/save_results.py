"""A set of results in a file, in the form that the file's name asks for."""

from collections.abc import Callable, Mapping
from pathlib import Path

from passerby import files
from passerby.report.results import Results
from passerby.report.results_json import results_json
from passerby.report.results_latex import results_latex
from passerby.report.results_markdown import results_markdown

FORMS: Mapping[str, Callable[[Results], str]] = {
    ".md": results_markdown,
    ".tex": results_latex,
    ".json": results_json,
}
"""What writes a file of each ending."""


def save_results(results: Results, path: Path) -> None:
    """Write a set of results, whole or not at all: Markdown, LaTeX or JSON, by the ending of the name.

    Args:
        results: what is written.
        path: the file; its folder exists, and its name ends in one of FORMS.

    Raises:
        ValueError: if the name has another ending.
        FileNotFoundError: if the folder does not exist.
    """
    if path.suffix.lower() not in FORMS:
        raise ValueError(
            f"{path.name} ends in {path.suffix or 'nothing'}; give a name that ends in {', '.join(FORMS)}."
        )
    text = FORMS[path.suffix.lower()](results)
    with files.whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
