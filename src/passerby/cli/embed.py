"""`passerby embed`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Device
from passerby.files import writable

if TYPE_CHECKING:
    from passerby.types import Crop


def embed(
    folder: Annotated[Path, Argument(metavar="RUN", help="Folder that training made.")],
    source: Annotated[str, Argument(help="Folder of pictures, one picture, a CSV, or NAME:DIR of a data set.")],
    *,
    split: Annotated[str | None, Option(help="Of a data set: train, query, gallery or multi_query.")] = None,
    out: Annotated[Path, Option(help="The .npz file to write.")],
    device: Device = "cpu",
) -> None:
    """Write the descriptors of pictures into a file."""
    from passerby import npz, run
    from passerby.data_argument import named, split_of
    from passerby.datasets.folder import crops

    _check_out(out, ".npz")
    trained = run.load(folder)
    if split is not None and named(source)[0] is None:
        raise ValueError(f"--split is {split}, but {source} is no data set; write NAME:DIR, or leave --split out.")
    pictures = split_of(source, split) if named(source)[0] else crops(Path(source))
    broken: list[tuple[Crop, str]] = []
    with terminal_bars.progress("embedding", len(pictures)) as done:
        found = run.embeddings(
            trained,
            pictures,
            device=device,
            on_progress=done,
            on_broken=lambda crop, reason: broken.append((crop, reason)),
        )
    npz.write(out, found)
    terminal.broken(broken, total=len(pictures))
    terminal.say(f"{len(found.crops)} descriptors of {found.vectors.shape[1]} dimensions lie in {out}.")


def _check_out(out: Path, ending: str) -> None:
    if out.suffix != ending:
        raise ValueError(f"--out is {out}; give a file name that ends in {ending}.")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"No folder {out.parent} to write {out.name} into; make it first.")
    writable(out.parent)
