import threading
import time

import pytest

from passerby.gallery.contract import Unavailable
from passerby.serve.audit import note, noted


def lines(state, **asked):
    return [(line.who, line.what, line.answers) for line in noted(state.database, **asked)]


def run(state, statement, mode):
    """Run a statement as the owner of everything; `replica` passes ordinary triggers over."""
    with state.database.connection() as connection:
        connection.execute(f"SET LOCAL session_replication_role = {mode}")
        connection.execute(statement)


def filled(state, number=5):
    for row in range(number):
        note(state.database, f"who{row % 2}", f"what{row}", details={"row": row}, answers=row)


def test_a_line_comes_back_as_it_was_written(state):
    details = {
        "k": 50,
        "cameras": [1, 2],
        "labels": {"upper": "réd"},
        "none": None,
        "odd": "\0\ud800\U0001f600",
        "x": 0.1,
    }
    before = time.time()
    note(state.database, "anna", "search", details=details, answers=7)
    (line,) = noted(state.database)
    assert (line.who, line.what, line.details, line.answers) == ("anna", "search", details, 7)
    assert before - 1 < line.time < time.time() + 1


def test_the_latest_lines_come_first_and_pages_meet(state):
    filled(state)
    assert lines(state) == [(f"who{row % 2}", f"what{row}", row) for row in (4, 3, 2, 1, 0)]
    seen, before = [], None
    while page := noted(state.database, limit=2, before=before):
        seen += [line.what for line in page]
        before = page[-1].number
    assert seen == ["what4", "what3", "what2", "what1", "what0"]


def test_lines_can_be_those_of_one_or_of_a_time(state):
    filled(state)
    assert lines(state, who="who1") == [("who1", "what3", 3), ("who1", "what1", 1)]
    assert lines(state, who="nobody") == []
    times = [line.time for line in noted(state.database)]
    assert [line.time for line in noted(state.database, since=times[1])] == times[:2]
    assert lines(state, since=time.time() + 60) == []
    assert len(lines(state, since=-1e300)) == 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE passerby_state.audit SET who = 'somebody else'",
        "UPDATE passerby_state.audit SET who = 'somebody else' WHERE false",
        "DELETE FROM passerby_state.audit",
        "DELETE FROM passerby_state.audit WHERE number = 1",
        "TRUNCATE passerby_state.audit",
        "TRUNCATE passerby_state.audit, passerby_state.marks CASCADE",
        "INSERT INTO passerby_state.audit (number, who, what, answers, details) OVERRIDING SYSTEM VALUE"
        " SELECT number, 'x', 'x', 0, '{}' FROM passerby_state.audit ON CONFLICT (number) DO UPDATE SET who = 'x'",
        "MERGE INTO passerby_state.audit a USING passerby_state.audit b ON a.number = b.number"
        " WHEN MATCHED THEN DELETE",
    ],
)
@pytest.mark.parametrize("mode", ["origin", "replica"])
def test_no_line_can_be_changed_or_taken_away(state, statement, mode):
    filled(state)
    told = noted(state.database)
    with pytest.raises(Unavailable, match="The audit is only ever added to"):
        run(state, statement, mode)
    assert noted(state.database) == told


@pytest.mark.parametrize(
    "wrong",
    [
        {"who": ""},
        {"who": "a\nb"},
        {"who": "a" * 201},
        {"what": ""},
        {"what": "\0"},
        {"answers": -1},
        {"answers": 2**31},
        {"details": {"picture": b"\xff\xd8"}},
        {"details": {"x": float("nan")}},
        {"details": {"x": "a" * 2**18}},
    ],
    ids=str,
)
def test_a_line_that_cannot_be_kept_is_refused(state, wrong):
    line = {"who": "anna", "what": "search", "details": {}, "answers": 0} | wrong
    with pytest.raises(ValueError, match=r"^[^\n]{1,300}$"):
        note(state.database, line["who"], line["what"], details=line["details"], answers=line["answers"])
    assert noted(state.database) == []


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 10_001}, {"before": -1}, {"before": 2**63}])
def test_a_page_that_there_is_not_is_refused(state, wrong):
    with pytest.raises(ValueError, match=r"; give "):
        noted(state.database, **wrong)


def test_lines_of_many_threads_are_all_kept(state):
    threads = [threading.Thread(target=filled, args=(state, 10)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = noted(state.database)
    assert len(found) == 60
    assert len({line.number for line in found}) == 60
