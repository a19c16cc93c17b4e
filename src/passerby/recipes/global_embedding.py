"""Re-ID done right: global max pooling, mined triplets, a curriculum.

Source: Almazan, Gajic, Murray, Larlus, "Re-ID done right: towards good practices for person re-identification".
Published rank-1 / mAP (table 4): Market-1501 92.2 / 81.2, with several queries 94.7 / 87.3; MARS 85.8 / 79.7;
DukeMTMC-reID 85.2 / 72.8; Person Search mAP 92.6.
Ours on these data sets: not measured. On the drawn world: docs/papers/results.md.

    passerby train global_embedding.market --data DIR --out RUN         60 epochs, then 4,096 updates; needs a GPU
    passerby train global_embedding.small --data WORLD --out RUN        minutes on two CPU cores

Two trainings: classification of identities, then ranking with the backbone that this leaves. An epoch of the second is
512 updates, after which the learning rate has halved. MARS is judged by tracklets, Person Search
with a gallery for each query: docs/papers/rows.md.
"""

from dataclasses import replace
from functools import partial

from torch.optim import SGD

from passerby.datasets.dukemtmc import load as load_dukemtmc
from passerby.datasets.market1501 import load as load_market1501
from passerby.datasets.mars import load as load_mars
from passerby.datasets.person_search import load as load_person_search
from passerby.images import Largest
from passerby.losses.dot_product_triplet import dot_product_triplet
from passerby.losses.identity import identity
from passerby.models.backbone import backbone
from passerby.models.global_embedding import GlobalEmbedding
from passerby.models.identity_embedding import IdentityEmbedding
from passerby.recipes import baseline
from passerby.training.augment import cutout, flip, random_resized_crop
from passerby.training.batches import shuffled
from passerby.training.mining import Mining
from passerby.training.recipe import Recipe
from passerby.training.schedule import half_life, steps

resnet101 = partial(backbone, name="resnet101.tv_in1k", zero_init_last=False)

classification = Recipe(
    model=partial(IdentityEmbedding, backbone=resnet101),
    data=load_market1501,
    size=Largest(416),
    epochs=60,
    batches=partial(shuffled, size=128),
    augment={"crop": partial(random_resized_crop, size=(224, 224))},
    losses={"identity": (1.0, identity)},
    optimizer=partial(SGD, lr=0.01, momentum=0.9, weight_decay=5e-5),
    schedule=partial(steps, steps=(20, 40)),
    pretrained=True,
)
market = Recipe(
    model=partial(GlobalEmbedding, backbone=resnet101, dim=2048, pool="max", classifier="none"),
    data=load_market1501,
    size=Largest(416),
    epochs=8,
    batches=Mining(updates=512, triplets=64, pool=5000, every=16, hardest=25),
    augment={
        # flips and crops brought the authors nothing (table 1); they are here to be switched on
        "flip": partial(flip, p=0.0),
        "crop": partial(random_resized_crop, p=0.0, keep_aspect=True),
        "cutout": partial(cutout, final=0.5),
    },
    losses={"triplet": (1.0, partial(dot_product_triplet, margin=0.1))},
    optimizer=partial(SGD, lr=1e-3, momentum=0.9, weight_decay=5e-5),
    schedule=partial(half_life, life=1.0),
    frozen_batch_norm="all",
    first=classification,
)
dukemtmc = replace(market, data=load_dukemtmc)
mars = replace(market, data=load_mars)
person_search = replace(market, data=load_person_search)

small = replace(
    market,
    model=partial(GlobalEmbedding, backbone=baseline.narrow, dim=256, pool="max", classifier="none"),
    data=baseline.small.data,
    size=Largest(128),
    epochs=1,
    # 64 updates of 48 pictures are about as many pictures as an epoch of a world of 200 training people; milder than
    # the paper's mining, since sharper mining cost these few updates from random weights more than it brought
    batches=Mining(updates=64, triplets=16, pool=512, every=16, hardest=200, at_once=16),
    augment={**market.augment, "cutout": partial(cutout, final=0.2)},
    optimizer=partial(SGD, lr=1e-2, momentum=0.9, weight_decay=5e-5),
    # with the ranking's epoch as many as the baseline has; classified by what the ranking pools
    first=replace(
        baseline.small,
        model=partial(IdentityEmbedding, backbone=baseline.narrow, pool="max"),
        epochs=baseline.small.epochs - 1,
    ),
)
