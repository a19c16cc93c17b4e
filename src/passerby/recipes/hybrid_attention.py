"""Hybrid-attention guided network with multiple resolution features (FMR, SAM, CAM, MGO, MPFE).

Source: Zhang, Yang, Zheng, Wang, Wu, Chen, "Hybrid-Attention Guided Network with Multiple Resolution Features for
Person Re-Identification".
Published rank-1 / mAP: Market-1501 95.7 / 87.7 (table II), DukeMTMC-reID 90.2 / 80.2 (table III), CUHK03-NP labeled
80.3 / 76.2 and detected 77.5 / 72.5 (table IV), MSMT17 79.6 / 57.6 (table V).
Ours on these data sets: not measured. On the drawn world: docs/papers/results.md.

    passerby train hybrid_attention.market --data DIR --out RUN         150 epochs; needs a GPU
    passerby train hybrid_attention.small --data WORLD --out RUN        minutes on two CPU cores

Eq. (5), the sum of the losses: `identity` is the mean over the N = 21 classifiers, `triplet` over the M = 6 levels.
`market` and its like are as the authors' code has them; `market_paper` takes the text at its word: ReLU, the triplet's
vectors before the batch norm, erasing around a random centre, eq. (6) with its jump from 3e-4 to 0.01, no Nesterov
momentum.
"""

from dataclasses import replace
from functools import partial

from torch.optim import SGD

from passerby.datasets.cuhk03 import detected as load_cuhk03_detected
from passerby.datasets.cuhk03 import labeled as load_cuhk03_labeled
from passerby.datasets.dukemtmc import load as load_dukemtmc
from passerby.datasets.market1501 import load as load_market1501
from passerby.datasets.msmt17 import load as load_msmt17
from passerby.images import Size
from passerby.losses.batch_hard_triplet import batch_hard_triplet
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.hybrid_attention import PAPER, RELEASED, HybridAttention
from passerby.recipes import baseline
from passerby.training.augment import erase, flip
from passerby.training.batches import people_by_pictures
from passerby.training.recipe import Recipe
from passerby.training.schedule import equation_6, warmup_steps

resnet50 = partial(backbone, name="resnet50.tv_in1k", last_stride=1, zero_init_last=False)

market = Recipe(
    model=partial(HybridAttention, backbone=resnet50, **RELEASED),
    data=load_market1501,
    size=Size(384, 128),
    epochs=150,
    batches=partial(people_by_pictures, people=16, pictures=4),
    augment={"flip": flip, "erase": erase},
    losses={
        "identity": (1.0, partial(identity, smoothing=0.1)),
        "triplet": (1.0, partial(batch_hard_triplet, margin=1.0)),
    },
    optimizer=partial(SGD, lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True),
    schedule=partial(warmup_steps, steps=(60, 90, 120), factor=0.5, warmup=10, start=0.03, staircase=True),
    flip_test=True,
    pretrained=True,
)
market_paper = replace(
    market,
    model=partial(HybridAttention, backbone=resnet50, **PAPER),
    augment={"flip": flip, "erase": partial(erase, point="center")},
    optimizer=partial(SGD, lr=0.01, momentum=0.9, weight_decay=5e-4),
    schedule=equation_6,
)
dukemtmc = replace(market, data=load_dukemtmc)
cuhk03_labeled = replace(market, data=load_cuhk03_labeled)
cuhk03_detected = replace(market, data=load_cuhk03_detected)
msmt17 = replace(market, data=load_msmt17)

small = replace(
    baseline.small,
    # the map of a picture of 128 rows has 8: four levels, 10 windows
    model=partial(HybridAttention, backbone=baseline.narrow, k=4, channels=64, dim=64, **RELEASED),
    batches=partial(people_by_pictures, people=8, pictures=4),
    augment={"flip": flip, "erase": erase},
    losses={
        "identity": (1.0, partial(identity, smoothing=0.1)),
        "triplet": (1.0, partial(batch_hard_triplet, margin=1.0)),
    },
    flip_test=True,
)
