"""Write the tables and pictures of docs/performance.md from what `make bench` found.

    python benchmarks/performance.py [--results build/bench] [--docs docs]

Of the page only what stands between `<!-- NAME -->` and `<!-- end -->` is written; all else is left as it is. The
results themselves go into performance.json beside it, so that each figure can be looked up, with digits and sizes; the
tests hold the page against that file. What was not measured again keeps its figures of the last time.
"""

import argparse
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from _growth_picture import memory_picture, time_picture
from _made import KINDS
from _measure import Result
from run import EVALUATIONS

ROOT = Path(__file__).parents[1]
MISSING = "Not measured yet."
Cell = Callable[[Result], str]
NEIGHBOURS = ("market", "one", "distractors")
"""Sizes of that benchmark, in the order of the table."""
MARKED = re.compile(r"(?<=<!-- )(\w+)( -->\n).*?(\n<!-- end -->)", re.DOTALL)


def page(text: str, results: Mapping[str, Result]) -> str:
    """The page with its marked places filled from the results.

    Raises:
        KeyError: if a place has a name that nothing here fills.
        ValueError: if the results are of unlike machines or versions.
    """
    return MARKED.sub(lambda place: f"{place[1]}{place[2]}{BLOCKS[place[1]](results)}{place[3]}", text)


def _machine(results: Mapping[str, Result]) -> str:
    told = {json.dumps(one["machine"], sort_keys=True): one["machine"] for one in results.values()}
    if len(told) > 1:
        raise ValueError(f"The results are of {len(told)} machines or versions: {', '.join(told)}; run all again.")
    if not told:
        return MISSING
    (facts,) = told.values()
    threads = sorted({one["threads"] for one in results.values() if "threads" in one})
    known = [name for key, name in (("avx512", "AVX-512"), ("vnni", "VNNI"), ("bfloat16", "bfloat16")) if facts[key]]
    return (
        f"A CPU of {facts['cores']} cores{' with ' if known else ''}{' and '.join(known)}, {facts['memory_gb']:.0f} GB "
        f"of memory; threads used: {', '.join(map(str, threads))}; Python {facts['python']}, torch {facts['torch']}, "
        f"NumPy {facts['numpy']}. All of it took {sum(one['took_s'] for one in results.values()) / 60:.0f} minutes."
    )


def _evaluation(results: Mapping[str, Result]) -> str:
    names = [f"{size}_{kind}" for size in EVALUATIONS for kind in KINDS]
    return _table(
        {name.replace("_", ", "): results[name] for name in names if name in results},
        {
            "queries x gallery x dimensions": _size,
            "mAP, rank-1 (synthetic)": lambda one: f"{100 * one['mAP']:.1f}, {100 * one['rank1']:.1f}",
            "**ours**, CPU s (wall s)": _spent("ours"),
            "product, CPU s (wall s)": _spent("product"),
            "ours : product, CPU": _ratio("ours_to_product_cpu"),
            "ours : product without junk, CPU": _ratio("ours_to_product_without_junk_cpu"),
            "ours, memory added (in all)": _memory,
            "usual, CPU s (wall s)": lambda one: _spent("naive")(one) + _part(one),
            "usual : ours, CPU": _ratio("naive_to_ours_cpu"),
            "usual, memory added": lambda one: _megabytes(one["naive"]["added_mb"]) + _part(one),
            "with a loop over ranks, CPU s": lambda one: (
                f"{one['loop']['cpu_s']:.0f}, from {one['loop']['queries']} queries"
            ),
            "with a loop over ranks : ours, CPU": _ratio("loop_to_ours_cpu"),
            "largest difference in a query's AP": lambda one: f"{one['naive']['largest_difference_in_ap']:.1e}",
        },
    )


def _reranking(results: Mapping[str, Result]) -> str:
    return _table(
        {kind: results[f"reranking_{kind}"] for kind in KINDS if f"reranking_{kind}" in results},
        {
            "queries x gallery x dimensions": _size,
            "mAP before, after (synthetic)": lambda one: f"{100 * one['mAP']:.1f}, {100 * one['mAP_reranked']:.1f}",
            "**ours**, CPU s (wall s)": _spent("ours"),
            "all N x N products, CPU s (wall s)": _spent("product"),
            "ours : product, CPU": _ratio("ours_to_product_cpu"),
            "ours, memory added (in all)": _memory,
            "usual on a part, CPU s (vectors)": lambda one: (
                f"{one['part']['naive']['cpu_s']:.1f} ({one['naive']['vectors']:,})"
            ),
            "usual : ours on that part, CPU": lambda one: f"{one['part']['ratios']['naive_to_ours_cpu']:.1f}",
            "usual : ours on that part, memory": lambda one: f"{one['part']['ratios']['naive_to_ours_added']:.1f}",
            "usual scaled to all, CPU s; memory added": lambda one: (
                f"{one['naive']['cpu_s']:.0f}; {_megabytes(one['naive']['added_mb'])}"
            ),
        },
    )


