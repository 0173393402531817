"""Write the pages that say what the code says: GLOSSARY.md and docs/reference (``make docs``).

Everything here is read from the code and the knowledge files; nothing is typed twice. ``--check`` writes
nothing, and exits with 1 and the names of the pages that are out of date (a test runs it).
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel

if typing.TYPE_CHECKING:
    from needling.knowledge import Knowledge

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Made by `make docs` from the code and the knowledge files; do not edit. -->"

_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_PLAIN = {
    "str": "text", "float": "number", "int": "whole number", "bool": "true or false", "date": "date",
    "datetime": "date and time", "NoneType": "not known", "Any": "anything",
}  # fmt: skip


# ---------------------------------------------------------------- words for types


def _bounds(metadata: typing.Iterable[Any]) -> str:
    """``at least 0, at most 3`` from the limits that a field carries."""
    found = []
    for limit in metadata:
        for part in (*getattr(limit, "metadata", ()), limit):
            for name, word in _BOUNDS.items():
                value = getattr(part, name, None)
                if isinstance(value, (int, float)):
                    found.append(f"{word} {value:g}")
    return ", ".join(dict.fromkeys(found))


def in_words(annotation: Any) -> str:
    """A type as a person would say it: ``tuple[Stroke, ...]`` is "list of Stroke"."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        bounds = _bounds(parts[1:])
        return in_words(parts[0]) + (f" ({bounds})" if bounds else "")
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin is tuple:
        if len(parts) == 2 and parts[1] is Ellipsis:
            return f"list of {in_words(parts[0])}"
        return "(" + ", ".join(in_words(part) for part in parts) + ")"
    if origin is dict:
        return "keys and values"
    if origin in (typing.Union, types.UnionType):
        known = [in_words(part) for part in parts if part is not type(None)]
        return " or ".join(known) + (", or not known" if type(None) in parts else "")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        page = annotation.__module__.split(".")[1]  # needling.documents or needling.knowledge.schema
        return f"[{annotation.__name__}]({page}.md#{annotation.__name__.lower()})"
    name = getattr(annotation, "__name__", str(annotation))
    return _PLAIN.get(name, name)


def _cell(text: str) -> str:
    plain = " ".join(text.split()).replace("|", "\\|")
    return plain if "`" in plain else plain.replace("<", "&lt;")


