"""The JSON API: what the pages do, for programs, under the same permissions."""
