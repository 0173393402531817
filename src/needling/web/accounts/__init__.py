"""Signing in: clinics, roles, a second factor, invitations."""