def table(head: tuple[str, ...], rows: typing.Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n")[0]


def _paragraphs(thing: Any) -> str:
    """A docstring as Markdown: reStructuredText roles become code."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", inspect.getdoc(thing) or "").replace("``", "`")


# ---------------------------------------------------------------- models


def _models(module: types.ModuleType, base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for name, thing in vars(module).items():
        own = isinstance(thing, type) and issubclass(thing, base) and thing.__module__ == module.__name__
        if own and not name.startswith("_") and thing.model_fields:
            yield thing


def _unit(name: str) -> str:
    from needling.units import UNITS, unit_of

    unit = unit_of(name) or UNITS.get(name)
    return unit.label if unit else ""


def _fields(model: type[BaseModel]) -> str:
    rows = []
    for name, field in model.model_fields.items():
        bounds = _bounds(field.metadata)
        words = in_words(field.annotation) + (f" ({bounds})" if bounds else "")
        if field.is_required():
            default = "required"
        else:
            given = field.get_default(call_default_factory=True)
            default = "" if given is None else "none" if given in ((), "") else f"`{given}`"
            default = default if len(default) <= 40 else "see there"
        rows.append((f"`{name}`", words, _unit(name), default))
    return table(("field", "holds", "unit", "if left out"), rows)


def _model_page(title: str, intro: str, models: typing.Iterable[type[BaseModel]]) -> str:
    parts = [f"# {title}", MADE, intro]
    for model in models:
        parts += [f"## {model.__name__}", _paragraphs(model), _fields(model)]
    return "\n\n".join(parts) + "\n"


def documents_page() -> str:
    """Every document, field by field."""
    from itertools import chain

    from needling import documents
    from needling.documents import every

    intro = (
        "What a person can read and sign. All are frozen, refuse unknown keys and NaN, and have one canonical JSON "
        "form whose sha256 is their identity. JSON Schemas: `tests/conformance/schemas`."
    )
    rooms = every.modules()
    models = chain.from_iterable(_models(module, documents.Document) for module in rooms)
    return _model_page("Documents", intro, models)


def knowledge_page() -> str:
    """Every kind of knowledge entry, field by field."""
    from needling.knowledge import schema

    intro = (
        "What the YAML files under `src/needling/knowledge` may hold: one section is `section.yaml` and "
        "`section/*.yaml`. A clinic's own folder (variable `NEEDLING_KNOWLEDGE`) has the same form; it may add or "
        "tighten, never loosen."
    )
    return _model_page("Knowledge", intro, _models(schema, schema.Entry))


# ---------------------------------------------------------------- knowledge as tables


@cache
def shipped() -> Knowledge:
    """The shipped knowledge, read from its files once for all pages."""
    from needling.knowledge.load import build_knowledge

    return build_knowledge()


def _keys(entry: Any) -> str:
    said = [f"{c.key}{' (against)' if c.stance == 'conflicts' else ''}" for c in entry.sources]
    return ", ".join(dict.fromkeys(said)) + (" (our proposal)" if entry.proposal else "")


def rules_page() -> str:
    """Every screening rule with its reason and sources."""
    kb = shipped()
    rows = [(f"`{rule.id}`", rule.then.action, rule.title, rule.because, _keys(rule), rule.access) for rule in kb.rules]
    intro = (
        f"{len(kb.rules)} rules of the knowledge of {kb.version}. A rule whose facts are not known asks; it never "
        "passes. `needling cite <rule>` prints the sources."
    )
    head = ("rule", "does", "when", "because", "sources", "read as")
    return "\n\n".join(["# Rules", MADE, intro, table(head, rows)]) + "\n"


def parameters_page() -> str:
    """Every parameter with its distribution and sources."""
    from needling.units import UNITS

    rows = []
    kb = shipped()
    for entry in kb.parameters:
        quantity = entry.quantity
        spread = "fixed" if quantity.shape == "fixed" else f"{quantity.person:g}, {quantity.doubt:g} ({quantity.shape})"
        bounds = "" if quantity.low is None and quantity.high is None else f"{quantity.low} to {quantity.high}"
        value = f"{quantity.median:g} {UNITS[quantity.unit].label}".strip()
        rows.append((f"`{entry.id}`", entry.says, value, spread, bounds, entry.basis, entry.certainty, _keys(entry)))
    intro = (
        f"{len(rows)} numbers of the models, of the knowledge of {kb.version}. Spread: between people, and our doubt "
        "(standard deviations on the scale of the shape). Basis: published, derived, fitted, or our proposal."
    )
    head = ("parameter", "is", "median", "spread", "made for", "basis", "certainty", "sources")
    return "\n\n".join(["# Parameters", MADE, intro, table(head, rows)]) + "\n"


# Sections shown entry by entry, as the command line shows them; rules, parameters and sources have tables of their own.
BROWSED = (
    "claims", "conflicts", "indications", "sites", "devices", "topicals", "care", "waits", "red_flags",
    "adverse_events", "scales", "alternatives", "jurisdictions", "facts", "envelopes", "follow_ups",
    "parameter_sets",
)  # fmt: skip


def section_page(section: str) -> str:
    """Every entry of one section in full, with its sources and what speaks against it."""
    from needling.report.catalogue import detail_lines

    kb = shipped()
    entries = kb.by(section)
    title = section.replace("_", " ").capitalize()
    parts = [f"# {title}", MADE, f"{len(entries)} entries of the knowledge of {kb.version}."]
    for name, entry in entries.items():
        parts += [f"## {name}", "```text\n" + "\n".join(detail_lines(section, entry, kb)) + "\n```"]
    return "\n\n".join(parts) + "\n"


def sources_page() -> str:
    """Every source and what it is used for."""
    kb = shipped()
    rows = []
    for source in sorted(kb.sources, key=lambda source: source.key):
        link = f"https://doi.org/{source.doi}" if source.doi else source.url or ""
        rows.append((f"`{source.key}`", source.cites, link, source.access, source.reason))
    intro = f"{len(rows)} sources. *Read as* says how we reached it: primary text, abstract, secondary text, memory."
    return "\n\n".join(["# Sources", MADE, intro, table(("key", "source", "link", "read as", "used for"), rows)]) + "\n"


# ---------------------------------------------------------------- commands and public names


def commands_page() -> str:
    """Every command with its options and exit codes."""
    import typer

    from needling import cli

    group = typer.main.get_command(cli.build())
    codes = _paragraphs(cli).split("\n\n")[1]
    parts = ["# Commands", MADE, _paragraphs(cli).split("\n\n")[0], codes]
    for name, command in _commands(group):
        rows = []
        for parameter in command.params:
            given = (
                parameter.name.upper()
                if parameter.param_type_name == "argument"
                else "/".join((*parameter.opts, *parameter.secondary_opts))
            )
            rows.append((f"`{given}`", getattr(parameter, "help", None) or "", _default(parameter)))
        parts += [f"## needling {name}", (command.help or "").replace("<", "&lt;")]
        parts += [table(("option", "does", "default"), rows)] if rows else []
    return "\n\n".join(parts) + "\n"


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its full name, the commands of a group after the group."""
    for name, command in group.commands.items():
        yield f"{before}{name}", command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    given = parameter.default
    return "" if given is None or given is False or callable(given) or given == () else f"`{given}`"


def api_page() -> str:
    """Every public name of ``needling``."""
    import needling
    from needling import documents

    parts = [
        "# Public names",
        MADE,
        (
            "`from needling import ...`. Names are loaded when they are first used, so that screening never waits for "
            "a compiler. Everything else is internal and may change."
        ),
    ]
    for name in sorted(needling.__all__, key=str.lower):
        thing = getattr(needling, name)
        if isinstance(thing, type) and issubclass(thing, documents.Document):
            parts += [
                f"## {name}",
                f"A document; its fields: [documents](documents.md#{name.lower()}).",
                _paragraphs(thing),
            ]
        elif callable(thing) and not isinstance(thing, type):
            parts += [
                f"## {name}",
                f"```text\n{name}{_signature(thing)}\n```",
                f"```text\n{inspect.getdoc(thing)}\n```",
            ]
        else:
            parts += [f"## {name}", _paragraphs(thing)]
    return "\n\n".join(parts) + "\n"


def _signature(function: Callable[..., Any]) -> str:
    plain = inspect.signature(function)
    arguments = [f"{p}".replace("'", "") if p.annotation is not p.empty else p.name for p in plain.parameters.values()]
    back = "" if plain.return_annotation is plain.empty else f" -> {plain.return_annotation}".replace("'", "")
    return "(" + ", ".join(arguments) + ")" + back


# ---------------------------------------------------------------- glossary


def _unit_block() -> str:
    from needling.units import UNITS

    rows = [
        (f"`_{u.suffix}`", u.label or "(none)", u.quantity, f"`{u.ucum}`", f"{u.si_factor:.10g}")
        for u in UNITS.values()
    ]
    return table(("name ends in", "read as", "quantity", "UCUM", "times this is SI"), rows)


def _noun_block() -> str:
    from needling import documents
    from needling.documents import every

    rows = [
        (f"[{model.__name__}](docs/reference/documents.md#{model.__name__.lower()})", _first_line(model))
        for module in every.modules()
        for model in _models(module, documents.Document)
    ]
    return table(("document", "is"), sorted(rows))


def glossary() -> str:
    """GLOSSARY.md with its generated blocks renewed; the words between them are written by hand."""
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    for name, block in (("units", _unit_block()), ("documents", _noun_block())):
        begin, end = f"<!-- made: {name} -->", "<!-- end -->"
        if begin not in text:
            raise SystemExit(f"GLOSSARY.md has lost its mark {begin}")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{block}\n{end}{rest.partition(end)[2]}"
    return text


PAGES: dict[Path, Callable[[], str]] = {
    ROOT / "GLOSSARY.md": glossary,
    REFERENCE / "api.md": api_page,
    REFERENCE / "commands.md": commands_page,
    REFERENCE / "documents.md": documents_page,
    REFERENCE / "knowledge.md": knowledge_page,
    REFERENCE / "parameters.md": parameters_page,
    REFERENCE / "rules.md": rules_page,
    REFERENCE / "sources.md": sources_page,
    **{REFERENCE / f"{section.replace('_', '-')}.md": partial(section_page, section) for section in BROWSED},
}


def main() -> int:
    """Write the pages, or with ``--check`` say which are out of date."""
    stale = []
    for path, make in PAGES.items():
        text = make()
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(ROOT)))
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if "--check" in sys.argv and stale:
        print(f"out of date: {', '.join(stale)}; run: make docs")
        return 1
    print(f"{len(PAGES)} pages, {len(stale)} changed" if stale else f"{len(PAGES)} pages, all current")
    return 0


if __name__ == "__main__":
    sys.exit(main())
