"""Addresses of the library. Claims have pages of their own, under the same addresses as any other section."""

from django.urls import path

from needling.web.library import views, views_claims

urlpatterns = [
    path("", views.library, name="library"),
    path("claims/", views_claims.claims, name="claims"),
    path("claims/<slug:claim>/", views_claims.claim, name="claim"),
    path("<slug:section>/", views.section, name="library-section"),
    path("<slug:section>/<str:entry>/", views.entry, name="library-entry"),
]
