"""The API for programs."""

from django.apps import AppConfig


class Api(AppConfig):
    """Personal tokens, and the addresses under ``/api/``."""

    name = "needling.web.api"
    label = "api"

    def ready(self) -> None:
        """Have the installation checked with all others."""
        from needling.web import checks  # noqa: F401 - registers itself
