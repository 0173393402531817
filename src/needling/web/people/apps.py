"""People: answers and assessments."""

from django.apps import AppConfig


class People(AppConfig):
    """What is known of a person."""

    name = "needling.web.people"
    label = "people"
