-- Turns that can be told apart by their client's key, resumed, and cancelled; conversations that can be forked, cleared
-- and summed up; what models cost.

-- The last `seq` that was given out: it goes on growing where messages are deleted, so that a number never means two
-- messages.
ALTER TABLE conversations ADD COLUMN last_seq INTEGER NOT NULL DEFAULT 0;
UPDATE conversations
SET last_seq = (SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = conversations.id);
-- A record, not a reference: the source may be deleted.
ALTER TABLE conversations ADD COLUMN forked_from TEXT;

-- The turn that wrote the message. Messages and turns of a conversation are deleted together, so nothing checks it.
ALTER TABLE messages ADD COLUMN turn TEXT;

-- SQLite can't change a CHECK, so the table is made anew.
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
    state        TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted', 'cancelled')),
    -- The turn's first message; what was said before it has a smaller `seq`.
    seq          INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL
) STRICT;
-- A turn used to be written just after the user's message that it answers.
INSERT INTO turns_new (number, id, conversation, parent, agent, task, state, status, seq, created_ms, updated_ms)
SELECT number, id, conversation, parent, agent, 'null', state, status,
       (SELECT coalesce(max(seq), 1) FROM messages
        WHERE messages.conversation = turns.conversation AND role = 'user' AND time_ms <= turns.created_ms),
       created_ms, updated_ms
FROM turns ORDER BY number;
DROP TABLE turns;
ALTER TABLE turns_new RENAME TO turns;
CREATE INDEX turns_by_conversation ON turns (conversation, number);
CREATE INDEX turns_by_parent ON turns (parent, call, number) WHERE parent IS NOT NULL;
CREATE INDEX turns_running ON turns (number) WHERE status = 'running';

-- Clients' idempotency keys. They are forgotten after a day, and with their turns.
CREATE TABLE turn_keys (
    key     TEXT    NOT NULL PRIMARY KEY,
    digest  TEXT    NOT NULL,
    turn    TEXT    NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    time_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_keys_by_time ON turn_keys (time_ms);
CREATE INDEX turn_keys_by_turn ON turn_keys (turn);

-- What was said up to and including the message `seq`, in few words.
CREATE TABLE summaries (
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- Whose summary it is; empty: everybody's.
    agent        TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    text         TEXT    NOT NULL,
    UNIQUE (conversation, agent)
) STRICT;

-- What models were asked and cost, by day since 1970 in UTC. Money is whole pico-dollars (1e-12 US dollars), so that sums
-- are exact.
CREATE TABLE usage (
    day                 INTEGER NOT NULL,
    agent               TEXT    NOT NULL,
    model               TEXT    NOT NULL,
    completions         INTEGER NOT NULL,
    input_tokens        INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    output_tokens       INTEGER NOT NULL,
    cost_pusd           INTEGER NOT NULL,
    -- Completions whose price is not known; they add nothing to the cost.
    unpriced            INTEGER NOT NULL,
    PRIMARY KEY (day, agent, model)
) STRICT, WITHOUT ROWID;
