"""docs/papers/rows.md names a command for each row that the papers publish of their own systems; each can be run."""

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import torch
import typer

from passerby import cli, data_argument, run
from passerby.plan import plan
from passerby.study import find, tables
from passerby.training.describe import describe

PAPERS = Path(__file__).parents[1] / "docs" / "papers"
PAGE = PAPERS / "rows.md"
TEXT = PAGE.read_text(encoding="utf-8")
PRINTED = {"rank1": "rank-1", "rank5": "rank-5", "rank10": "rank-10", "rank20": "rank-20", "mAP": "mAP"}
STEP = {"horizontal_pooling", "joint_attention"}
"""The systems whose papers' mAP is by steps; the others' is the trapezoid's."""


def shown(text):
    """Command lines that stand in blocks, as words without `passerby`."""
    return [shlex.split(line, comments=True) for line in re.findall(r"^ {4}passerby (.+)$", text, flags=re.MULTILINE)]


def quoted(text):
    """Command lines in a cell or a sentence; `passerby eval` alone speaks of the command."""
    found = [shlex.split(line) for line in re.findall(r"`passerby ([^`]+)`", text)]
    return [words for words in found if len(words) > 1]


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def page_rows():
    """Rows of the page's tables that publish something, each by the heads of its columns."""
    heads, found = None, []
    for line in TEXT.splitlines():
        if not line.startswith("|"):
            heads = None
        elif heads is None:
            heads = cells(line)
        elif not set(line) <= set("|-: "):
            assert len(cells(line)) == len(heads), line
            found.append(dict(zip(heads, cells(line), strict=True)))
    return [row for row in found if "command" in row]


ROWS = page_rows()
TRAININGS = {words[words.index("--out") + 1]: words for words in shown(TEXT) if words[0] == "train"}
COMMANDS = [
    *(pytest.param(words, id=" ".join(words)) for words in (*shown(TEXT), *quoted(TEXT))),
    *(
        pytest.param(words, id=f"{page.name}: {' '.join(words)}")
        for page in sorted(PAPERS.glob("*.md"))
        if page != PAGE
        for words in shown(page.read_text(encoding="utf-8"))
    ),
]


@cache
def commands():
    return typer.main.get_command(cli.app).commands


def parsed(words):
    """A command's arguments as its function would get them; what the parser does not take is an error."""
    return commands()[words[0]].make_context(words[0], list(words[1:])).params


def check(words):
    """Refuse a command line that the parser, the recipes, the studies or the data sets do not know."""
    given = parsed(words)
    specs = given.get("data") or []
    if words[0] == "train":
        run.recipe(given["recipe"], given["changes"] or [])
    if words[0] == "data":
        specs = [f"{given['name']}:{given['folder']}"]
    if words[0] == "study":
        sources = [spec.partition("=")[2] if given["scale"] == "paper" else spec for spec in specs]
        keys = [spec.partition("=")[0] for spec in specs] if given["scale"] == "paper" else sources
        plan(find(given["table"]), keys, scale=given["scale"], rows=given["rows"], changes=given["changes"] or [])
        specs = sources
    for spec in [specs] if isinstance(specs, str) else specs:
        data_argument.named(spec)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_papers_pages_is_taken_by_the_command_line(words):
    check(words)


@pytest.mark.parametrize(
    "line",
    [
        "train joint_attention.nowhere --data MARKET --out runs/a",
        "train joint_attention.market model.nothing=1 --data MARKET --out runs/a",
        "train joint_attention.market epochs=many --data MARKET --out runs/a",
        "train joint_attention.market --data MARKET",
        "eval --data MARKET",
        "eval runs/a --data market1502:MARKET",
        "eval runs/a --data cuhk03.guessed:CUHK03",
        "eval runs/a --data MARKET --ap trapez",
        "eval runs/a --data MARKET --tracklets median",
        "eval runs/a --data MARKET --multi-query all",
        "eval runs/a --data MARKET --distractors many",
        "eval runs/a --data MARKET --distractor 0",
        "eval runs/a --data MARKET --rerank-k1 many",
        "study hybrid_attention.table_i --data market=MARKET --scale paper",
        "study hybrid_attention.table_ix --rows Nothing --data market=MARKET --scale paper",
        "study hybrid_attention.table_ix --data dukemtmc=DUKE --scale paper",
        "study hybrid_attention.table_ix --data market=market1502:MARKET --scale paper",
        "study hybrid_attention.table_viii --data WORLD",
        "data market1502 MARKET",
    ],
)
def test_a_wrong_command_would_be_found(line):
    with pytest.raises((ValueError, typer.TyperException)):
        check(shlex.split(line))


