-- The log. Its rows are the versions of the documents as well: each document is stored once, as it was given; its version is rv. A row
-- stays while it is the newest version of its object, or while a change above the floor needs it as its previous version.
-- Documents up to 8 KB stay in the row and are not compressed: that would be done while the lock on the log is held.
CREATE TABLE change (
    rv       bigint PRIMARY KEY,  -- the position, which is the resourceVersion
    type     smallint NOT NULL,   -- 0 added, 1 modified, 2 deleted
    resource text COLLATE "C" NOT NULL,
    ns       text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    prev_rv  bigint,              -- the version this change replaced; null when it added the object
    doc      bytea NOT NULL
) WITH (toast_tuple_target = 8160);

-- Finds what a key was at an older position: the change that replaced a version of then.
CREATE INDEX change_replacing ON change (resource, rv, prev_rv, ns, name) WHERE prev_rv IS NOT NULL;

-- The objects that exist, each pointing at its newest version.
CREATE TABLE object (
    resource   text COLLATE "C" NOT NULL,
    ns         text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    rv         bigint NOT NULL,
    wake_shard smallint NOT NULL,
    next_wake  bigint,            -- UTC ticks (100 ns)
    notes      bytea,
    PRIMARY KEY (resource, ns, name)
) WITH (fillfactor = 80);

CREATE INDEX object_due ON object (next_wake, wake_shard) WHERE next_wake IS NOT NULL;

-- One row. Whoever writes locks it first and keeps it until the commit, which makes positions visible in their order. Room in the page
-- and eager vacuuming, because it is updated by every transaction.
CREATE TABLE log (
    id      smallint PRIMARY KEY CHECK (id = 1),
    head    bigint NOT NULL,
    floor   bigint NOT NULL,
    trimmed bigint NOT NULL       -- rows at and below the floor are deleted up to here
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

INSERT INTO log (id, head, floor, trimmed) VALUES (1, 0, 0, 0);

-- The writing connections, each with a receipt of its last transaction. When a connection is lost during a commit, its receipt tells
-- whether the transaction happened; closing it makes sure that it will not happen later.
CREATE TABLE writer (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch  bigint NOT NULL DEFAULT 0,  -- the number of the last committed transaction
    base   bigint NOT NULL DEFAULT 0,  -- its changes are those above this position
    head   bigint NOT NULL DEFAULT 0,  -- up to this one
    closed boolean NOT NULL DEFAULT false,
    used   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
