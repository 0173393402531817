"""Addresses for programs, their description, and the page on which tokens are made."""

from typing import Any

from django.urls import include, path, re_path
from ninja import NinjaAPI

from needling import __version__
from needling.web.api import pages
from needling.web.api.access import ANY, PersonalToken
from needling.web.api.answers import answer_problems, not_here, only_json
from needling.web.api.approvals import approvals
from needling.web.api.charts import charts
from needling.web.api.clinic import clinic
from needling.web.api.library import library
from needling.web.api.planning import planning
from needling.web.api.visits import visits

api = NinjaAPI(
    title="needling",
    version=__version__,
    description=(
        "What the pages of the clinic do, for programs. Ids in addresses mean nothing elsewhere. Setting a rule aside "
        "(an override) stays with people: two of them sign it, each in their own session, on the page of the clearance."
    ),
    docs_url=None,
    openapi_url=None,  # it is worked out once: pages.openapi
    auth=PersonalToken(),
    throttle=[ANY],
    urls_namespace="api",
)
answer_problems(api)
for _prefix, _router in (
    ("/charts", charts), ("", planning), ("/charts", approvals), ("", visits), ("/clinic", clinic),
    ("/knowledge", library),
):  # fmt: skip
    api.add_router(_prefix, _router)


def _addresses() -> Any:
    found, name, namespace = api.urls
    for one in found:
        one.callback = only_json(one.callback)
    return include((found, name), namespace=namespace)


urlpatterns = [
    path("", pages.description, {"api": api}, name="api"),
    path("openapi.json", only_json(pages.openapi), {"api": api}, name="api-openapi"),
    path("tokens/", pages.tokens, name="tokens"),
    path("tokens/<uuid:token>/revoke/", pages.revoke, name="token-revoke"),
    path("", _addresses()),
    re_path(r"^", only_json(not_here), name="api-nowhere"),
]
