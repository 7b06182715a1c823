-- How far the clocks have come that stored times are compared with (store_clock.h). NULL: nothing was kept
-- yet.
ALTER TABLE store_state ADD COLUMN due_clock INTEGER;
ALTER TABLE store_state ADD COLUMN wall_clock INTEGER;
ALTER TABLE store_state ADD COLUMN lived_clock INTEGER;
