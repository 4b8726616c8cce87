-- What tells one state of a provider from another, without a look at what its secret is sealed as.
-- Needs a program of schema: 1

-- version is counted up by what is written to the row, for ETag; sealing its secret under a newer key isn't.
ALTER TABLE providers ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
