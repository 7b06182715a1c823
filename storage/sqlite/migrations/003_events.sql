-- What triggers other than those of states need to remember, and what events were made from.

-- A serialized webhookd.v1.EventInput. NULL in events of earlier versions.
ALTER TABLE events ADD COLUMN input BLOB;

-- The version of the set of webhooks that the webhook's last change made. 0: before this was kept.
ALTER TABLE webhooks ADD COLUMN changed_version INTEGER NOT NULL DEFAULT 0;

-- What a trigger fires for only once. Written with the event that it fired for.
CREATE TABLE once_keys (
  trigger_id INTEGER NOT NULL,  -- the trigger may be gone
  scope TEXT NOT NULL,          -- such as "task/41.x"
  accepted_at INTEGER NOT NULL,
  PRIMARY KEY (trigger_id, scope)
) STRICT, WITHOUT ROWID;

-- Metric triggers that fired for a trial. Those that never did have no row.
CREATE TABLE metric_states (
  trigger_id INTEGER NOT NULL,  -- the trigger may be gone
  trial_id INTEGER NOT NULL,
  metric_group INTEGER NOT NULL CHECK (metric_group IN (1, 2)),
  -- Whether the metric went back behind the threshold since.
  armed INTEGER NOT NULL CHECK (armed IN (0, 1)),
  fired_at INTEGER NOT NULL,
  PRIMARY KEY (trigger_id, trial_id, metric_group)
) STRICT, WITHOUT ROWID;

CREATE INDEX metric_states_by_time ON metric_states (fired_at);

-- What the master told of experiments, beside what events hold. Rows that nobody refreshed go.
CREATE TABLE known_experiments (
  id INTEGER PRIMARY KEY,
  experiment BLOB NOT NULL,     -- a serialized webhookd.v1.Experiment
  refreshed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX known_experiments_by_time ON known_experiments (refreshed_at);

CREATE TABLE known_tasks (
  task_id TEXT PRIMARY KEY,
  experiment_id INTEGER NOT NULL,
  trial_id INTEGER NOT NULL,    -- 0: not known
  refreshed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX known_tasks_by_time ON known_tasks (refreshed_at);

CREATE TABLE known_trials (
  trial_id INTEGER PRIMARY KEY,
  experiment_id INTEGER NOT NULL,
  refreshed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX known_trials_by_time ON known_trials (refreshed_at);
