"""Plans: from clearance to approval."""

from django.apps import AppConfig


class Plans(AppConfig):
    """Clearance, plan, comparison, approval, sheets."""

    name = "needling.web.plans"
    label = "plans"
