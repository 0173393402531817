"""Addresses for signing in and joining."""

from django.urls import path

from needling.web.accounts import views

urlpatterns = [
    path("set-up/", views.set_up, name="set-up"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("second-factor/", views.second_factor, name="second-factor"),
    path("second-factor/recovery/", views.recovery, name="recovery"),
    path("join/", views.join, name="join"),
    path("team/", views.team, name="team"),
    path("team/<uuid:user>/", views.member, name="member"),
]
