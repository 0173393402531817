"""A home self-check: no account, nothing stored on the server."""
