"""Signing in."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """Clinics and their people."""

    name = "needling.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        """A name that was locked is told in the trail of its clinic."""
        from axes.signals import user_locked_out

        from needling.web.accounts.guessing import when_locked

        user_locked_out.connect(when_locked, dispatch_uid="needling")
