"""One vector for the whole picture: the network of "Re-ID done right"."""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import normalize

from passerby.models.backbone import Pretrained, check_feature_map
from passerby.models.pooling import Pool, Pooling
from passerby.types import Output


class GlobalEmbedding(nn.Module):
    """Backbone, global pooling, fully connected layer, L2 normalisation.

    Source: Almazan, Gajic, Murray, Larlus, Re-ID done right: towards good practices for person re-identification,
    section 3.1 and figure 2.
    Differs: `neck` puts a batch norm (no shift) between the fully connected layer and its two uses, for networks that
    are trained from random weights with an identity loss at the same time; the paper has none.

    Args:
        backbone: `backbone()` or `backbone(pretrained=...)` builds a network from (B, 3, H, W) to (B, C, h, w) with
            `num_features`, which is C.
        dim: length D of the descriptor.
        pool: `max` as in the paper, `average`, or `gem`.
        num_classes: identities to tell apart while training; None for no classifier.
        classifier: `none`, as in the paper's ranking, to have no classifier whatever the number of identities.
        neck: True for the batch norm named above.
        pretrained: goes to `backbone`, where it is not False.

    Raises:
        ValueError: if pool or classifier is another than those named.
    """

    def __init__(
        self,
        backbone: Callable[..., nn.Module],
        *,
        dim: int = 2048,
        pool: Pool = "max",
        num_classes: int | None = None,
        classifier: Literal["linear", "none"] = "linear",
        neck: bool = False,
        pretrained: Pretrained = False,
    ) -> None:
        super().__init__()
        self.backbone = backbone(pretrained=pretrained) if pretrained else backbone()
        self.channels = int(self.backbone.num_features)  # type: ignore[arg-type]
        self.pool = Pooling(pool)
        self.fc = nn.Linear(self.channels, dim)
        self.neck = nn.BatchNorm1d(dim) if neck else nn.Identity()
        if isinstance(self.neck, nn.BatchNorm1d):
            self.neck.bias.requires_grad_(False)
        if classifier not in ("linear", "none"):
            raise ValueError(f"classifier is {classifier!r}; give linear or none.")
        self.classify = None if num_classes is None or classifier == "none" else nn.Linear(dim, num_classes, bias=False)
        if self.classify is not None:
            nn.init.normal_(self.classify.weight, std=0.001)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, H, W) images."""
        feature_map = self.backbone(images)
        check_feature_map(feature_map, self.channels)
        vector = self.neck(self.fc(self.pool(feature_map)))
        embedding = normalize(vector.float(), dim=1)
        if not self.training:
            return Output(embedding)
        logits = () if self.classify is None else (self.classify(vector),)
        return Output(embedding, features=(embedding,), logits=logits)
