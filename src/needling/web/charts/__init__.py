"""Charts: what is known, planned and done, as signed documents that are never changed."""
