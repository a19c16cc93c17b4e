"""Which crops are frames of one tracklet."""

from collections.abc import Sequence

from passerby.types import Crop


def tracklets(crops: Sequence[Crop]) -> list[list[int]]:
    """Rows of each tracklet, in the order in which tracklets first appear.

    Args:
        crops: each with a `trackid`.

    Raises:
        ValueError: if a crop has no `trackid`, or two frames of one tracklet show two people or are of two cameras.
    """
    found: dict[int, list[int]] = {}
    for row, crop in enumerate(crops):
        if crop.trackid is None:
            raise ValueError(f"{crop.path} is in no tracklet (trackid); give each crop one, or judge single pictures.")
        rows = found.setdefault(crop.trackid, [])
        rows.append(row)
        first = crops[rows[0]]
        if (first.pid, first.camid) != (crop.pid, crop.camid):
            raise ValueError(
                f"Tracklet {crop.trackid} holds person {first.pid} in camera {first.camid} ({first.path}) and person "
                f"{crop.pid} in camera {crop.camid} ({crop.path}); a tracklet is of one person and one camera."
            )
    return list(found.values())


def heads(crops: Sequence[Crop]) -> tuple[Crop, ...]:
    """The first crop of each tracklet, which stands for all of it; arguments and errors as those of `tracklets`."""
    return tuple(crops[rows[0]] for rows in tracklets(crops))


def in_tracklets(crops: Sequence[Crop]) -> bool:
    """Whether there are crops, and each is in a tracklet."""
    return bool(crops) and all(crop.trackid is not None for crop in crops)
