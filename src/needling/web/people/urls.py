"""Addresses of what is known of a person."""

from django.urls import path

from needling.web.people import views, views_intake

urlpatterns = [
    path("<uuid:chart>/person/", views.person, name="person"),
    path("<uuid:chart>/assessment/", views.assessment, name="assessment"),
    path("<uuid:chart>/questionnaire/", views_intake.make, name="intake-make"),
]
