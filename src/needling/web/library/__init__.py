"""The evidence base to read: what people may have read elsewhere, each claim with its verdict."""
