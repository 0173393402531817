"""Addresses of the questionnaire. All that is not a page is taken for a token, and answered in the same way."""

from django.urls import path

from needling.web.people import views_intake as views

urlpatterns = [
    path("", views.begin, name="intake"),
    path("you/", views.you, name="intake-you"),
    path("about/<slug:topic>/", views.topic, name="intake-topic"),
    path("summary/", views.summary, name="intake-summary"),
    path("send/", views.send, name="intake-send"),
    path("sent/", views.sent, name="intake-sent"),
    path("<path:token>", views.open_link, name="intake-open"),
]
