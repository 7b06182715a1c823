-- The word that a webhook's bodies have for the state ERROR: 1 is ERRORED, 2 is ERROR, NULL is as the server says.
ALTER TABLE webhooks ADD COLUMN error_state INTEGER CHECK (error_state IN (1, 2));
