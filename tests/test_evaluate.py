"""`passerby eval` on a tiny set: what it writes, and what it refuses before the first picture is embedded."""

import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest

import people
from passerby import cli, evaluate, judge, run
from passerby.datasets import manifest, market1501
from passerby.evaluation.common_protocol import SYSTEM, common_protocol
from passerby.evaluation.reranking import Reranking
from passerby.evaluation.rules import MULTI_QUERY, TRACKLETS, Rules
from passerby.evaluation.saved import read
from passerby.report.dependence import WORDS
from passerby.types import DISTRACTOR, Crop


@contextmanager
def silent(*_):
    yield lambda _: None


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return people.market(tmp_path_factory.mktemp("data") / "market")


@pytest.fixture(scope="module")
def trained(market, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    assert cli.exit_code(["train", "demo", *people.SMALL, "--data", f"market1501:{market}", "--out", str(out)]) == 0
    return run.load(out)


@pytest.fixture(scope="module")
def data(market):
    return market1501.load(market)


@pytest.fixture
def blind(trained, monkeypatch):
    """The run, whose network must not be asked for anything."""

    def looked(*_, **__):
        pytest.fail("a picture was embedded before the refusal")

    monkeypatch.setattr(trained.model, "forward", looked)
    return trained


def crops(folder, count):
    for n in range(count):
        people.picture(folder / f"d{n}.jpg", 90 + n, 1)
    return tuple(Crop(folder / f"d{n}.jpg", DISTRACTOR) for n in range(count))


def test_several_sets_make_one_table_in_every_form(trained, data, tmp_path):
    other = market1501.load(people.market(tmp_path / "other", cameras=4))
    done = evaluate.evaluate(trained, [data, other], out=tmp_path / "out", progress=silent)
    assert [len(done.results.rows), len(set(done.results.scores))] == [2, 2]
    names = sorted(file.name for file in done.written)
    assert names[-3:] == ["table.json", "table.md", "table.tex"]
    assert [re.sub("[0-9a-f]{8}", "DIGEST", name) for name in names[:4]] == [
        "market1501-DIGEST.html",
        "market1501-DIGEST.json",
    ] * 2
    for file in (file for file in done.written if file.name.startswith("market") and file.suffix == ".json"):
        assert read(file).mAP in [scores.mAP for scores in done.results.scores.values()]


def test_distractors_make_a_result_for_each_number_and_a_curve(trained, data, tmp_path):
    more = replace(data, distractors=crops(tmp_path / "d", 6))
    done = evaluate.evaluate(trained, [more], out=tmp_path / "out", progress=silent, distractors=[0, 2, 6])
    plain = judge.judge(trained, data).scores
    added = {scores.protocol["distractors_added"]: scores for scores in done.results.scores.values()}
    assert list(added) == [0, 2, 6]
    assert added[0].mAP == plain.mAP >= added[2].mAP >= added[6].mAP
    assert len([file for file in done.written if file.name.endswith(".distractors.svg")]) == 1


def test_a_distractor_that_cannot_be_read_is_told(trained, data, tmp_path):
    more = crops(tmp_path / "d", 4)
    more[1].path.write_bytes(b"no picture")
    done = evaluate.evaluate(
        trained, [replace(data, distractors=more)], out=tmp_path / "out", progress=silent, distractors=[3]
    )
    assert {crop for crop, _ in done.broken} <= {more[1]}
    with pytest.raises(ValueError, match="Of 4 distractors 1 cannot be read, and 4 were asked for"):
        evaluate.evaluate(
            trained, [replace(data, distractors=more)], out=tmp_path / "out", progress=silent, distractors=[4]
        )


FEW = Rules(post_processing="reranking", reranking=Reranking(k1=4, k2=2))
BOTH = Rules(post_processing="expansion+reranking", reranking=Reranking(k1=4, k2=2))


def many(data):
    """With enough crops in the gallery to expand it."""
    more = tuple(replace(crop, path=crop.path.with_name(f"more_{crop.path.name}")) for crop in data.gallery)
    return replace(data, gallery=(*data.gallery, *more))


def refused(data, tmp_path):
    bare = [replace(crop, camid=None) for crop in data.gallery]
    far = shutil.copytree(data.query[0].path.parents[1], tmp_path / "copy")
    return [
        ({"ranks": [0]}, [data], r"ranks are \[0\]"),
        ({"ranks": [5, 5]}, [data], r"ranks are \[5, 5\]"),
        ({"parts": ["colour"]}, [data], "cannot be cut by 'colour'"),
        ({"parts": ["attribute"]}, [data], "no attribute labels"),
        ({"parts": ["camera_pair"], "rules": Rules(cameras=False)}, [replace(data, gallery=tuple(bare))], "No crop in"),
        ({"distractors": [-5]}, [data], "-5 distractors cannot be added"),
        ({"distractors": [5]}, [data], "comes with no distractors"),
        ({"distractors": [9]}, [replace(data, distractors=crops(tmp_path / "d", 3))], "9 distractors were asked for"),
        (
            {"distractors": [1]},
            [replace(data, distractors=(Crop(data.gallery[3].path, DISTRACTOR),))],
            "one of market1501's own query or gallery pictures",
        ),
        ({"rules": Rules(multi_query="mean")}, [data], "no further pictures"),
        ({"rules": Rules(tracklets="max")}, [data], "not every crop of market1501 is in one tracklet"),
        (
            {"rules": Rules(post_processing="reranking", reranking=Reranking(k1=20))},
            [data],
            "k1 of the re-ranking is 20",
        ),
        (
            {"rules": FEW, "distractors": [1]},
            [replace(data, distractors=crops(tmp_path / "n", 3))],
            "With --rerank a result depends on its whole gallery, .* leave --rerank or --distractors out",
        ),
        (
            {"rules": BOTH, "distractors": [1]},
            [replace(many(data), distractors=crops(tmp_path / "n", 3))],
            "With --expand and --rerank a result depends on its whole gallery",
        ),
        ({"rules": FEW, "parts": ["camera_pair"]}, [data], "no pairs of cameras; leave --rerank or --by camera_pair"),
        (
            {"rules": Rules(post_processing="expansion"), "parts": ["camera_pair"]},
            [many(data)],
            "leave --expand or --by camera_pair out",
        ),
        (
            {"rules": FEW},
            [replace(data, galleries={row: (row, 3) for row in range(len(data.query))})],
            "has a gallery for each query; reranking needs one for all",
        ),
        ({}, [data, data], "given twice"),
        ({}, [data, market1501.load(far)], "Two data sets hold the same crops"),
        ({"out": data.query[0].path}, [data], "is a file; give a folder"),
    ]


def test_what_cannot_be_judged_is_refused_before_a_picture_is_embedded(blind, data, tmp_path):
    for options, sets, message in refused(data, tmp_path):
        with pytest.raises(ValueError, match=message):
            evaluate.evaluate(blind, sets, **{"out": tmp_path / "out", "progress": silent, **options})
    assert not (tmp_path / "out").exists()


def test_a_run_is_not_judged_on_pictures_of_its_training_not_even_on_the_part_that_it_saw(tmp_path):
    for name in "abcdef":
        for n in range(2):
            people.picture(tmp_path / "own" / name / f"{n}.jpg", ord(name), n)
    own = manifest.load(tmp_path / "own")
    trained = run.train("demo", data=own, out=tmp_path / "run", changes=people.SMALL, validate=2)
    rules = Rules(leave_one_out=True, cameras=False)
    with pytest.raises(ValueError, match="was trained on pictures of this gallery"):
        judge.judge(trained, own, rules=rules)
    shutil.move(tmp_path / "own" / "a", tmp_path / "others" / "anna")
    people.picture(tmp_path / "others" / "ben" / "0.jpg", 7, 1)
    people.picture(tmp_path / "others" / "ben" / "1.jpg", 7, 2)
    assert judge.judge(trained, manifest.load(tmp_path / "others"), rules=rules).scores.queries == 4


def test_own_pictures_of_other_people_under_the_same_file_names_are_another_data_set(trained, tmp_path):
    for root, names in (("one", ("anna", "ben")), ("two", ("ulla", "vera"))):
        for name in names:
            for n in range(2):
                people.picture(tmp_path / root / name / f"{n}.jpg", len(name) + n, n)
    rules = Rules(leave_one_out=True, cameras=False)
    one, two = (judge.judge(trained, manifest.load(tmp_path / root), rules=rules).scores for root in ("one", "two"))
    with pytest.raises(ValueError, match=r"unlike protocols: (query|gallery)_sha256 is"):
        common_protocol({"one": one, "two": two})


def test_each_fact_that_the_judge_states_is_protocol_or_system(trained, data):
    scores = judge.judge(trained, data).scores
    for fact, value in scores.protocol.items():
        other = replace(scores, protocol={**scores.protocol, fact: f"not {value}"})
        if fact in SYSTEM:
            common_protocol({"a": scores, "b": other})
        else:
            with pytest.raises(ValueError, match=f"unlike protocols: {fact} is"):
                common_protocol({"a": scores, "b": other})
    assert {"epoch", "pillow", "preprocessing", "python", "device"} < scores.protocol.keys() & SYSTEM


@pytest.mark.parametrize("pool", [*TRACKLETS, "not pooled"])
def test_what_is_said_of_tracklets_reads_well(pool):
    told = WORDS["tracklets"](pool)
    assert told in ("no tracklets", "single frames of tracklets") or re.fullmatch(
        r"tracklets, each the (maximum|max|mean|auto) of its frames", told
    )
    assert all(WORDS["multi_query"](several) for several in MULTI_QUERY)


def listed(page):
    """File and distance of each picture of each ranked list of a page."""
    return re.findall(r'alt="Rank \d+, \w+: ([^"]+)">.*?<span class="hidden">distance </span>([0-9.]+)<', page, re.S)


def test_the_page_of_a_re_ranked_result_shows_the_re_ranked_lists_and_says_so(trained, data, tmp_path):
    done = {
        name: evaluate.evaluate(trained, [data], out=tmp_path / name, progress=silent, rules=rules, parts=())
        for name, rules in (("plain", Rules()), ("re-ranked", FEW))
    }
    judged = judge.judge(trained, data, rules=FEW)
    pages = {
        name: next(file for file in one.written if file.suffix == ".html").read_text() for name, one in done.items()
    }
    shown = sorted(listed(pages["re-ranked"]))
    assert shown == sorted(
        (judged.gallery.crops[row].path.name, f"{far:.3f}")
        for rows, distances in zip(judged.nearest.indices.tolist(), judged.nearest.distances.tolist(), strict=True)
        for row, far in zip(rows, distances, strict=True)
        if row >= 0
    )
    assert shown != sorted(listed(pages["plain"]))
    words = "Order and distances are those after k-reciprocal re-ranking (k1 4, k2 2, lambda 0.3)."
    assert words in pages["re-ranked"]
    assert "Order and distances are those after" not in pages["plain"]


def test_results_by_each_rule_lie_side_by_side_and_are_not_compared(capsys, trained, market, tmp_path):
    def call(*options):
        return cli.exit_code(["eval", str(trained.folder), "--data", f"market1501:{market}", *options])

    numbers = ("--rerank-k1", "4", "--rerank-k2", "2")
    for options in ((), ("--rerank", *numbers), ("--rerank", *numbers, "--rerank-lambda", "0.5")):
        assert call(*options, "--out", str(tmp_path)) == 0
    found = {re.sub("-[0-9a-f]{8}$", "", file.stem): file for file in tmp_path.glob("market1501*.json")}
    assert set(found) == {
        "market1501",
        "market1501-k-reciprocal-re-ranking-k1-4-k2-2-lambda-0.3",
        "market1501-k-reciprocal-re-ranking-k1-4-k2-2-lambda-0.5",
    }
    facts = {read(file).protocol["post_processing"] for file in found.values()}
    assert facts == {"none", *(f"k-reciprocal re-ranking (k1 4, k2 2, lambda {lam})" for lam in (0.3, 0.5))}
    capsys.readouterr()
    one, other, _ = found.values()
    assert cli.exit_code(["compare", str(one), str(other)]) == 2
    assert "unlike protocols: post_processing is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--rerank",), "k1 of the re-ranking is 20, and queries and gallery have 11 crops together: give 1 .. 10, or"),
        (("--rerank", "--rerank-k1", "0"), "k1 of the re-ranking is 0; give 1 or more"),
        (("--rerank", "--rerank-lambda", "2"), "lambda of the re-ranking is 2.0; give 0"),
        (("--rerank-k1", "9"), "--rerank-k1 says how to re-rank; add --rerank"),
        (("--expand", "--rerank-k2", "6"), "--rerank-k2 says how to re-rank; add --rerank"),
        (("--rerank-lambda", "0.3"), "--rerank-lambda says how to re-rank; add --rerank"),
        (("--rerank", "--leave-one-out"), "each picture would stand twice under leave-one-out"),
        (("--expand", "--rerank"), "The gallery has 8 crops; expansion"),
    ],
)
def test_re_ranking_that_cannot_be_is_one_line_and_exit_code_2(capsys, trained, market, tmp_path, options, message):
    arguments = ["eval", str(trained.folder), "--data", f"market1501:{market}", "--out", str(tmp_path / "out")]
    assert cli.exit_code([*arguments, *options]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert message in told.err
    assert not (tmp_path / "out").exists()


def unread(*_):
    pytest.fail("a picture was read before the refusal")


def test_what_ranking_takes_is_told_before_each_set_is_embedded_and_each_file_once_it_is_whole(trained, data, tmp_path):
    other = market1501.load(people.market(tmp_path / "other", cameras=4))
    told, files = [], []

    @contextmanager
    def progress(title, _):
        told.append(title)
        yield lambda _: None

    def written(file):
        assert file.stat().st_size > 0
        files.append(file)

    done = evaluate.evaluate(
        trained, [data, other], out=tmp_path / "out", progress=progress, on_peak=told.append, on_written=written
    )
    assert [one if isinstance(one, str) else (one.queries, one.crops, one.dim) for one in told] == [
        (3, 8, 8),
        "embedding market1501",
        (3, 11, 8),
        "embedding market1501",
    ]
    assert tuple(files) == done.written


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "ranking 3 queries"),
        ({"rules": FEW}, "re-ranking 3 queries"),
        ({"rules": Rules(leave_one_out=True)}, "ranking 9 queries"),
        ({"rules": Rules(post_processing="expansion")}, "expanding and ranking 3 queries"),
        ({"distractors": [0, 4000], "parts": []}, "ranking 3 queries"),
        ({"parts": ["camera_pair"]}, "ranking 3 queries"),
    ],
)
def test_too_small_a_budget_is_refused_before_a_picture_is_read_and_a_little_more_is_enough(
    trained, data, tmp_path, monkeypatch, options, name
):
    sets = [many(data) if "expansion" in options.get("rules", Rules()).steps else data]
    if "distractors" in options:
        nobody = tuple(Crop(tmp_path / f"{n}.jpg", DISTRACTOR) for n in range(4000))
        sets = [replace(data, distractors=nobody)]
    arguments = {"out": tmp_path / "out", "progress": silent, **options}
    with monkeypatch.context() as patched:
        patched.setattr("passerby.images.load", unread)
        with pytest.raises(ValueError, match=f"memory is 100 bytes; {name} .* give that much or more") as told:
            evaluate.evaluate(trained, sets, memory=100, **arguments)
        assert not (tmp_path / "out").exists()
        if sets[0] is not data:  # some of its pictures do not exist
            return
    enough = int(re.search(r"needs (?:about )?([0-9,]+) beside", str(told.value))[1].replace(",", ""))
    assert evaluate.evaluate(trained, sets, memory=enough, **arguments).written


