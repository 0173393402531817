"""The pieces of the seam between documents and arrays; its doors are ``bind``, ``serum`` and ``systemic``."""
