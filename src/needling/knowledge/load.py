"""From YAML files to one checked, hashed :class:`Knowledge`.

A section ``x`` is every entry in ``x.yaml`` and ``x/*.yaml``. A clinic may lay its own folder beside the
shipped one (``NEEDLING_KNOWLEDGE``): it may add or tighten, never loosen. The parsed base is kept as JSON in
the user's cache folder under the hash of all files, so that only the first run reads YAML.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from needling.errors import BadKnowledge, NeedlingError
from needling.knowledge import schema
from needling.knowledge.schema import Knowledge
from needling.reading import YamlText, explain_errors, parse_yaml, read_text

BASE = Path(__file__).parent
OVERLAY_VARIABLE = "NEEDLING_KNOWLEDGE"

SECTIONS: dict[str, type[schema.Entry]] = {
    "sources": schema.Source,
    "facts": schema.FactDefinition,
    "rules": schema.Rule,
    "claims": schema.Claim,
    "conflicts": schema.Conflict,
    "sites": schema.Site,
    "devices": schema.Device,
    "indications": schema.Indication,
    "scales": schema.Scale,
    "topicals": schema.Topical,
    "care": schema.CareStep,
    "waits": schema.Wait,
    "red_flags": schema.RedFlag,
    "adverse_events": schema.AdverseEvent,
    "follow_ups": schema.FollowUpRule,
    "envelopes": schema.Envelope,
    "parameters": schema.Parameter,
    "alternatives": schema.Alternative,
    "jurisdictions": schema.Jurisdiction,
}
_ID = {"sources": "key", "facts": "name", "envelopes": "setting"}


def id_of(section: str, entry: Any) -> str:
    """The name an entry goes by: ``key`` for sources, ``name`` for facts, ``id`` elsewhere."""
    return str(getattr(entry, _ID.get(section, "id")))


def section_files(root: Path, section: str) -> list[Path]:
    """``section.yaml`` and ``section/*.yaml`` below a folder, in a fixed order."""
    return [path for path in (root / f"{section}.yaml", *sorted((root / section).glob("*.yaml"))) if path.is_file()]


def content_hash(roots: Iterable[Path]) -> str:
    """sha256 over the names and bytes of all knowledge files and of the schema that reads them."""
    digest = hashlib.sha256()
    for root in roots:
        for section in SECTIONS:
            for path in section_files(root, section):
                digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
        digest.update((root / "version.txt").read_bytes() if (root / "version.txt").is_file() else b"-")
    digest.update(Path(schema.__file__).read_bytes())
    return digest.hexdigest()


class Origin:
    """Where each entry was written, for errors found after parsing."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, str], str] = {}

    def remember(self, section: str, name: str, where: str) -> None:
        """Note an entry's place; a second entry of the same name is an error."""
        if (section, name) in self._at:
            raise BadKnowledge(f"{where}: '{name}' is already in {section} ({self._at[section, name]}); rename one")
        self._at[section, name] = where

    def where(self, section: str, name: str) -> str:
        """``file:line`` of an entry."""
        return self._at.get((section, name), section)


def _read_section(root: Path, section: str, origin: Origin) -> tuple[Any, ...]:
    entries: list[Any] = []
    for path in section_files(root, section):
        text: YamlText = parse_yaml(read_text(path, BadKnowledge), str(path), BadKnowledge)
        if not isinstance(text.data, list):
            raise BadKnowledge(f"{path}:1: expected a list of entries ('- {_ID.get(section, 'id')}: ...')")
        adapter: TypeAdapter[Any] = TypeAdapter(SECTIONS[section])
        for index, data in enumerate(text.data):
            try:
                entry = adapter.validate_python(data)
            except ValidationError as invalid:
                raise BadKnowledge(explain_errors(invalid, text.part(index), SECTIONS[section])) from None
            origin.remember(section, id_of(section, entry), f"{path}:{text.line((index,))}")
            entries.append(entry)
    return tuple(entries)


def read_knowledge(root: Path, origin: Origin | None = None) -> dict[str, tuple[Any, ...]]:
    """All sections of one folder, each entry checked by its schema. Raises BadKnowledge."""
    origin = origin or Origin()
    return {section: _read_section(root, section, origin) for section in SECTIONS}


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return Path(os.environ.get("NEEDLING_CACHE") or user_cache_path("needling"))


def _from_cache(path: Path) -> Knowledge | None:
    try:
        return Knowledge.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def _to_cache(path: Path, knowledge: Knowledge) -> None:
    """Write beside and rename, so that two processes at once never see half a file."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(knowledge.model_dump_json(exclude={"rules": {"__all__": {"examples"}}}).encode())
        os.replace(part, path)


def build_knowledge(overlay: Path | None = None) -> Knowledge:
    """Read and cross-check the base (and overlay) from YAML, without any cache."""
    from needling.knowledge.checks import cross_check
    from needling.knowledge.overlay import tighten

    origin = Origin()
    sections = read_knowledge(BASE, origin)
    roots = [BASE]
    if overlay is not None:
        sections = tighten(sections, overlay, origin)
        roots.append(overlay)
    version = (BASE / "version.txt").read_text(encoding="utf-8").strip()
    knowledge = Knowledge(version=version, sha256=content_hash(roots), **sections)
    problems = cross_check(knowledge, origin)
    if problems:
        raise BadKnowledge("\n".join(problems[:20]))
    return knowledge


def _load(overlay: Path | None) -> Knowledge:
    roots = [BASE] if overlay is None else [BASE, overlay]
    path = _cache_folder() / f"knowledge-{content_hash(roots)[:32]}.json"
    cached = _from_cache(path)
    if cached is not None:
        return cached
    knowledge = build_knowledge(overlay)
    _to_cache(path, knowledge)
    return knowledge


@lru_cache(maxsize=4)
def _load_once(overlay: str | None) -> Knowledge:
    if overlay is None:
        return _load(None)
    folder = Path(overlay)
    if not folder.is_dir():
        problem = f"{folder}: {OVERLAY_VARIABLE} names no folder; unset it or correct the path"
        return _load(None).model_copy(update={"warnings": (problem,)})
    try:
        return _load(folder)
    except NeedlingError as broken:
        warning = f"{broken}\nThe overlay is ignored until this is mended; the shipped knowledge is in force."
        return _load(None).model_copy(update={"warnings": (warning,)})


def load_knowledge(overlay: Path | str | None = None) -> Knowledge:
    """The evidence base: sources, facts, rules, sites, devices, indications, parameters.

    Args:
        overlay: a clinic's folder that adds or tightens; default: the variable ``NEEDLING_KNOWLEDGE``.

    Returns:
        The shared, frozen knowledge. A broken overlay is reported in ``warnings`` and not used.

    Raises:
        BadKnowledge: the shipped files themselves are broken (file, line, path, what was expected).
    """
    chosen = overlay or os.environ.get(OVERLAY_VARIABLE) or None
    return _load_once(None if chosen is None else str(chosen))
