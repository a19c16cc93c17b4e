"""Cross entropy against a target that leaves a share to the other classes."""

from typing import Literal

from torch import Tensor
from torch.nn.functional import cross_entropy

Smoothing = Literal["all", "others"]
"""Who gets the share e: `all` K classes, e / K each, the true one too; or the K - 1 `others`, e / (K - 1) each."""


def smoothed_cross_entropy(logits: Tensor, classes: Tensor, *, smoothing: float, form: Smoothing) -> Tensor:
    """Cross entropy in float32, mean over the batch.

    Source: label smoothing is that of Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, Rethinking the Inception Architecture
    for Computer Vision, section 7, which is the form `all`.

    Args:
        logits: (B, K) scores.
        classes: (B,) int64, the true classes.
        smoothing: share e of the target that goes to other classes; in [0, 1). For `others` it is below (K - 1) / K,
            from where on the true class would no longer have the largest share.
        form: see `Smoothing`.

    Raises:
        ValueError: if smoothing is out of range or the form is another.
    """
    if form not in ("all", "others"):
        raise ValueError(f"form is {form!r}; give all or others.")
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing is {smoothing}; give a share in [0, 1).")
    count = logits.shape[1]
    share = smoothing
    if form == "others" and smoothing > 0:
        if smoothing * count >= count - 1:
            raise ValueError(
                f"smoothing is {smoothing} in the form `others`, of {count} classes; "
                f"give 0, or a share below (K - 1) / K = {(count - 1) / count:.3g}."
            )
        share = smoothing * count / (count - 1)  # spread over all K, so much leaves e / (K - 1) to each other class
    return cross_entropy(logits.float(), classes, label_smoothing=share)
