"""Signing in."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """Clinics and their people."""

    name = "needling.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        """A wrong password, and a name that was locked, are told in the trail of the clinic."""
        from axes.signals import user_locked_out
        from django.contrib.auth.signals import user_login_failed

        from needling.web.accounts.guessing import note_wrong_password, when_locked

        user_login_failed.connect(note_wrong_password, dispatch_uid="needling")
        user_locked_out.connect(when_locked, dispatch_uid="needling")