def _live(results: Mapping[str, Result]) -> str:
    columns = {
        f"{kind}, k = {first['k']:,}": {
            **results[f"reranking_{kind}"]["live"],
            **first,
            "before": results[name]["live"],
        }
        for kind in KINDS
        if (name := f"reranking_{kind}") in results
        for first in results[name]["live"]["first"]
    }
    return _table(
        columns,
        {
            "ms a query, median": lambda one: f"{one['median_ms']:.0f}",
            "mAP before (synthetic)": lambda one: f"{100 * one['before']['mAP']:.1f}",
            "live": lambda one: f"{100 * one['mAP']:.1f}",
            "batch, the first k alone": lambda one: f"{100 * one['mAP_of_batch']:.1f}",
            "batch": lambda one: f"{100 * one['before']['mAP_reranked']:.1f}",
        },
    )


def _expansion(results: Mapping[str, Result]) -> str:
    return _table(
        {kind: results[f"expansion_{kind}"] for kind in KINDS if f"expansion_{kind}" in results},
        {
            "queries x gallery x dimensions": _size,
            "mAP before, after (synthetic)": lambda one: f"{100 * one['mAP']:.1f}, {100 * one['mAP_expanded']:.1f}",
            "**ours**, CPU s (wall s)": _spent("ours"),
            "products, CPU s (wall s)": _spent("product"),
            "ours : products, CPU": _ratio("ours_to_product_cpu"),
            "ours, memory added (in all)": _memory,
            "usual, CPU s": lambda one: f"{one['naive']['cpu_s']:.1f} (from {one['naive']['rows']:,} rows)",
            "usual : ours, CPU": _ratio("naive_to_ours_cpu"),
            "usual, memory added": lambda one: _megabytes(one["naive"]["added_mb"]),
        },
    )


def _neighbours(results: Mapping[str, Result]) -> str:
    found = results.get("neighbours", {})
    return _table(
        {name: found[name] for name in NEIGHBOURS if name in found},
        {
            "queries x gallery x dimensions": _size,
            "k": lambda one: str(one["k"]),
            "**ours**, CPU s (wall s)": _spent("ours"),
            "product, CPU s (wall s)": _spent("product"),
            "ours : product, CPU": _ratio("ours_to_product_cpu"),
            "faiss's flat index : ours, CPU": lambda one: (
                f"{one['ratios']['faiss_to_ours_cpu']:.2f}" if "faiss" in one else "not installed"
            ),
            "its lists in another order": lambda one: (
                f"{one['faiss']['lists_that_differ']:,} of {one['queries']:,}" if "faiss" in one else ""
            ),
            "usual : ours, CPU": _ratio("naive_to_ours_cpu"),
        },
    )


def _growth(results: Mapping[str, Result]) -> str:
    if "growth" not in results:
        return MISSING
    title = "of the evaluation against the size of the gallery, in logarithmic scale"
    pictures = f"![CPU seconds {title}](growth_time.svg)\n![Memory {title}](growth_memory.svg)"
    rows: dict[str, Cell] = {
        "**ours**, CPU s": lambda one: f"{one['ours']['cpu_s']:.1f}",
        "product, CPU s": lambda one: f"{one['product']['cpu_s']:.1f}",
        "usual, CPU s": lambda one: f"{one['naive']['cpu_s']:.1f}{_part(one)}",
        "**ours**, memory added": lambda one: _megabytes(one["ours"]["added_mb"]),
        "the vectors": lambda one: _megabytes(one["vectors_mb"]),
        "usual, memory added": lambda one: _megabytes(one["naive"]["added_mb"]),
    }
    sizes = {f"{one['gallery']:,} crops": one for one in results["growth"]["sizes"]}
    return f"{pictures}\n\n{_table(sizes, rows)}"


def _table(columns: Mapping[str, Result], rows: Mapping[str, Cell]) -> str:
    if not columns:
        return MISSING
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(cell(one) for one in columns.values())] for name, cell in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _size(one: Result) -> str:
    return f"{one['queries']:,} x {one['gallery']:,} x {one['dim']:,}"


def _part(one: Result) -> str:
    """Of how many queries the figure of the usual judge was scaled."""
    return f", from {one['naive']['queries']:,} queries" if one["naive"]["scaled"] else ""


def _spent(name: str) -> Cell:
    return lambda one: f"{one[name]['cpu_s']:.1f} ({one[name]['wall_s']:.1f})"


def _ratio(name: str) -> Cell:
    return lambda one: f"{one['ratios'][name]:.2f}"


def _memory(one: Result) -> str:
    return f"{_megabytes(one['ours']['added_mb'])} ({_megabytes(one['ours']['peak_mb'])})"


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"


BLOCKS: Mapping[str, Callable[[Mapping[str, Result]], str]] = {
    "machine": _machine,
    "evaluation": _evaluation,
    "reranking": _reranking,
    "live": _live,
    "expansion": _expansion,
    "neighbours": _neighbours,
    "growth": _growth,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    given = parser.parse_args()
    kept = given.docs / "performance.json"
    results = json.loads(kept.read_text())
    results |= {file.stem: json.loads(file.read_text()) for file in sorted(given.results.glob("*.json"))}
    shown = given.docs / "performance.md"
    text = page(shown.read_text(), results)
    kept.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    shown.write_text(text)
    if "growth" in results:
        (given.docs / "growth_time.svg").write_text(time_picture(results["growth"]))
        (given.docs / "growth_memory.svg").write_text(memory_picture(results["growth"]))


if __name__ == "__main__":
    main()
