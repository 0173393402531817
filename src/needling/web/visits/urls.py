"""Addresses of visits, and of what a clinic looks up across charts."""

from django.urls import path

from needling.web.visits import views, views_after, views_clinic, views_not_done, views_score

urlpatterns = [
    path("charts/<uuid:chart>/visits/", views.visits, name="visits"),
    path("charts/<uuid:chart>/visits/new/", views.new, name="visit-new"),
    path("charts/<uuid:chart>/visits/not-done/", views_not_done.not_done, name="visit-not-done"),
    path("charts/<uuid:chart>/visits/<uuid:row>/correct/", views.correct, name="visit-correct"),
    path("charts/<uuid:chart>/visits/<uuid:row>/after/", views_after.after, name="visit-after"),
    path("charts/<uuid:chart>/forecast-and-seen/", views_score.forecast_and_seen, name="forecast-and-seen"),
    path("clinic/", views_clinic.due, name="due"),
    path("clinic/events/", views_clinic.events, name="serious-events"),
    path("clinic/lots/", views_clinic.lots, name="lots"),
]
