"""However many marks are made, so many are kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from passerby.serve import marks as module
from passerby.serve.ledger import TooManyMarks
from passerby.serve.marks import mark, marks, unmark
from serve.served import ListLedger, served

IDS = [f"{number:032x}" for number in range(50)]


def test_a_case_holds_so_many_marks_and_other_cases_theirs(state, monkeypatch):
    monkeypatch.setattr(module, "MOST_OF_CASE", 3)
    for record in IDS[:3]:
        mark(state.database, "a", record, right=True, who="anna")
    with pytest.raises(TooManyMarks, match="The case 'a' has 3 marks, and no more are kept"):
        mark(state.database, "a", IDS[3], right=True, who="anna")
    mark(state.database, "b", IDS[3], right=True, who="anna")
    assert mark(state.database, "a", IDS[0], right=False, who="bert").right is False  # instead of the one before
    unmark(state.database, "a", IDS[1])
    mark(state.database, "a", IDS[3], right=True, who="anna")
    assert len(marks(state.database)) == 4


def test_all_cases_together_hold_so_many(state, monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    for number, record in enumerate(IDS[:3]):
        mark(state.database, f"case {number}", record, right=True, who="anna")
    with pytest.raises(TooManyMarks, match="There are 3 marks of all cases"):
        mark(state.database, "another", IDS[3], right=True, who="anna")


def test_many_at_once_do_not_pass_the_bound(state, monkeypatch):
    monkeypatch.setattr(module, "MOST_OF_CASE", 10)

    def one(record):
        try:
            mark(state.database, "a", record, right=True, who="anna")
        except TooManyMarks:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, IDS)) == 10
    assert len(marks(state.database)) == 10


def test_a_mark_beyond_the_bound_is_409():
    ledger = ListLedger()

    def full(*given, **more):
        raise TooManyMarks("The case 'a' has 3 marks.")

    ledger.mark = full
    with served(ledger=ledger) as client:
        record = next(iter(client.gallery.held))
        answer = client.post("/api/v1/marks", json={"case": "a", "record": record, "right": True})
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json()["detail"] == "The case 'a' has 3 marks."
