-- The log. Its rows are the versions of the documents as well: each document is stored once. A row stays while it is the newest version
-- of its object, or while a change above the floor needs it as its previous version.
CREATE TABLE change (
    rv       INTEGER PRIMARY KEY,  -- the position, which is the resourceVersion
    type     INTEGER NOT NULL,     -- 0 added, 1 modified, 2 deleted
    resource TEXT NOT NULL,
    ns       TEXT NOT NULL,
    name     TEXT NOT NULL,
    prev_rv  INTEGER,              -- the version this change replaced; null when it added the object
    doc      BLOB NOT NULL         -- last, so that reading the other columns never touches overflow pages
);

-- Finds what a key was at an older position: the change that replaced a version of then. Appends only.
CREATE INDEX change_replacing ON change (resource, rv, prev_rv, ns, name) WHERE prev_rv IS NOT NULL;

-- The objects that exist, each pointing at its newest version.
CREATE TABLE object (
    resource   TEXT NOT NULL,
    ns         TEXT NOT NULL,
    name       TEXT NOT NULL,
    rv         INTEGER NOT NULL,
    wake_shard INTEGER NOT NULL,
    next_wake  INTEGER,            -- UTC ticks (100 ns)
    notes      BLOB,
    PRIMARY KEY (resource, ns, name)
) WITHOUT ROWID;

CREATE INDEX object_due ON object (next_wake, wake_shard) WHERE next_wake IS NOT NULL;

-- One row. Kept apart from the log, because a position must not be used again even when the newest rows are gone.
CREATE TABLE log (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    head    INTEGER NOT NULL,
    floor   INTEGER NOT NULL,
    trimmed INTEGER NOT NULL       -- rows at and below the floor are deleted up to here
);

INSERT INTO log (id, head, floor, trimmed) VALUES (1, 0, 0, 0);