@pytest.mark.parametrize(
    ("table", "row"),
    [pytest.param(table, row, id=f"{table.name}: {row.name}") for table in tables().values() for row in table.rows],
)
def test_each_row_of_a_table_that_can_be_studied_stands_on_the_page_with_its_figures_and_its_command(table, row):
    number = table.title.partition(",")[0].removeprefix("Table ")
    asked = ["study", table.name, "--rows", row.name]
    (there,) = [one for one in ROWS if [words[:4] for words in quoted(one["command"])] == [asked]]
    assert (there["table"], there["row"]) == (number, row.name)
    figures = {}
    for head, cell in there.items():
        column, colon, metrics = head.partition(": ")
        if colon and cell != "-":
            figures[column] = dict(zip(metrics.split(" / "), map(float, cell.split(" / ")), strict=True))
    assert figures == {
        column: {PRINTED[metric]: percent for metric, percent in numbers.items()}
        for column, numbers in row.published.items()
    }
    given = parsed(quoted(there["command"])[0])
    assert given["scale"] == "paper"
    keys = [spec.partition("=")[0] for spec in given["data"]]
    planned = plan(table, keys, scale="paper", rows=given["rows"])
    assert {part.column.name for part in planned} == {*row.published}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " | ".join(row.values())[:90])
def test_each_row_on_the_page_has_one_command_or_says_that_there_is_none_yet(row):
    assert len(quoted(row["command"])) == 1


def test_the_rows_after_expansion_and_no_others_are_expanded():
    expanded = [row for row in ROWS if "--expand" in row["command"]]
    assert [row["row"] for row in expanded] == ["Ours (re-rank)"] * 4
    assert {row["table"] for row in expanded} == {"4"}


def test_no_row_of_their_own_is_published_after_k_reciprocal_re_ranking():
    assert not [row for row in ROWS if "--rerank" in row["command"]]


def judged():
    return [(row, words) for row in ROWS for words in quoted(row["command"]) if words[0] == "eval"]


@pytest.mark.parametrize(("row", "words"), judged(), ids=lambda one: " ".join(one) if isinstance(one, list) else "")
def test_what_is_judged_has_been_trained_above_and_is_judged_by_its_papers_average_precision(row, words):
    given = parsed(words)
    training = TRAININGS[str(given["folder"])]
    assert TEXT.index(f"--out {given['folder']}\n") < TEXT.index(shlex.join(words))
    system = training[1].partition(".")[0]
    # Person Search's own program has another rule than the codes that the paper's other columns are judged by
    assert given["ap"] == ("step" if system in STEP or row["data set"] == "Person Search" else "trapezoid")
    assert given["multi_query"] == ("mean" if row["data set"].endswith("several queries") else "none")
    assert given["no_cameras"] == (row["data set"] == "Person Search")


def test_no_training_stands_on_the_page_for_nothing():
    used = {words[1] for words in (*quoted(TEXT), *shown(TEXT)) if words[0] in ("eval", "attributes")}
    assert used == {*TRAININGS}


