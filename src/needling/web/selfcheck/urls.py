"""Addresses of the self-check; none holds anything about a person."""

from django.urls import path

from needling.web.selfcheck import views

urlpatterns = [
    path("", views.begin, name="check"),
    path("aim/", views.aim, name="check-aim"),
    path("you/", views.you, name="check-you"),
    path("about/<slug:topic>/", views.topic, name="check-topic"),
    path("answer/", views.answer, name="check-answer"),
    path("answer/clinic-sheet/", views.clinic_sheet, name="check-sheet"),
    path("steps/", views.steps, name="check-steps"),
    path("steps/hygiene/", views.hygiene, name="check-hygiene"),
    path("plan/", views.plan, name="check-plan"),
    path("plan/calendar.ics", views.calendar, name="check-calendar"),
    path("signs/", views.signs, name="check-signs"),
    path("forget/", views.forget_all, name="check-forget"),
]
