-- What agents remember: entities, the relations between them, their texts and vectors.

-- "global", "workspace", "agent:NAME" or "conversation:ID". Rows are never changed or deleted, so that a number means one
-- scope for as long as the file lives.
CREATE TABLE scopes (
    id   INTEGER NOT NULL PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

-- The types of entities and of relations.
CREATE TABLE kinds (
    id   INTEGER NOT NULL PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE entities (
    -- No number is used twice, so that one that a client has kept never means another entity.
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- Never changed: relations hold copies of it.
    scope        INTEGER NOT NULL REFERENCES scopes (id),
    kind         INTEGER NOT NULL REFERENCES kinds (id),
    name         TEXT    NOT NULL,
    -- A JSON array of strings.
    observations TEXT    NOT NULL,
    -- A JSON object; NULL for an empty one.
    metadata     TEXT,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL,
    -- Grows with each change of what the vector stands for.
    version      INTEGER NOT NULL,
    -- Whether the vector is that of this version.
    embedded     INTEGER NOT NULL CHECK (embedded IN (0, 1)),
    UNIQUE (scope, name)
) STRICT;
CREATE INDEX entities_by_age ON entities (scope, updated_ms);
CREATE INDEX entities_unembedded ON entities (id) WHERE embedded = 0;

-- Unit vectors of 384 numbers of half precision, little-endian. They are apart from their entities, so that reading those
-- stays cheap.
CREATE TABLE vectors (
    entity INTEGER NOT NULL PRIMARY KEY REFERENCES entities (id) ON DELETE CASCADE,
    value  BLOB    NOT NULL CHECK (octet_length(value) = 768)
) STRICT;

-- Finds phrases and beginnings of words. It keeps no copy of the texts: rowids are entities' ids.
CREATE VIRTUAL TABLE entity_texts USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE relations (
    source       INTEGER NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    kind         INTEGER NOT NULL REFERENCES kinds (id),
    target       INTEGER NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    -- The ends' scopes, so that what may be seen of a walk is known without reading the entities.
    source_scope INTEGER NOT NULL,
    target_scope INTEGER NOT NULL,
    -- A JSON object; NULL for an empty one.
    metadata     TEXT,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (source, kind, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX relations_by_target ON relations (target, kind, source, source_scope);
