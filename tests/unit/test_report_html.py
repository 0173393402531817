"""The HTML file: self-contained, escaped, ordered, the same twice."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from tests.unit import report_documents as made

from needling.documents import Case, Fact
from needling.report.html import render_clearance_html, render_html

BASE = made.knowledge()
EVIL = "<script>alert('x')</script><img src=x onerror=y>\"'&"


class Tags(HTMLParser):
    """All tags with their attributes, and whether every tag that is opened is closed."""

    VOID = frozenset({"meta", "br", "link", "img", "use", "path"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def pages() -> dict[str, str]:
    return {
        "full": render_html(
            made.choice(),
            made.clearance(),
            BASE,
            approval=made.approval(),
            channel_map=made.Channels(),
            case=made.case(),
        ),
        "home": render_html(made.home_choice(), made.clearance("home"), BASE),
        "nothing": render_html(made.choice(made.nothing_plan()), made.clearance(), BASE),
        "stopped": render_html(made.choice(made.nothing_plan("home")), made.deferred(), BASE),
        "clearance": render_clearance_html(made.deferred(), BASE, case=made.case("home")),
    }


PAGES = pages()
each_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)


@each_page
def test_a_page_is_whole(page: str) -> None:
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    tags = Tags(page)
    assert tags.open == []
    assert tags.named("html")[0]["lang"] == "en"
    assert len(tags.named("h1")) == 1 and len(tags.named("main")) == 1
    assert tags.named("meta")[1]["name"] == "viewport"


@each_page
def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    tags = Tags(page)
    outside = {"script", "link", "img", "iframe", "image", "object", "base"}
    assert not outside & {name for name, _ in tags.found}
    assert not [attributes for _, attributes in tags.found for name in attributes if name.startswith("on")]
    assert not [attributes for _, attributes in tags.found if "src" in attributes]
    assert not re.search(r"@import|url\((?!#)|@font-face", page)
    known = {source.url for source in BASE.sources} | {f"https://doi.org/{source.doi}" for source in BASE.sources}
    for attributes in tags.named("a"):
        href = attributes["href"] or ""
        assert href.startswith("#") or href in known
    assert "default-src 'none'" in page


@each_page
def test_ids_are_unique_and_links_arrive(page: str) -> None:
    tags = Tags(page)
    ids = [attributes["id"] for _, attributes in tags.found if attributes.get("id")]
    assert len(set(ids)) == len(ids)
    targets = {attributes["href"] for _, attributes in tags.found if (attributes.get("href") or "").startswith("#")}
    assert {target.removeprefix("#") for target in targets if target} <= set(ids)
    labels = {name for _, attributes in tags.found for name in (attributes.get("aria-labelledby") or "").split()}
    assert labels <= set(ids)


@each_page
def test_headings_step_down_one_at_a_time(page: str) -> None:
    levels = [int(name[1]) for name, _ in Tags(page).found if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


@each_page
def test_first_link_skips_to_the_answer(page: str) -> None:
    assert Tags(page).named("a")[0] == {"class": "skip", "href": "#main"}


def test_every_figure_has_its_table() -> None:
    tags = Tags(PAGES["full"])
    assert len(tags.named("figure")) == len(tags.named("details")) == len(tags.named("svg")) == 8


@each_page
def test_sources_are_numbered_as_cited(page: str) -> None:
    listed = [int(number) for number in re.findall(r'<li id="source-(\d+)"', page)]
    assert listed == list(range(1, len(listed) + 1))
    assert {int(number) for number in re.findall(r'href="#source-(\d+)"', page)} == set(listed)


def test_hostile_text_is_escaped() -> None:
    choice, clearance = made.choice(), made.clearance()
    plan = choice.plan.model_copy(update={"label": EVIL, "stop_rules": (EVIL,)})
    harms = tuple(harm.model_copy(update={"label": EVIL, "basis": EVIL}) for harm in choice.forecast.harms)
    measures = tuple(measure.model_copy(update={"label": EVIL}) for measure in choice.forecast.measures)
    forecast = choice.forecast.model_copy(update={"harms": harms, "measures": measures})
    decision = clearance.decisions[0].model_copy(update={"tell": EVIL, "because": EVIL, "title": EVIL})
    clearance = clearance.model_copy(update={"decisions": (decision,), "verdict": "defer"})
    asked = made.case()
    person = asked.person.model_copy(update={"facts": (Fact(name="note", value=EVIL, by=EVIL),)})
    page = render_html(
        choice.model_copy(update={"plan": plan, "forecast": forecast, "binding": EVIL}),
        clearance,
        BASE,
        case=Case(person=person, assessment=asked.assessment),
    )
    assert "alert(&#39;x&#39;)" in page or "alert('x')" in page
    tags = Tags(page)
    assert not tags.named("script") and not tags.named("img")
    assert tags.open == []


def test_the_same_documents_give_the_same_bytes() -> None:
    assert pages() == PAGES


def test_the_approval_and_its_hashes_are_shown() -> None:
    approval = made.approval()
    assert approval.sha256 in PAGES["full"] and "dr-lee" in PAGES["full"]
    assert "Approved" not in PAGES["home"]


def test_the_sheet_for_the_clinic_is_there_when_it_is_needed() -> None:
    assert "Sheet for the clinic</h2>" in PAGES["clearance"] and "Sheet for the clinic</h2>" in PAGES["stopped"]
    assert "Sheet for the clinic</h2>" not in PAGES["full"]


def test_a_person_who_must_wait_is_not_shown_a_plan() -> None:
    assert "Not now" in PAGES["stopped"] and "3 Jan 2027" in PAGES["stopped"]
    assert "<h3>The plan</h3>" not in PAGES["stopped"]
