-- Who may use the server, and what they did. Numbers in CHECKs are those of storage/account_records.h.

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  username TEXT NOT NULL,         -- lower case
  display_name TEXT NOT NULL,
  admin INTEGER NOT NULL CHECK (admin IN (0, 1)),
  active INTEGER NOT NULL CHECK (active IN (0, 1)),
  password_hash TEXT NOT NULL,    -- scrypt; empty: the password is blank
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  last_auth_at INTEGER
) STRICT;

CREATE UNIQUE INDEX users_by_name ON users (username);

-- Tokens are kept as SHA-256 only: whoever reads the database cannot use them.
CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
  user_id INTEGER NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE service_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  description TEXT NOT NULL,
  scope INTEGER NOT NULL CHECK (scope IN (1, 2, 3)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER
) STRICT;

-- Those that somebody told of. Webhooks may name others. Names are the master's: one that is told late
-- of a deletion may give a name again.
CREATE TABLE workspaces (
  id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647),
  name TEXT NOT NULL,
  archived INTEGER NOT NULL CHECK (archived IN (0, 1))
) STRICT;

-- By name, since the master may name users that do not exist here yet.
CREATE TABLE workspace_owners (
  workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
  position INTEGER NOT NULL,
  username TEXT NOT NULL,
  PRIMARY KEY (workspace_id, position)
) STRICT, WITHOUT ROWID;

-- Workspace 0 is everywhere.
CREATE TABLE role_assignments (
  user_id INTEGER NOT NULL REFERENCES users (id),
  role_id INTEGER NOT NULL,
  workspace_id INTEGER NOT NULL CHECK (workspace_id >= 0),
  PRIMARY KEY (user_id, role_id, workspace_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX role_assignments_by_workspace ON role_assignments (workspace_id);

CREATE TABLE audit_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  actor_kind INTEGER NOT NULL CHECK (actor_kind BETWEEN 0 AND 3),
  actor TEXT NOT NULL,
  peer_address TEXT NOT NULL,
  action TEXT NOT NULL,
  target_type TEXT NOT NULL,
  target_id TEXT NOT NULL,
  outcome INTEGER NOT NULL CHECK (outcome BETWEEN 1 AND 3),
  detail TEXT NOT NULL
) STRICT;

CREATE INDEX audit_entries_by_target ON audit_entries (target_type, target_id);
CREATE INDEX audit_entries_by_actor ON audit_entries (actor);
