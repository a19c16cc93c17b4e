"""Joint loss and multi-attention network (CBAM in the residual blocks, circle-loss classifier, triplets).

Source: Li, Wang, "Person Re-Identification Based on Joint Loss and Multiple Attention Mechanism".
Published rank-1 / mAP, with ImageNet weights: Market-1501 94.45 / 85.78 (table 2), DukeMTMC-reID 88.6 / 76.9 (table 3),
MSMT17 (V1) 79.44 / 53.57 (table 4).
Ours on these data sets: not measured. On the drawn world: docs/papers/results.md.

    passerby train joint_attention.market --data DIR --out RUN          120 epochs; needs a GPU
    passerby train joint_attention.small --data WORLD --out RUN         minutes on two CPU cores

Eq. (5), the sum of the losses: `circle` and `triplet` weigh 1 each. `market_linear` and `small_linear` have an ordinary
classifier and softmax in place of circle loss, for the rows of table 1 that the paper compares with.
"""

from dataclasses import replace
from functools import partial

from torch.optim import Adam

from passerby.datasets.dukemtmc import load as load_dukemtmc
from passerby.datasets.market1501 import load as load_market1501
from passerby.datasets.msmt17 import load as load_msmt17
from passerby.images import Size
from passerby.losses.batch_hard_triplet import batch_hard_triplet
from passerby.losses.circle_softmax import circle_softmax
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.joint_attention import JointAttention
from passerby.recipes import baseline
from passerby.training.augment import erase, flip, pad_crop
from passerby.training.batches import people_by_pictures
from passerby.training.recipe import Recipe
from passerby.training.schedule import warmup_steps

resnet50 = partial(backbone, name="resnet50.tv_in1k", last_stride=1, zero_init_last=False)

market = Recipe(
    model=partial(JointAttention, backbone=resnet50, attention="cbam", classifier="cosine"),
    data=load_market1501,
    size=Size(256, 128),
    epochs=120,
    batches=partial(people_by_pictures, people=16, pictures=4),
    augment={"flip": flip, "pad_crop": partial(pad_crop, pad=10, fill="black"), "erase": erase},
    losses={
        "circle": (1.0, partial(circle_softmax, scale=64.0, margin=0.35, smoothing=0.1, form="others")),
        "triplet": (1.0, partial(batch_hard_triplet, margin=0.3)),
    },
    optimizer=partial(Adam, lr=3.5e-4, weight_decay=5e-4),
    schedule=partial(warmup_steps, steps=(40, 90), factor=0.1, warmup=10, start=0.1),
    pretrained=True,
)
market_linear = replace(
    market,
    model=partial(JointAttention, backbone=resnet50, attention="cbam", classifier="linear"),
    losses={
        "identity": (1.0, partial(identity, smoothing=0.1, form="others")),
        "triplet": (1.0, partial(batch_hard_triplet, margin=0.3)),
    },
)
dukemtmc = replace(market, data=load_dukemtmc)
msmt17 = replace(market, data=load_msmt17)

small = replace(
    baseline.small,
    model=partial(JointAttention, backbone=baseline.narrow, attention="cbam", classifier="cosine"),
    batches=partial(people_by_pictures, people=8, pictures=4),
    augment={"flip": flip, "pad_crop": partial(pad_crop, pad=5, fill="black"), "erase": partial(erase, p=0.2)},
    losses={
        # a scale of 64 wants more epochs than a few from random weights
        "circle": (1.0, partial(circle_softmax, scale=16.0, margin=0.25)),
        "triplet": (1.0, partial(batch_hard_triplet, margin=0.3)),
    },
)
small_linear = replace(
    small,
    model=partial(JointAttention, backbone=baseline.narrow, attention="cbam", classifier="linear"),
    losses=market_linear.losses,
)