@pytest.mark.parametrize(
    ("recipe", "table", "row", "data", "published"),
    [
        ("hybrid_attention.market", "II", "Ours", "Market-1501", "rank-1 95.7, mAP 87.7"),
        ("hybrid_attention.dukemtmc", "III", "Ours", "DukeMTMC-reID", "rank-1 90.2, mAP 80.2"),
        ("hybrid_attention.cuhk03_labeled", "IV", "Ours", "CUHK03-NP labeled", "rank-1 80.3, mAP 76.2"),
        ("hybrid_attention.cuhk03_detected", "IV", "Ours", "CUHK03-NP detected", "rank-1 77.5, mAP 72.5"),
        ("hybrid_attention.msmt17", "V", "Ours", "MSMT17", "rank-1 79.6, rank-5 90.2, mAP 57.6"),
        ("hybrid_attention.dukemtmc", "VIII", "+ CAM", "Duke -> Market", "rank-1 54.33, mAP 26.43"),
        ("hybrid_attention.market", "VIII", "+ CAM", "Market -> Duke", "rank-1 42.52, mAP 25.37"),
        ("horizontal_pooling.market", "1", "MMHPN", "Market-1501, one query", "rank-1 94.6, mAP 83.4"),
        ("horizontal_pooling.market", "1", "MMHPN", "Market-1501, several queries", "rank-1 96.1, mAP 88.2"),
        ("horizontal_pooling.market", "1", "HPM (Ours)", "Market-1501, one query", "rank-1 93.5, mAP 81.6"),
        ("horizontal_pooling.market", "1", "HPM (Ours)", "Market-1501, several queries", "rank-1 95.8, mAP 87.1"),
        ("horizontal_pooling.dukemtmc", "2", "MMHPN(Ours)", "DukeMTMC-reID", "rank-1 87.8, mAP 75.1"),
        ("horizontal_pooling.dukemtmc", "2", "HPM (Ours)", "DukeMTMC-reID", "rank-1 85.6, mAP 71.7"),
        ("horizontal_pooling.cuhk03_detected", "3", "MMHPN", "CUHK03-NP detected", "rank-1 68.2, mAP 65.4"),
        ("horizontal_pooling.cuhk03_detected", "3", "HPM (Ours)", "CUHK03-NP detected", "rank-1 64.8, mAP 61.6"),
        ("joint_attention.market", "2", "Ours", "Market-1501", "rank-1 94.45, mAP 85.78"),
        ("joint_attention.dukemtmc", "3", "Ours", "DukeMTMC-reID", "rank-1 88.6, mAP 76.9"),
        ("joint_attention.msmt17", "4", "Ours", "MSMT17 V1", "rank-1 79.44, mAP 53.57"),
        ("global_embedding.market", "4", "Ours", "Market-1501, one query", "rank-1 92.2, rank-5 97.9, mAP 81.2"),
        ("global_embedding.market", "4", "Ours", "Market-1501, several queries", "rank-1 94.7, rank-5 98.6, mAP 87.3"),
        ("global_embedding.mars", "4", "Ours", "MARS", "rank-1 85.8, rank-5 96.5, mAP 79.7"),
        ("global_embedding.dukemtmc", "4", "Ours", "DukeMTMC-reID", "rank-1 85.2, rank-5 93.9, mAP 72.8"),
        ("global_embedding.person_search", "4", "Ours", "Person Search", "mAP 92.6"),
    ],
)
def test_rows_that_are_compared_with_others_stand_on_the_page_too(recipe, table, row, data, published):
    asked = {"table": table, "row": row, "data set": data, "published": published}
    (words,) = [words for one, words in judged() if {name: one[name] for name in asked} == asked]
    assert TRAININGS[words[1]][1] == recipe


def test_a_row_across_data_sets_is_judged_on_the_set_that_it_was_not_trained_on():
    across = {row["data set"]: words for row, words in judged() if row["table"] == "VIII"}
    names = {way: data_argument.named(parsed(words)["data"][0])[0] for way, words in across.items()}
    assert names == {"Duke -> Market": "market1501", "Market -> Duke": "dukemtmc"}


def test_the_curve_of_figure_7_goes_from_no_distractor_to_half_a_million_for_both_networks():
    curves = [words for row, words in judged() if row["table"] == "figure 7"]
    assert [parsed(words)["distractors"] for words in curves] == [list(range(0, 500_001, 100_000))] * 2
    names = [run.recipe(TRAININGS[words[1]][1], changes(TRAININGS[words[1]])) for words in curves]
    assert ["resnet50" in str(describe(recipe)) for recipe in names] == [True, False]


def changes(words):
    return parsed(words)["changes"] or []


@pytest.mark.parametrize("place", ["market", "duke", "detected"])
def test_the_horizontal_pooling_of_the_comparisons_is_that_of_table_4(place):
    (row,) = [row for row in find("horizontal_pooling.table_4").rows if row.name == "Baseline+MHPM"]
    words = TRAININGS[f"runs/hpm-{place}"]
    assert describe(run.recipe(words[1], changes(words))) == describe(run.recipe(words[1], row.changes))


@pytest.mark.parametrize("number", [1, 2, 4, 8, 12])
def test_a_point_of_figure_5_is_a_network_of_so_many_parts_and_the_first_is_the_baseline(number):
    words = TRAININGS[f"runs/parts-{number}"]
    recipe = run.recipe(words[1], changes(words))
    with torch.device("meta"):
        output = recipe.model(num_classes=5).train()(torch.empty(2, 3, recipe.size.height, recipe.size.width))
    assert len(output.logits) == number
    ((_, loss),) = recipe.losses.values()
    assert (loss.keywords["stripes"], loss.keywords["gamma"]) == ((number,), (0,))
    if number == 1:
        baseline = find("horizontal_pooling.table_4").rows[0]
        assert describe(recipe) == describe(run.recipe(words[1], baseline.changes))
