"""Addresses of the self-check; none holds anything about a person."""

from django.urls import path

from needling.web.limits import costly
from needling.web.selfcheck import views, views_answer, views_routine

urlpatterns = [
    path("", views.begin, name="check"),
    path("aim/", views.aim, name="check-aim"),
    path("you/", views.you, name="check-you"),
    path("about/<slug:topic>/", views.topic, name="check-topic"),
    path("answer/", costly(views_answer.answer), name="check-answer"),
    path("answer/again.ics", costly(views_routine.again_calendar), name="check-again"),
    path("answer/clinic-sheet/", costly(views_answer.clinic_sheet), name="check-sheet"),
    path("answer/the-rest/", views_answer.ask_the_rest, name="check-rest"),
    path("steps/", costly(views_routine.steps), name="check-steps"),
    path("steps/hygiene/", costly(views_routine.hygiene), name="check-hygiene"),
    path("steps/small-patch.ics", views_routine.patch_calendar, name="check-patch-calendar"),
    path("plan/", costly(views_routine.plan), name="check-plan"),
    path("plan/calendar.ics", costly(views_routine.calendar), name="check-calendar"),
    path("file/", views.take_along, name="check-file"),
    path("file/back/", views.bring_back, name="check-file-back"),
    path("signs/", views_answer.signs, name="check-signs"),
    path("forget/", views.forget_all, name="check-forget"),
]
