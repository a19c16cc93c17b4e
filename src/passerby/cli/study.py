"""`passerby study`."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

from passerby import terminal, terminal_bars
from passerby.cli.arguments import Workers


def study(
    table: Annotated[str, Argument(help="Name of the table, such as hybrid_attention.table_ix.")],
    changes: Annotated[
        list[str] | None, Argument(metavar="[FIELD=VALUE]...", help="Changes of every row's recipe.")
    ] = None,
    *,
    data: Annotated[
        list[str],
        Option(
            "--data",
            metavar="[RECIPE=][NAME:]DIR",
            help="Data set; at paper scale with its recipe, such as market=DIR.",
        ),
    ],
    scale: Annotated[
        Literal["small", "paper"], Option(help="Whose recipes: small, on any data, or the paper's.")
    ] = "small",
    seeds: Annotated[int, Option(help="Trainings of each row.", min=1)] = 3,
    rows: Annotated[
        list[str] | None, Option("--rows", metavar="ROW", help="Only this row; can be given again.")
    ] = None,
    validate: Annotated[
        int | None, Option(metavar="N", help="Cut N people from the training set, and judge on them.")
    ] = None,
    out: Annotated[Path, Option(help="Folder of the runs and of the result.")] = Path("studies"),
    accelerator: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[int, Option(help="Devices.", min=1)] = 1,
    workers: Workers = 0,
) -> None:
    """Train and judge the rows of a paper's table, and show the paper's numbers and ours side by side."""
    from passerby.data_argument import for_study
    from passerby.plan import file_name
    from passerby.study import find
    from passerby.study import study as compare
    from passerby.training.machine import Machine

    found = find(table)
    sets = for_study(found, data, scale)
    done = compare(
        found,
        sets,
        out=out,
        scale=scale,
        seeds=seeds,
        rows=rows or None,
        changes=changes or [],
        validate=validate,
        machine=Machine(accelerator=accelerator, devices=devices, workers=workers),
        training=terminal_bars.training,
        judging=terminal_bars.progress,
    )
    terminal.comparison(done)
    # another study of the same table, on other data, with other changes or on other people, keeps its own page
    place = out / scale / "+".join(file_name(name) for name in sets)
    held = [] if validate is None else [f"validate={validate}"]
    as_json, as_markdown = done.save(place, name=file_name(found.name, *held, *(changes or []), *(rows or [])))
    terminal.say(f"The same as a page: {as_markdown}\nWith the value of each seed: {as_json}")
