"""Where everything is."""

from django.urls import include, path

from needling.web.again import again
from needling.web.selfcheck.views import start
from needling.web.staying import session

handler404 = "needling.web.pages.not_found"
handler500 = "needling.web.pages.failed"
handler403 = "needling.web.pages.refused"
handler400 = "needling.web.pages.unreadable"

urlpatterns = [
    path("", start, name="start"),
    path("session/", session, name="session"),
    path("again/", again, name="again"),
    path("check/", include("needling.web.selfcheck.urls")),
    path("", include("needling.web.accounts.urls")),
    path("charts/", include("needling.web.charts.urls")),
    path("charts/", include("needling.web.people.urls")),
    path("charts/", include("needling.web.plans.urls")),
    path("intake/", include("needling.web.people.urls_intake")),
    path("", include("needling.web.visits.urls")),
    path("api/", include("needling.web.api.urls")),
    path("read/", include("needling.web.library.urls")),
]
