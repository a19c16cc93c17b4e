"""One demo for all tests that look at one: few people, a network that trains in seconds, a calibrated gallery."""

from pathlib import Path

from passerby.demo import Demo, demo

PEOPLE = 24
"""People who are searched for: so many can be calibrated on."""
SETTINGS = ("size.height=64", "size.width=32", "epochs=12", "batches.people=6", "batches.pictures=4",
            "schedule.warmup=1", "model.dim=32", "model.backbone.channels=(8, 16, 32, 64)")  # fmt: skip
"""Changes of the recipe `demo` that train in seconds, and still tell some people from others."""


def small_demo(folder: Path) -> Demo:
    """The demo with its smallest settings; called again, it does nothing again."""
    return demo(folder, train_ids=12, test_ids=PEOPLE, cameras=3, workers=1, changes=SETTINGS)
