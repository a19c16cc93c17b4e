"""Small sets of pictures for tests: each person is one colour, so that a network can tell them apart in a second."""

from pathlib import Path

from PIL import Image

SMALL = ("size.height=32", "size.width=16", "epochs=2", "batches.people=2", "batches.pictures=2", "schedule.warmup=0.5",
         "model.dim=8", "model.backbone.channels=(4, 4, 8, 8)")  # fmt: skip
"""Changes that make the recipe `demo` train in a second."""


def picture(path: Path, pid: int, n: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 32), (40 * pid % 256, (90 * pid + 15 * n) % 256, 200 - 20 * n)).save(path, quality=95)


def market(root: Path, *, train: int = 3, test: int = 3, cameras: int = 3) -> Path:
    """A set in Market-1501's layout: each person once per camera; in test, the first camera's picture is the query."""
    for pid in range(1, train + test + 1):
        for camid in range(1, cameras + 1):
            name = f"{pid:04d}_c{camid}s1_{100 * pid + camid:06d}_01.jpg"
            split = "bounding_box_train" if pid <= train else "query" if camid == 1 else "bounding_box_test"
            picture(root / split / name, pid, camid)
    for name in ("-1_c2s1_000001_01.jpg", "0000_c3s1_000002_01.jpg"):
        picture(root / "bounding_box_test" / name, 7, 3)
    return root
