"""From YAML files to one checked, hashed :class:`Knowledge`.

A section ``x`` is every entry in ``x.yaml`` and ``x/*.yaml``. A clinic may lay its own folder beside the
shipped one (``NEEDLING_KNOWLEDGE``): it may add or tighten, never loosen. The parsed base is kept as JSON in
the user's cache folder under the hash of all files, so that only the first run reads YAML.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from needling.errors import BadKnowledge, NeedlingError, did_you_mean
from needling.knowledge import base, schema
from needling.knowledge.base import ID, SECTIONS, Knowledge, id_of
from needling.reading import YamlText, explain_errors, parse_yaml, read_text

BASE = Path(__file__).parent
OVERLAY_VARIABLE = "NEEDLING_KNOWLEDGE"


def section_files(root: Path, section: str) -> list[Path]:
    """``section.yaml`` and ``section/*.yaml`` below a folder, in a fixed order."""
    return [path for path in (root / f"{section}.yaml", *sorted((root / section).glob("*.yaml"))) if path.is_file()]


def content_hash(roots: Iterable[Path]) -> str:
    """sha256 over the names and bytes of all knowledge files: the identity of the knowledge."""
    digest = hashlib.sha256()
    for root in roots:
        for section in SECTIONS:
            for path in section_files(root, section):
                digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
        digest.update((root / "version.txt").read_bytes() if (root / "version.txt").is_file() else b"-")
    return digest.hexdigest()


def _cache_file(roots: Iterable[Path]) -> Path:
    """Where these files are kept once read: under their hash and that of the code that reads them."""
    code = b"".join(Path(module.__file__ or "").read_bytes() for module in (schema, base))
    return _cache_folder() / f"knowledge-{hashlib.sha256(content_hash(roots).encode() + code).hexdigest()[:32]}.json"


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


Shipped = Mapping[str, Mapping[str, Any]]


def _completed(data: Any, section: str, shipped: Shipped) -> Any:
    """A clinic's entry that names only what it tightens, with the rest of the shipped entry of that name."""
    name = data.get(ID.get(section, "id")) if isinstance(data, dict) else None
    entry = shipped.get(section, {}).get(str(name))
    return data if entry is None else {**entry.model_dump(), **data}


def _read_section(root: Path, section: str, origin: Origin, shipped: Shipped) -> tuple[Any, ...]:
    entries: list[Any] = []
    for path in section_files(root, section):
        text: YamlText = parse_yaml(read_text(path, BadKnowledge), str(path), BadKnowledge)
        if not isinstance(text.data, list):
            raise BadKnowledge(f"{path}:1: expected a list of entries ('- {ID.get(section, 'id')}: ...')")
        one: TypeAdapter[Any] = TypeAdapter(SECTIONS[section])
        for index, data in enumerate(text.data):
            try:
                entry = one.validate_python(_completed(data, section, shipped))
            except ValidationError as invalid:
                raise BadKnowledge(explain_errors(invalid, text.part(index), SECTIONS[section])) from None
            origin.remember(section, id_of(section, entry), f"{path}:{text.line((index,))}")
            entries.append(entry)
    return tuple(entries)


def read_knowledge(root: Path, origin: Origin, shipped: Shipped | None = None) -> dict[str, tuple[Any, ...]]:
    """All sections of one folder, each entry checked by its schema. Raises BadKnowledge.

    Args:
        root: the folder.
        origin: where each entry was written, filled here.
        shipped: entries by section and name that an entry of the folder may complete itself from.
    """
    known = {root / f"{section}.yaml" for section in SECTIONS} | {root / section for section in SECTIONS}
    for path in sorted((*root.glob("*.yaml"), *root.glob("*.yml"))):
        if path not in known:
            raise BadKnowledge(
                f"{path}: unknown file{did_you_mean(path.stem, SECTIONS)}; allowed: {', '.join(SECTIONS)}"
            )
    return {section: _read_section(root, section, origin, shipped or {}) for section in SECTIONS}


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return Path(os.environ.get("NEEDLING_CACHE") or user_cache_path("needling"))


def _from_cache(path: Path) -> Knowledge | None:
    """The knowledge as kept, or None where there is none or a byte of it changed."""
    try:
        mark, _, body = path.read_bytes().partition(b"\n")
        if mark.decode() != hashlib.sha256(body).hexdigest():
            return None
        kept = from_json(body)
        return Knowledge(version=kept["version"], sha256=kept["sha256"], **kept["sections"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _to_cache(path: Path, knowledge: Knowledge) -> None:
    """Write beside and rename, so that two processes at once never see half a file."""
    sections = knowledge.plain(without={"rules": {"examples"}})
    body = to_json({"version": knowledge.version, "sha256": knowledge.sha256, "sections": sections})
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
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
    path = _cache_file(roots)
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
        return _load(None).replace(warnings=(problem,))
    try:
        return _load(folder)
    except NeedlingError as broken:
        warning = f"{broken}\nThe overlay is ignored until this is mended; the shipped knowledge is in force."
        return _load(None).replace(warnings=(warning,))


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
