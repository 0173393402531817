"""Signing in."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """Clinics and their people."""

    name = "needling.web.accounts"
    label = "accounts"
