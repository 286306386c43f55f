-- Times are milliseconds since 1970 in UTC. Ids are UUIDs of version 7, so that they sort by creation.

CREATE TABLE conversations (
    id          TEXT    NOT NULL PRIMARY KEY,
    -- The conversation whose agent asked another agent; such conversations are not listed on their own.
    parent      TEXT    REFERENCES conversations (id) ON DELETE CASCADE,
    agent       TEXT    NOT NULL,
    title       TEXT,
    created_ms  INTEGER NOT NULL,
    updated_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_by_update ON conversations (updated_ms, id) WHERE parent IS NULL;
CREATE INDEX conversations_by_parent ON conversations (parent) WHERE parent IS NOT NULL;

CREATE TABLE messages (
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,
    role         TEXT    NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    agent        TEXT,
    content      TEXT    NOT NULL,
    tool_calls   TEXT,
    receipt      TEXT,
    time_ms      INTEGER NOT NULL,
    UNIQUE (conversation, seq)
) STRICT;

CREATE TABLE turns (
    -- Grows with every turn: it tells the turns of this server's life from those before it.
    number       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent       TEXT    REFERENCES turns (id) ON DELETE SET NULL,
    agent        TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX turns_by_conversation ON turns (conversation, number);
CREATE INDEX turns_by_parent ON turns (parent) WHERE parent IS NOT NULL;
CREATE INDEX turns_running ON turns (number) WHERE status = 'running';

CREATE TABLE component_state (
    component TEXT NOT NULL,
    key       TEXT NOT NULL,
    value     BLOB NOT NULL,
    UNIQUE (component, key)
) STRICT;

-- What each component's state adds up to. Triggers keep it, so that no write can forget to. 64 bytes are counted for
-- each entry, so that empty values are not free.
CREATE TABLE component_state_total (
    component TEXT    NOT NULL PRIMARY KEY,
    bytes     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER component_state_inserted AFTER INSERT ON component_state BEGIN
    INSERT INTO component_state_total (component, bytes)
    VALUES (new.component, octet_length(new.key) + octet_length(new.value) + 64)
    ON CONFLICT (component) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER component_state_updated AFTER UPDATE ON component_state BEGIN
    UPDATE component_state_total SET bytes = bytes + octet_length(new.value) - octet_length(old.value)
    WHERE component = new.component;
END;
CREATE TRIGGER component_state_deleted AFTER DELETE ON component_state BEGIN
    UPDATE component_state_total SET bytes = bytes - octet_length(old.key) - octet_length(old.value) - 64
    WHERE component = old.component;
END;

CREATE TABLE audit (
    number    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    time_ms   INTEGER NOT NULL,
    component TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    verdict   TEXT    NOT NULL CHECK (verdict IN ('allowed', 'denied', 'failed')),
    detail    TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_by_component ON audit (component, number);
-- The log is append-only, whoever writes to it.
CREATE TRIGGER audit_never_updated BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_never_deleted BEFORE DELETE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log is append-only');
END;
