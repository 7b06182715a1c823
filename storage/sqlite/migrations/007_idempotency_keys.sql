-- Idempotency keys belong to a caller and a content, and have a lifetime of their own.

CREATE TABLE idempotency_keys (
  -- What store_state.keys_generation was. Keys of it and of the one before it are known; older ones go.
  -- A partition in the making: nothing but its number says how old a key is.
  generation INTEGER NOT NULL,
  caller TEXT NOT NULL,         -- '' in generation 1: not known, any caller
  key TEXT NOT NULL,
  content_digest BLOB,          -- NULL: not known, any content
  first_event INTEGER NOT NULL, -- events.id; those of one report are consecutive
  event_count INTEGER NOT NULL CHECK (event_count > 0),
  PRIMARY KEY (generation, caller, key)
) STRICT, WITHOUT ROWID;

-- The second and later events of a report had its key with U+001F and their place behind it.
INSERT INTO idempotency_keys (generation, caller, key, first_event, event_count)
SELECT 1, '', e.idempotency_key, e.id,
  1 + (SELECT count(*) FROM events m WHERE m.idempotency_key >= e.idempotency_key || char(31)
    AND m.idempotency_key < e.idempotency_key || char(32))
FROM events e WHERE e.idempotency_key IS NOT NULL AND instr(e.idempotency_key, char(31)) = 0;

DROP INDEX events_by_idempotency_key;
ALTER TABLE events DROP COLUMN idempotency_key;

-- How long the generation has been the current one, in microseconds in which a server ran: by a clock
-- that nobody sets.
ALTER TABLE store_state ADD COLUMN keys_generation INTEGER NOT NULL DEFAULT 2;
ALTER TABLE store_state ADD COLUMN keys_age INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store_state DROP COLUMN keys_forgotten_to;
