"""Arguments that several commands take."""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

if TYPE_CHECKING:
    from passerby.evaluation.reranking import Reranking

Data = Annotated[str, Option("--data", metavar="[NAME:]DIR", help="Data set's folder, with the set's name in front.")]
Seed = Annotated[int, Option(help="Of all chance.", min=0, max=2**31 - 1)]
Workers = Annotated[int, Option(help="Processes that share the work.", min=0)]
Device = Annotated[str, Option(help="cpu, cuda, ...")]
Ap = Annotated[Literal["step", "trapezoid"], Option("--ap", help="Definition of average precision: step or trapezoid.")]
NoCameras = Annotated[bool, Option("--no-cameras", help="Do not leave out crops of the query's own camera.")]
Expand = Annotated[
    bool, Option("--expand", help="Move gallery and queries towards their nearest crops before ranking.")
]
Rerank = Annotated[
    bool, Option("--rerank", help="Rank by k-reciprocal re-ranking; after --expand, where both are given.")
]
RerankK1 = Annotated[int | None, Option(metavar="K", help="With --rerank: size of a neighbourhood; 20 by default.")]
RerankK2 = Annotated[
    int | None, Option(metavar="K", help="With --rerank: neighbours whose encodings are averaged; 6 by default.")
]
RerankLambda = Annotated[
    float | None, Option(metavar="SHARE", help="With --rerank: share of the distance from before; 0.3 by default.")
]
Memory = Annotated[
    str | None,
    Option(
        metavar="SIZE",
        help="Memory that ranking may take beside the descriptors, such as 500MB or 2GiB; no number depends on it.",
    ),
]


def post_processing(*, expand: bool, rerank: bool) -> str:
    """The rule that these options ask for, one of `rules.POST_PROCESSING`."""
    return "+".join(name for name, asked in (("expansion", expand), ("reranking", rerank)) if asked) or "none"


def reranking(*, rerank: bool, k1: int | None, k2: int | None, lam: float | None) -> "Reranking":
    """The settings of the re-ranking, by default where an option is not given.

    Raises:
        ValueError: if one is given without --rerank, or is out of range.
    """
    from passerby.evaluation.reranking import USUAL, Reranking

    for option, value in (("k1", k1), ("k2", k2), ("lambda", lam)):
        if value is not None and not rerank:
            raise ValueError(f"--rerank-{option} says how to re-rank; add --rerank.")
    return Reranking(
        k1=USUAL.k1 if k1 is None else k1, k2=USUAL.k2 if k2 is None else k2, lam=USUAL.lam if lam is None else lam
    )
