"""Visits."""

from django.apps import AppConfig


class Visits(AppConfig):
    """Records of sessions, unwanted events, follow-ups and lots."""

    name = "needling.web.visits"
    label = "visits"

    def ready(self) -> None:
        """Keep the tables for looking up in step with the documents."""
        from needling.web.visits.tables import connect

        connect()
