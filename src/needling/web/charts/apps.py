"""Charts."""

from django.apps import AppConfig


class Charts(AppConfig):
    """Charts, documents and the trail."""

    name = "needling.web.charts"
    label = "charts"
