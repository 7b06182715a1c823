-- Times are microseconds since the Unix epoch. Numbers in CHECKs are those of storage/records.h.

-- One row: what the writer counts.
CREATE TABLE store_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Raised by every change to a webhook.
  webhooks_version INTEGER NOT NULL,
  -- Ids that were given are never given again, even if their rows are gone. AUTOINCREMENT would count
  -- the same once a row instead of once a transaction.
  next_delivery_id INTEGER NOT NULL,
  next_body_id INTEGER NOT NULL,
  -- Raised by every process that opens the database; leases of another epoch are void.
  lease_epoch INTEGER NOT NULL,
  -- Events up to this one (events.id) have lost their idempotency keys to age.
  keys_forgotten_to INTEGER NOT NULL
) STRICT;

INSERT INTO store_state (id, webhooks_version, next_delivery_id, next_body_id, lease_epoch,
  keys_forgotten_to)
VALUES (1, 1, 1, 1, 0, 0);

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Deleted webhooks stay, for the deliveries that name them.
CREATE TABLE webhooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  type INTEGER NOT NULL CHECK (type IN (1, 2)),
  mode INTEGER NOT NULL CHECK (mode IN (1, 2)),
  workspace_id INTEGER CHECK (workspace_id BETWEEN 1 AND 2147483647),
  skip_tls_verification INTEGER NOT NULL CHECK (skip_tls_verification IN (0, 1)),
  max_in_flight INTEGER CHECK (max_in_flight > 0),
  max_requests_per_second REAL CHECK (max_requests_per_second > 0),
  disabled_at INTEGER,
  disabled_reason TEXT NOT NULL,
  failing_since INTEGER,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;

-- "No workspace" is a scope of its own; a plain index would take every NULL for a different one.
CREATE UNIQUE INDEX webhooks_by_name ON webhooks (name, coalesce(workspace_id, 0))
WHERE deleted_at IS NULL;

CREATE TABLE triggers (
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id),
  type INTEGER NOT NULL CHECK (type IN (1, 2, 3, 4)),
  condition_json TEXT NOT NULL
) STRICT;

CREATE INDEX triggers_by_webhook ON triggers (webhook_id);

-- An event is written in one transaction with its bodies and deliveries, which have consecutive ids:
-- the two ranges stand for an index of each of those tables.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  experiment_id INTEGER NOT NULL,
  occurred_at INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  idempotency_key TEXT,
  first_delivery_id INTEGER NOT NULL,
  delivery_count INTEGER NOT NULL CHECK (delivery_count >= 0),
  first_body_id INTEGER NOT NULL,
  body_count INTEGER NOT NULL CHECK (body_count >= 0)
) STRICT;

CREATE UNIQUE INDEX events_by_event_id ON events (event_id);
CREATE UNIQUE INDEX events_by_idempotency_key ON events (idempotency_key)
WHERE idempotency_key IS NOT NULL;

CREATE TABLE bodies (
  id INTEGER PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;

-- One event can cause tens of thousands of these: rows are small, and every index and CHECK earns its
-- place (SQLite builds a table for a list of more than two values, for every row).
-- event_id and body_id are no foreign keys because each would need an index for deletions; the ranges
-- in events say the same.
CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY,
  event_id INTEGER NOT NULL,    -- events.id
  body_id INTEGER NOT NULL,     -- bodies.id
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id),
  trigger_id INTEGER NOT NULL,  -- the trigger may be gone
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6 AND state <> 2),
  accepted_as_skipped INTEGER NOT NULL CHECK (accepted_as_skipped IN (0, 1)),
  attempt_count INTEGER NOT NULL DEFAULT 0 CHECK (attempt_count >= 0),
  schedule_step INTEGER NOT NULL DEFAULT 0 CHECK (schedule_step >= 0),
  next_attempt_at INTEGER,
  lease_owner INTEGER,          -- an epoch
  lease_until INTEGER,
  -- Somebody asked for it again while it had a lease: the attempt under way decides only if it is
  -- confirmed.
  redelivered INTEGER NOT NULL DEFAULT 0 CHECK (redelivered IN (0, 1)),
  finished_at INTEGER,
  last_status INTEGER NOT NULL DEFAULT 0,
  last_error_class TEXT NOT NULL DEFAULT '',
  CHECK ((state = 1) = (next_attempt_at IS NOT NULL)),
  CHECK ((lease_owner IS NULL) = (lease_until IS NULL))
) STRICT;

-- What waits, in the order in which it is claimed. The id at the end of each index is implied.
CREATE INDEX deliveries_due ON deliveries (webhook_id, next_attempt_at) WHERE state = 1;
-- Newest first of one webhook.
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id);
-- Newest first of one state. Delivered ones are the rule and need no index.
CREATE INDEX deliveries_by_state ON deliveries (state) WHERE state <> 3;
-- Newest first of one webhook and state: failed, canceled or skipped.
CREATE INDEX deliveries_undelivered ON deliveries (webhook_id, state)
WHERE state NOT IN (1, 3);

CREATE TABLE attempts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries (id),
  number INTEGER NOT NULL CHECK (number > 0),
  started_at INTEGER NOT NULL,
  duration INTEGER NOT NULL,
  status INTEGER NOT NULL,
  error_class TEXT NOT NULL,
  error_message TEXT NOT NULL,
  response_excerpt TEXT NOT NULL,
  remote_address TEXT NOT NULL,
  url TEXT NOT NULL,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
