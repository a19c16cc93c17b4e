"""The tables of "Mid-level Attribute and Part-based Identity Learning" that compare its own variants."""

from passerby.table import Column, Row, Table, printed

PAPER = "Zhang, Xu, Person Re-identification by Mid-level Attribute and Part-based Identity Learning"
MARKET = Column(name="Market-1501", trained_on="market", judged_on="market")
DUKE = Column(name="DukeMTMC-reID", trained_on="dukemtmc", judged_on="dukemtmc")
RANKS = ("rank1", "rank5", "rank10", "rank20", "mAP")

GLOBAL = ("model.branches=global", "losses.local=0")
LOCAL = ("model.branches=local", "losses.global=0", "losses.local.only=0")
NO_ATTRIBUTES = ("model.attribute_level=None", "losses.attributes=0")
RES4F = ("model.attribute_level=res4f", "model.overlap=True")
RES5C = ("model.attribute_level=res5c", "model.overlap=True")
SAME_WEIGHT = (*NO_ATTRIBUTES, "losses.local=5")

FEATURES = "The three rows are one training: the whole network, of which one descriptor or both are used. "
ONE_BRANCH = (
    "Each row is a network with this one branch. The maps of res4f and res5c have 14 and 7 rows at 224 x 224, which 4 "
    "bands do not divide: neighbouring bands share a row (our guess). "
)


def _ranks(*percent: float) -> dict[str, dict[str, float]]:
    return printed([MARKET], *percent, metrics=RANKS)


table_2 = Table(
    name="midlevel_attributes.table_2",
    paper=PAPER,
    title="Table 2, its own rows: global, local and fusional feature on Market-1501",
    columns=(MARKET,),
    rows=(
        Row(
            name="Global feature",
            test=("model.descriptor=global",),
            published=printed([MARKET], 86.58, 94.48, 96.73, 68.08, metrics=("rank1", "rank5", "rank10", "mAP")),
        ),
        Row(
            name="Local feature",
            test=("model.descriptor=local",),
            published=printed([MARKET], 86.34, 94.00, 95.99, 65.89, metrics=("rank1", "rank5", "rank10", "mAP")),
        ),
        Row(
            name="Fusional feature",
            published=printed([MARKET], 87.89, 94.89, 97.03, 70.04, metrics=("rank1", "rank5", "rank10", "mAP")),
        ),
    ),
    ap="trapezoid",
    note=FEATURES
    + "Its global feature (68.08 mAP) is better than table 4's (66.70), which had no part branch beside it.",
)

table_3 = Table(
    name="midlevel_attributes.table_3",
    paper=PAPER,
    title="Table 3, its own rows: global, local and fusional feature on DukeMTMC-reID",
    columns=(DUKE,),
    rows=(
        Row(name="Global feature", test=("model.descriptor=global",), published=printed([DUKE], 77.73, 59.08)),
        Row(name="Local feature", test=("model.descriptor=local",), published=printed([DUKE], 77.19, 57.69)),
        Row(name="Fusional feature", published=printed([DUKE], 79.67, 61.48)),
    ),
    ap="trapezoid",
    note=FEATURES + "The text puts the global feature 7.20 points of mAP above APR; the table's own figures give 7.57.",
)

table_4 = Table(
    name="midlevel_attributes.table_4",
    paper=PAPER,
    title="Table 4, the global feature with attribute learning from different layers",
    columns=(MARKET,),
    rows=(
        Row(
            name="Baseline 1",
            changes=(*GLOBAL, *NO_ATTRIBUTES),
            published=_ranks(81.24, 91.58, 94.02, 96.34, 60.68),
        ),
        Row(name="Global + res5c", changes=(*GLOBAL, *RES5C), published=_ranks(84.59, 93.67, 95.53, 97.14, 64.89)),
        Row(name="Global + res4f", changes=(*GLOBAL, *RES4F), published=_ranks(85.70, 94.04, 96.26, 97.43, 65.87)),
        Row(name="Global + res3d", changes=GLOBAL, published=_ranks(86.16, 94.57, 96.50, 97.83, 66.70)),
    ),
    ap="trapezoid",
    note=ONE_BRANCH + "Global + res5c is called a reproduction of APR in the text; it is our heads on bands here.",
)

table_5 = Table(
    name="midlevel_attributes.table_5",
    paper=PAPER,
    title="Table 5, the local feature with attribute learning from different layers",
    columns=(MARKET,),
    rows=(
        Row(
            name="Baseline 2",
            changes=(*LOCAL, *NO_ATTRIBUTES),
            published=_ranks(79.65, 91.83, 94.69, 95.41, 56.42),
        ),
        Row(name="Local + res5c", changes=(*LOCAL, *RES5C), published=_ranks(83.88, 93.23, 95.27, 96.15, 61.51)),
        Row(name="Local + res4f", changes=(*LOCAL, *RES4F), published=_ranks(84.65, 93.29, 95.90, 97.18, 63.48)),
        Row(name="Local + res3d", changes=LOCAL, published=_ranks(85.24, 93.78, 96.05, 97.00, 65.15)),
    ),
    ap="trapezoid",
    note=ONE_BRANCH.strip(),
)

table_6 = Table(
    name="midlevel_attributes.table_6",
    paper=PAPER,
    title="Table 6, the fusional feature without attributes",
    columns=(MARKET,),
    rows=(
        Row(
            name="Global",
            changes=SAME_WEIGHT,
            test=("model.descriptor=global",),
            published=_ranks(82.10, 92.61, 94.74, 96.70, 59.74),
        ),
        Row(
            name="Local",
            changes=SAME_WEIGHT,
            test=("model.descriptor=local",),
            published=_ranks(79.75, 90.94, 94.15, 96.05, 57.32),
        ),
        Row(name="Fusion", changes=SAME_WEIGHT, published=_ranks(83.82, 92.96, 95.72, 97.06, 64.07)),
    ),
    ap="trapezoid",
    note=(
        "The three rows are one training, without attributes and with both branches' losses of the same weight; that "
        "this is the global one's 5 is our guess."
    ),
)
