import threading

import pytest

from passerby.gallery.contract import Unavailable
from passerby.serve.keys import make
from passerby.serve.ledger import Asker, Ledger
from passerby.serve.state import State, open_state
from passerby.serve.state_steps import STEPS

RECORD = "ab" * 16


def test_what_is_kept_is_there_when_it_is_opened_again(tmp_path):
    first = open_state(str(tmp_path / "state"))
    key = make(first.database, "anna", "add")
    first.note("anna", "search", details={"k": 5}, answers=5)
    first.mark("case", RECORD, right=True, who="anna")
    first.close()
    again = open_state(str(tmp_path / "state"), make=False)
    assert again.who(key) == Asker("anna", "add")
    assert [line.what for line in again.noted(limit=9, before=None)] == ["search"]
    assert [(one.case, one.record, one.right) for one in again.marks(None)] == [("case", RECORD, True)]
    again.close()
    with pytest.raises(Unavailable):
        again.ready()


def test_a_state_is_a_ledger(state):
    ledger: Ledger = state
    assert ledger.keyless()
    assert ledger.who(None) == Asker("anybody", "admin")
    ledger.note("anna", "search", details={}, answers=0)
    assert len(ledger.noted(limit=1, before=None)) == 1
    marked = ledger.mark("case", RECORD, right=False, who="anna")
    assert ledger.marks("case") == [marked]
    assert ledger.unmark("case", RECORD)
    ledger.ready()


def test_a_folder_that_is_not_there_is_not_made_where_none_shall_be(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_state(str(tmp_path / "nothing"), make=False)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("url", ["milvus:there.db", "milvus://localhost:19530/people"])
def test_a_store_of_vectors_alone_is_refused_with_what_to_do(url):
    with pytest.raises(ValueError, match=r"; say by --state in which folder keys, audit and marks are kept\.$"):
        open_state(url)


def test_many_that_open_at_once_make_the_tables_once(state_folder, state):
    with state.database.connection() as connection:
        connection.execute("DROP SCHEMA passerby_state CASCADE")
    opened, failed = [], []

    def one():
        try:
            opened.append(open_state(str(state_folder)))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    for number, each in enumerate(opened):
        each.note(f"who{number}", "opened", details={}, answers=0)
        each.close()
    assert len(state.noted(limit=10, before=None)) == 4


def test_tables_of_a_newer_version_are_refused_and_left_alone(state_folder, state):
    state.note("anna", "search", details={}, answers=0)
    with state.database.connection() as connection:
        connection.execute("UPDATE passerby_state.version SET version = %s", (len(STEPS) + 1,))
    try:
        with pytest.raises(ValueError, match=rf"are of version {len(STEPS) + 1}, .* update passerby\.$"):
            open_state(str(state_folder))
        assert len(state.noted(limit=10, before=None)) == 1
    finally:
        with state.database.connection() as connection:
            connection.execute("UPDATE passerby_state.version SET version = %s", (len(STEPS),))


def test_older_tables_are_brought_up_to_date_step_by_step_and_keep_what_they_hold(state_folder, state, monkeypatch):
    state.mark("case", RECORD, right=True, who="anna")
    more = "ALTER TABLE passerby_state.marks ADD COLUMN remark text NOT NULL DEFAULT 'none'"
    monkeypatch.setattr("passerby.serve.state.STEPS", (*STEPS, more))
    open_state(str(state_folder)).close()
    open_state(str(state_folder)).close()  # a step is done once
    with state.database.connection() as connection:
        assert connection.execute("SELECT record, remark FROM passerby_state.marks").fetchall() == [(RECORD, "none")]
        connection.execute("ALTER TABLE passerby_state.marks DROP COLUMN remark")
        connection.execute("UPDATE passerby_state.version SET version = %s", (len(STEPS),))


def test_a_step_that_fails_leaves_nothing_half_done(state_folder, state, monkeypatch):
    more = ("CREATE TABLE passerby_state.more (one integer)", "CREATE TABLE passerby_state.more (one integer)")
    monkeypatch.setattr("passerby.serve.state.STEPS", (*STEPS, *more))
    with pytest.raises(Exception, match="already exists"):
        open_state(str(state_folder))
    with state.database.connection() as connection:
        assert connection.execute("SELECT to_regclass('passerby_state.more')").fetchone() == (None,)
        assert connection.execute("SELECT version FROM passerby_state.version").fetchone() == (len(STEPS),)


def test_a_state_holds_its_database_only():
    assert State.__slots__ == ("database",)
