"""Two plans side by side, on the same possible people."""
