"""What world is asked for."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from passerby.synth.camera import MOST

FORMAT = 1
"""Number of the way worlds are drawn: another number, other pictures for the same seed."""
BOXES = ("hand", "detector")
"""How boxes of training and gallery pictures can lie."""
FILE = "synthetic.json"
"""Where a world says what it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What makes a world: two equal requests make the same files.

    Args:
        train_ids: people to train on, 1 or more.
        test_ids: people to search for, 1 or more; both together at most 9999.
        cameras: 2 .. 16.
        seed: 0 .. 2^31 - 1.
        boxes: how the boxes of training and gallery pictures lie, of BOXES; queries are drawn by hand.
        junk: junk pictures for each labelled gallery picture, 0 or more.
        distractors: distractors for each labelled gallery picture, 0 or more.
        hand_share: share of the training and gallery pictures whose instant is boxed by hand too, in gt_bbox, 0 .. 1.
        height: pixels, 16 .. 512.
        width: pixels, 8 .. 512.

    Raises:
        ValueError: if a number is out of range.
    """

    train_ids: int
    test_ids: int
    cameras: int
    seed: int
    boxes: str
    junk: float
    distractors: float
    hand_share: float
    height: int
    width: int

    def __post_init__(self) -> None:
        for name, least, most in (
            ("train_ids", 1, 9998),
            ("test_ids", 1, 9998),
            ("cameras", 2, MOST),
            ("seed", 0, 2**31 - 1),
            ("junk", 0, 10),
            ("distractors", 0, 10),
            ("hand_share", 0, 1),
            ("height", 16, 512),
            ("width", 8, 512),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} is {value}; give {least} to {most}.")
        if self.train_ids + self.test_ids > 9999:
            raise ValueError(
                f"train_ids is {self.train_ids} and test_ids {self.test_ids}; file names have room for 9999 people."
            )
        if self.boxes not in BOXES:
            raise ValueError(f"boxes is {self.boxes!r}; give {' or '.join(BOXES)}.")

    def save(self, root: Path, *, complete: bool) -> None:
        """Write it to FILE in a world's folder, in one stroke."""
        text = json.dumps({"format": FORMAT, "complete": complete, **asdict(self)}, indent=2)
        part = root / f"{FILE}.part"
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(root / FILE)


def request(root: Path) -> Request:
    """What the world in a folder was asked to be, whether it is complete or not.

    Raises:
        FileNotFoundError: if the folder holds no world.
        ValueError: if its FILE cannot be read, or it was drawn in another way.
    """
    file = root / FILE
    if not file.is_file():
        raise FileNotFoundError(f"No {FILE} in {root}; give the folder of a drawn world, as `passerby synth` makes it.")
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        given = {field.name: told[field.name] for field in fields(Request)}
        form = told["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged ({error!r}); draw the world again in an empty folder.") from None
    if form != FORMAT:
        raise ValueError(f"{root} holds a world of format {form}; this version draws {FORMAT}: give an empty folder.")
    return Request(**given)
