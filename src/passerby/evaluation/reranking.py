"""By which numbers distances are re-ranked."""

from dataclasses import dataclass

NAME = "k-reciprocal re-ranking"
"""What the protocol of a result states as `post_processing`, with the numbers behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """Settings of k-reciprocal re-ranking, see `search.rerank.blocks`; as text what a result states of them.

    Args:
        k1: size of a neighbourhood, 1 or more.
        k2: neighbours whose encodings are averaged, the vector itself among them, 1 or more; 1 for none.
        lam: weight of the distance from before, 0 .. 1.

    Raises:
        ValueError: if a value is out of range.
    """

    k1: int = 20
    k2: int = 6
    lam: float = 0.3

    def __post_init__(self) -> None:
        for name in ("k1", "k2"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} of the re-ranking is {getattr(self, name)}; give 1 or more.")
        if not 0 <= self.lam <= 1:
            raise ValueError(
                f"lambda of the re-ranking is {self.lam}; give 0 (shared neighbours alone) .. 1 (the distance from "
                "before alone)."
            )

    def __str__(self) -> str:
        return f"{NAME} (k1 {self.k1}, k2 {self.k2}, lambda {self.lam + 0.0})"

    def check_size(self, queries: int, gallery: int) -> None:
        """Refuse neighbourhoods that are larger than queries and gallery together.

        Raises:
            ValueError: if k1 crops beside one, or k2, are more than there are.
        """
        total = queries + gallery
        for name, k, most in (("k1", self.k1, total - 1), ("k2", self.k2, total)):
            if k > most:
                raise ValueError(
                    f"{name} of the re-ranking is {k}, and queries and gallery have {total} crops together: "
                    + (f"give 1 .. {most}" if most else "give more crops")
                    + ", or leave re-ranking out."
                )


USUAL = Reranking()
"""The numbers of the method's paper, which others take unless they say otherwise."""
