"""States in an embedded PostgreSQL."""

from contextlib import contextmanager

EMPTY = """
ALTER TABLE passerby_state.audit DISABLE TRIGGER USER;
TRUNCATE passerby_state.keys, passerby_state.audit, passerby_state.marks;
ALTER TABLE passerby_state.audit ENABLE ALWAYS TRIGGER audit_rows;
ALTER TABLE passerby_state.audit ENABLE ALWAYS TRIGGER audit_table;
"""


@contextmanager
def empty_state(folder):
    """The state in a folder, with nothing in it; only whoever owns the tables can empty an audit, and tells it so."""
    from passerby.serve.state import open_state  # which most tests do without

    kept = open_state(str(folder))
    try:
        with kept.database.connection() as connection:
            connection.execute(EMPTY)
        yield kept
    finally:
        kept.close()


@contextmanager
def folder_of_a_state(folder):
    """The folder of a state, whose server runs meanwhile."""
    from passerby.serve.state import open_state

    kept = open_state(str(folder))
    try:
        yield folder
    finally:
        kept.close()
