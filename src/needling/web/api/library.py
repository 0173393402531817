"""What the system knows: rules, claims, devices and sources, each as it stands in the knowledge base."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from needling.documents import Sha256
from needling.knowledge.schema import Claim, Device, Rule, Source
from needling.web.accounts.access import EVERYBODY
from needling.web.api.access import only
from needling.web.api.answers import ERRORS, Page, Refused, answer
from needling.web.api.charts import PageNumber, page_of
from needling.web.pages import knowledge

library = Router(tags=["Knowledge"])


class InForce(BaseModel):
    """Which knowledge is in force: what documents name as ``knowledge_sha256``."""

    version: str
    sha256: Sha256
    rules: int
    claims: int
    devices: int
    sources: int


@library.get("", response={200: InForce, **ERRORS})
@only(*EVERYBODY)
def get_knowledge(request: HttpRequest) -> HttpResponse:
    """The knowledge in force."""
    kb = knowledge()
    counted = {name: len(getattr(kb, name)) for name in ("rules", "claims", "devices", "sources")}
    return answer(InForce(version=kb.version, sha256=kb.sha256, **counted))


def _one(section: str, entry: str) -> HttpResponse:
    found = knowledge().by(section).get(entry)
    if found is None:
        raise Refused(404, "There is no such entry.", f"Take an id from the list of {section}.")
    return answer(found)


def _section(section: str, kind: type[BaseModel]) -> None:
    def entries(request: HttpRequest, page: PageNumber) -> HttpResponse:
        return page_of(getattr(knowledge(), section), page, lambda one: one)

    def entry(request: HttpRequest, entry: str) -> HttpResponse:
        return _one(section, entry)

    for view, says in ((entries, f"All {section}."), (entry, f"One of the {section}, by its id.")):
        view.__doc__ = says
    entries.__name__, entry.__name__ = f"list_{section}", f"get_{section.removesuffix('s')}"
    pages: Any = Page[kind]  # type: ignore[valid-type]
    library.get(f"/{section}", response={200: pages, **ERRORS})(only(*EVERYBODY)(entries))
    library.get(f"/{section}/{{slug:entry}}", response={200: kind, **ERRORS})(only(*EVERYBODY)(entry))


for _name, _kind in (("rules", Rule), ("claims", Claim), ("devices", Device), ("sources", Source)):
    _section(_name, _kind)
