"""The physics, written once, as plain scalar functions in SI units. No library, only arithmetic and ``math``."""
