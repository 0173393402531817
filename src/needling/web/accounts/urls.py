"""Addresses for signing in and joining, of the own account, and of the team."""

from django.urls import path

from needling.web.accounts import views, views_own, views_team

urlpatterns = [
    path("set-up/", views.set_up, name="set-up"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("second-factor/", views.second_factor, name="second-factor"),
    path("second-factor/recovery/", views.recovery, name="recovery"),
    path("join/", views.join, name="join"),
    path("join/<str:token>/", views.join_open, name="join-open"),
    path("renew/", views.renew, name="renew"),
    path("renew/<str:token>/", views.renew_open, name="renew-open"),
    path("account/", views_own.account, name="account"),
    path("account/password/", views_own.own_password, name="own-password"),
    path("account/codes/", views_own.own_codes, name="own-codes"),
    path("account/phone/", views_own.own_phone, name="own-phone"),
    path("team/", views_team.team, name="team"),
    path("team/<uuid:user>/", views_team.member, name="member"),
    path("team/invitations/<uuid:invitation>/", views_team.invitation, name="invitation"),
]
