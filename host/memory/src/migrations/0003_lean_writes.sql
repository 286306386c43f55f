-- The same tables, cheaper to write: messages lie in the order in which they are read, and a CHECK with IN and more than two
-- values, for which SQLite builds a table for each row that it checks, is written with OR.

CREATE TABLE messages_new (
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,
    -- The turn that wrote the message. Messages and turns of a conversation are deleted together, so nothing checks it.
    turn         TEXT,
    role         TEXT    NOT NULL CHECK (role = 'user' OR role = 'assistant' OR role = 'tool' OR role = 'system'),
    agent        TEXT,
    content      TEXT    NOT NULL,
    tool_calls   TEXT,
    receipt      TEXT,
    time_ms      INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO messages_new (conversation, seq, turn, role, agent, content, tool_calls, receipt, time_ms)
SELECT conversation, seq, turn, role, agent, content, tool_calls, receipt, time_ms FROM messages
ORDER BY conversation, seq;
DROP TABLE messages;
ALTER TABLE messages_new RENAME TO messages;

CREATE TABLE turns_new (
    -- Grows with every turn: it tells the turns of this server's life from those before it.
    number       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent       TEXT    REFERENCES turns_new (id) ON DELETE SET NULL,
    -- The call of the parent's turn that this turn answers.
    call         TEXT,
    agent        TEXT    NOT NULL,
    -- What it was asked, beside its messages; written once.
    task         TEXT    NOT NULL,
    status       TEXT    NOT NULL
                 CHECK (status = 'running' OR status = 'done' OR status = 'failed' OR status = 'interrupted' OR status = 'cancelled'),
    -- The turn's first message; what was said before it has a smaller `seq`.
    seq          INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL,
    state        TEXT    NOT NULL
) STRICT;
INSERT INTO turns_new (number, id, conversation, parent, call, agent, task, status, seq, created_ms, updated_ms, state)
SELECT number, id, conversation, parent, call, agent, task, status, seq, created_ms, updated_ms, state
FROM turns ORDER BY number;
CREATE TABLE turn_keys_new (
    key     TEXT    NOT NULL PRIMARY KEY,
    digest  TEXT    NOT NULL,
    turn    TEXT    NOT NULL REFERENCES turns_new (id) ON DELETE CASCADE,
    time_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO turn_keys_new (key, digest, turn, time_ms) SELECT key, digest, turn, time_ms FROM turn_keys;
DROP TABLE turn_keys;
DROP TABLE turns;
ALTER TABLE turns_new RENAME TO turns;
ALTER TABLE turn_keys_new RENAME TO turn_keys;
CREATE INDEX turns_by_conversation ON turns (conversation, number);
CREATE INDEX turns_by_parent ON turns (parent, call, number) WHERE parent IS NOT NULL;
CREATE INDEX turns_running ON turns (number) WHERE status = 'running';
CREATE INDEX turn_keys_by_time ON turn_keys (time_ms);
CREATE INDEX turn_keys_by_turn ON turn_keys (turn);

CREATE TABLE audit_new (
    number    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    time_ms   INTEGER NOT NULL,
    component TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    verdict   TEXT    NOT NULL CHECK (verdict = 'allowed' OR verdict = 'denied' OR verdict = 'failed'),
    detail    TEXT    NOT NULL
) STRICT;
INSERT INTO audit_new (number, time_ms, component, action, target, verdict, detail)
SELECT number, time_ms, component, action, target, verdict, detail FROM audit ORDER BY number;
DROP TABLE audit;
ALTER TABLE audit_new RENAME TO audit;
CREATE INDEX audit_by_component ON audit (component, number);
-- The log is append-only, whoever writes to it.
CREATE TRIGGER audit_never_updated BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_never_deleted BEFORE DELETE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
