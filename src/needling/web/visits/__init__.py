"""Visits: what was done, what came after, what is due, and how the forecast did."""
