"""The plain baseline: a network that classifies the training people, and its vector before the classifier."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import normalize

from passerby.models.backbone import Pretrained, check_feature_map
from passerby.models.pooling import Pool, Pooling
from passerby.types import Output


class IdentityEmbedding(nn.Module):
    """Backbone, global pooling, classifier; the descriptor is the pooled vector, L2-normalised.

    It is the identity-discriminative embedding (IDE) that papers compare themselves with, and the classification
    network that Almazan et al., Re-ID done right, train first (section 3.1, pretraining).

    Source: Zheng, Yang, Hauptmann, Person Re-identification: Past, Present and Future. The neck: Luo, Gu, Liao, Lai,
    Jiang, Bag of Tricks and a Strong Baseline for Deep Person Re-identification, section 3.6.

    Args:
        backbone: `backbone()` or `backbone(pretrained=...)` builds a network from (B, 3, H, W) to (B, C, h, w) with
            `num_features`, which is C.
        pool: `average`, `max`, or `gem`.
        neck: True for a batch norm whose bias stays 0, between the pooled vector, which is the feature that metric
            losses compare, and the descriptor and classifier; the classifier then has no bias.
        dropout: share of the vector that is zeroed before the classifier, in [0, 1).
        num_classes: identities to tell apart while training; None for no classifier.
        pretrained: goes to `backbone`, where it is not False.

    Raises:
        ValueError: if pool is another, or dropout is out of range.
    """

    def __init__(
        self,
        backbone: Callable[..., nn.Module],
        *,
        pool: Pool = "average",
        neck: bool = False,
        dropout: float = 0.0,
        num_classes: int | None = None,
        pretrained: Pretrained = False,
    ) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout is {dropout}; give a share in [0, 1).")
        self.backbone = backbone(pretrained=pretrained) if pretrained else backbone()
        self.channels = int(self.backbone.num_features)  # type: ignore[arg-type]
        self.pool = Pooling(pool)
        self.neck = nn.BatchNorm1d(self.channels) if neck else nn.Identity()
        if isinstance(self.neck, nn.BatchNorm1d):
            self.neck.bias.requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        self.classify = None if num_classes is None else nn.Linear(self.channels, num_classes, bias=not neck)
        if self.classify is not None:
            nn.init.normal_(self.classify.weight, std=0.001)
            if self.classify.bias is not None:
                nn.init.zeros_(self.classify.bias)

    def forward(self, images: Tensor) -> Output:
        """Embed (B, 3, H, W) images."""
        feature_map = self.backbone(images)
        check_feature_map(feature_map, self.channels)
        pooled = self.pool(feature_map)
        vector = self.neck(pooled)
        embedding = normalize(vector.float(), dim=1)
        if not self.training:
            return Output(embedding)
        logits = () if self.classify is None else (self.classify(self.dropout(vector)),)
        return Output(embedding, features=(pooled,), logits=logits)