def test_no_result_depends_on_the_budget_nor_says_anything_of_it(trained, data, tmp_path):
    more = replace(data, distractors=crops(tmp_path / "d", 6))
    for memory in (None, 10**7):
        evaluate.evaluate(
            trained, [more], out=tmp_path / str(memory), progress=silent, distractors=[0, 6], memory=memory
        )
        evaluate.evaluate(
            trained, [data], out=tmp_path / str(memory), progress=silent, parts=["camera_pair"], memory=memory
        )
    one, other = (sorted((tmp_path / str(memory)).iterdir()) for memory in (None, 10**7))
    assert [file.name for file in one] == [file.name for file in other]
    for left, right in zip(one, other, strict=True):
        if left.suffix in (".json", ".md"):
            assert left.read_text() == right.read_text()


def test_the_command_takes_a_size_and_tells_what_ranking_takes(capsys, trained, market, tmp_path):
    arguments = ["eval", str(trained.folder), "--data", f"market1501:{market}", "--out", str(tmp_path / "out")]
    for size, told in (
        ("5", "--memory is '5'; give a number and a unit, such as 500MB"),
        ("1KB", "memory is 1,000 bytes; ranking 3 queries in 8 crops of 8 dimensions needs "),
    ):
        assert cli.exit_code([*arguments, "--memory", size]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert told in err
        assert not (tmp_path / "out").exists()
    assert cli.exit_code([*arguments, "--memory", "0.01 GiB"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        r"Ranking 3 queries in 8 crops of 8 dimensions: at most [0-9.]+ MB beside the vectors \(0.01 MB\)\.", lines[0]
    )


def test_results_of_the_command_can_be_compared(capsys, trained, market, tmp_path):
    arguments = ["eval", str(trained.folder), "--data", f"market1501:{market}", "--out"]
    assert cli.exit_code([*arguments, str(tmp_path / "a")]) == 0
    assert cli.exit_code([*arguments, str(tmp_path / "b"), "--ap", "trapezoid"]) == 0
    one, other = (next((tmp_path / name).glob("market1501-*.json")) for name in "ab")
    assert cli.exit_code(["compare", str(one), str(one)]) == 0
    capsys.readouterr()
    assert cli.exit_code(["compare", str(one), str(other)]) == 2
    assert "unlike protocols: ap is step and trapezoid" in capsys.readouterr().err
    assert json.loads(one.read_text())["protocol"]["official"].startswith("no: ")
