-- What the receiver of an attempt verifies, as it was sent: a line "Name: value" each. NULL in attempts of
-- earlier versions, which did not keep it.
ALTER TABLE attempts ADD COLUMN request_headers TEXT;
