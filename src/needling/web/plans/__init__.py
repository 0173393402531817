"""Clearance, the plan page, two plans side by side, approval, and what is printed."""
