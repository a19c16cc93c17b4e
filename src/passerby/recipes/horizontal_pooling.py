"""Multi-level and multi-scale horizontal pooling network (MMHPN: MSM, MHPM, APS, PSL).

Source: the paper "Multi-level and multi-scale horizontal pooling network for person re-identification".
Published rank-1 / mAP: Market-1501 94.6 / 83.4, with several queries 96.1 / 88.2 (table 1), DukeMTMC-reID 87.8 / 75.1
(table 2), CUHK03-NP detected 68.2 / 65.4 (table 3).
Ours on these data sets: not measured. On the drawn world: docs/papers/results.md.

    passerby train horizontal_pooling.market --data DIR --out RUN       60 epochs; needs a GPU
    passerby train horizontal_pooling.small --data WORLD --out RUN      minutes on two CPU cores
"""

from dataclasses import replace
from functools import partial

from torch.optim import SGD

from passerby.datasets.cuhk03 import detected as load_cuhk03_detected
from passerby.datasets.dukemtmc import load as load_dukemtmc
from passerby.datasets.market1501 import load as load_market1501
from passerby.images import Size
from passerby.losses.part_sensitive import part_sensitive
from passerby.models.backbone import backbone
from passerby.models.horizontal_pooling import HorizontalPooling
from passerby.recipes import baseline
from passerby.training.augment import flip
from passerby.training.batches import shuffled
from passerby.training.groups import Group
from passerby.training.recipe import Recipe
from passerby.training.schedule import steps

market = Recipe(
    model=partial(
        HorizontalPooling,
        backbone=partial(backbone, name="resnet50.tv_in1k", last_stride=1, zero_init_last=False),
        level_scales={"5_1": (8, 4), "5_2": (2,), "5_3": (1,)},
    ),
    data=load_market1501,
    size=Size(384, 128),
    epochs=60,
    batches=partial(shuffled, size=64),
    augment={"flip": flip},
    losses={"part_sensitive": (1.0, partial(part_sensitive, stripes=(8, 4, 2, 1), gamma=(0.3, 0.5, 1.5, 2.0)))},
    optimizer=partial(SGD, lr=0.1, momentum=0.9, weight_decay=5e-4),
    groups={"*alpha*": Group(decay=False, optional=True), "backbone.*": Group(rate=0.1)},
    schedule=partial(steps, steps=(30,)),
    pretrained=True,
)
dukemtmc = replace(market, data=load_dukemtmc)
cuhk03_detected = replace(market, data=load_cuhk03_detected)

small = replace(
    baseline.small,
    model=partial(
        HorizontalPooling,
        backbone=baseline.narrow,
        level_scales={"5_1": (8, 4), "5_2": (2,), "5_3": (1,)},
        stripe_dim=64,
    ),
    losses=market.losses,
    groups={"*alpha*": Group(decay=False, optional=True)},
)
