"""The tables of keys, audit and marks, as the steps that made them; a step that was released is never changed."""

VERSION_TABLE = """
CREATE SCHEMA IF NOT EXISTS passerby_state;
CREATE TABLE IF NOT EXISTS passerby_state.version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version integer NOT NULL
);
INSERT INTO passerby_state.version (version) VALUES (0) ON CONFLICT DO NOTHING;
"""

STEPS = (
    """
CREATE TABLE passerby_state.keys (
    id text PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('search', 'add', 'admin')),
    salt bytea NOT NULL,
    hash bytea NOT NULL,
    made timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked timestamptz
);
CREATE UNIQUE INDEX keys_name ON passerby_state.keys (name) WHERE revoked IS NULL;

CREATE TABLE passerby_state.audit (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time timestamptz NOT NULL DEFAULT clock_timestamp(),
    who text NOT NULL,
    what text NOT NULL,
    answers integer NOT NULL CHECK (answers >= 0),
    details json NOT NULL
);
CREATE INDEX audit_time ON passerby_state.audit (time);
CREATE FUNCTION passerby_state.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit is only ever added to; % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_rows BEFORE UPDATE OR DELETE ON passerby_state.audit
    FOR EACH ROW EXECUTE FUNCTION passerby_state.refuse();
CREATE TRIGGER audit_table BEFORE UPDATE OR DELETE OR TRUNCATE ON passerby_state.audit
    FOR EACH STATEMENT EXECUTE FUNCTION passerby_state.refuse();
ALTER TABLE passerby_state.audit ENABLE ALWAYS TRIGGER audit_rows;
ALTER TABLE passerby_state.audit ENABLE ALWAYS TRIGGER audit_table;
REVOKE UPDATE, DELETE, TRUNCATE ON passerby_state.audit FROM PUBLIC, CURRENT_USER;

CREATE TABLE passerby_state.marks (
    "case" text NOT NULL,
    record text NOT NULL,
    "right" boolean NOT NULL,
    who text NOT NULL,
    time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY ("case", record)
);
CREATE INDEX marks_record ON passerby_state.marks (record);
""",
)
"""Step i makes version i + 1 of version i."""
