"""A run that takes no training: colour histograms."""

from dataclasses import replace
from pathlib import Path

from passerby import run
from passerby.images import Size
from passerby.models.colour_histogram import ColourHistogram
from passerby.run import Run
from passerby.types import ModelId


def colour_run(name="colour histogram"):
    size = Size(64, 32)
    recipe = replace(run.recipe("demo"), size=size, flip_test=False)
    return Run(
        folder=Path("nowhere"),
        name=name,
        recipe=recipe,
        model=ColourHistogram(),
        model_id=ModelId(name, "", str(size)),
        seed=0,
        changes=(),
        data=None,
    )
