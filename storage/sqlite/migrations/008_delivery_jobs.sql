-- Changes of many deliveries that were asked for and are made in steps, the oldest first. A row goes
-- with its last step.
CREATE TABLE delivery_jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind INTEGER NOT NULL CHECK (kind IN (1, 2)),  -- 1: cancel what is pending, 2: replay
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id),
  asked_at INTEGER NOT NULL,
  -- Of a replay: which deliveries, and how far it has come.
  created_from INTEGER NOT NULL,
  created_before INTEGER NOT NULL,
  include_skipped INTEGER NOT NULL CHECK (include_skipped IN (0, 1)),
  state INTEGER NOT NULL,                        -- that is being replayed
  before_id INTEGER NOT NULL,                    -- those with greater ids are done
  last_id INTEGER NOT NULL,                      -- deliveries with greater ids came later
  changed INTEGER NOT NULL
) STRICT;

-- By how much the time of an event was ever behind that of an earlier one: times are searched for in
-- the order of ids, and this is how far that can be wrong.
ALTER TABLE store_state ADD COLUMN latest_accepted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store_state ADD COLUMN clock_setback INTEGER NOT NULL DEFAULT 0;

UPDATE store_state SET
  latest_accepted_at = coalesce((SELECT max(accepted_at) FROM events), 0),
  clock_setback = coalesce((SELECT max(latest - accepted_at) FROM (
    SELECT accepted_at, max(accepted_at) OVER (ORDER BY id) AS latest FROM events)), 0);

CREATE TRIGGER events_note_time AFTER INSERT ON events
BEGIN
  UPDATE store_state SET
    clock_setback = max(clock_setback, latest_accepted_at - NEW.accepted_at),
    latest_accepted_at = max(latest_accepted_at, NEW.accepted_at);
END;
