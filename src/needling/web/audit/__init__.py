"""Who did what: rows chained by keyed hashes."""
