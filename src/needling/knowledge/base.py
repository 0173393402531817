"""The evidence base in memory: its sections, read-only, each checked when it is first used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from pydantic import TypeAdapter

from needling.documents import Setting
from needling.errors import BadInput, did_you_mean
from needling.knowledge import schema
from needling.knowledge.entries import Entry

SECTIONS: dict[str, type[Entry]] = {
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
    "parameter_sets": schema.ParameterSet,
}
ID = {"sources": "key", "facts": "name", "envelopes": "setting"}
"""The field a section's entries go by, where it is not ``id``."""

USUAL_SET = "default"
"""The parameters as they stand, without a named set over them."""

HOME_ROUTINE = "pores-dullness"
"""The indication whose home protocol is the short-needle appearance routine."""


def id_of(section: str, entry: Any) -> str:
    """The name an entry goes by: ``key`` for sources, ``name`` for facts, ``id`` elsewhere."""
    return str(getattr(entry, ID.get(section, "id")))


@cache
def _adapter(section: str) -> TypeAdapter[Any]:
    return TypeAdapter(SECTIONS[section])


class Entries(Mapping[str, Any]):
    """The entries of a section by name, each checked when it is first looked at."""

    def __init__(self, section: str, given: Iterable[Any]) -> None:
        name = ID.get(section, "id")
        self._section = section
        self._entries = {str(one[name] if isinstance(one, dict) else getattr(one, name)): one for one in given}

    def __getitem__(self, name: str) -> Any:
        entry = self._entries[name]
        if isinstance(entry, dict):
            entry = self._entries[name] = _adapter(self._section).validate_python(entry)
        return entry

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Knowledge:
    """The whole evidence base, read-only, versioned by date and hashed by content.

    Each section is a tuple of frozen entries (:mod:`needling.knowledge.schema`). Entries that come from the cache
    are plain data until they are first used, so that screening does not wait for what it never reads.
    """

    version: str
    sha256: str
    warnings: tuple[str, ...]
    sources: tuple[schema.Source, ...]
    facts: tuple[schema.FactDefinition, ...]
    rules: tuple[schema.Rule, ...]
    claims: tuple[schema.Claim, ...]
    conflicts: tuple[schema.Conflict, ...]
    sites: tuple[schema.Site, ...]
    devices: tuple[schema.Device, ...]
    indications: tuple[schema.Indication, ...]
    scales: tuple[schema.Scale, ...]
    topicals: tuple[schema.Topical, ...]
    care: tuple[schema.CareStep, ...]
    waits: tuple[schema.Wait, ...]
    red_flags: tuple[schema.RedFlag, ...]
    adverse_events: tuple[schema.AdverseEvent, ...]
    follow_ups: tuple[schema.FollowUpRule, ...]
    envelopes: tuple[schema.Envelope, ...]
    parameters: tuple[schema.Parameter, ...]
    alternatives: tuple[schema.Alternative, ...]
    jurisdictions: tuple[schema.Jurisdiction, ...]
    parameter_sets: tuple[schema.ParameterSet, ...]

    def __init__(self, *, version: str, sha256: str, warnings: tuple[str, ...] = (), **sections: Any) -> None:
        unknown = set(sections) - set(SECTIONS)
        if unknown:
            raise TypeError(f"unknown section '{min(unknown)}'{did_you_mean(min(unknown), SECTIONS)}")
        self.version, self.sha256, self.warnings = version, sha256, warnings
        self._entries = {section: Entries(section, sections.get(section, ())) for section in SECTIONS}

    def __getattr__(self, section: str) -> tuple[Any, ...]:
        if section not in SECTIONS:
            raise AttributeError(f"knowledge has no '{section}'")
        entries = tuple(self._entries[section].values())
        self.__dict__[section] = entries
        return entries

    def replace(self, **changes: Any) -> Knowledge:
        """The same knowledge with another version, hash, warnings or sections."""
        now = {name: getattr(self, name) for name in ("version", "sha256", "warnings", *SECTIONS)}
        return Knowledge(**{**now, **changes})

    def plain(self, without: Mapping[str, set[str]] | None = None) -> dict[str, Any]:
        """All sections as plain data, for the cache; ``without`` leaves out fields of a section's entries."""
        left_out = without or {}
        return {
            section: [entry.model_dump(mode="json", exclude=left_out.get(section)) for entry in getattr(self, section)]
            for section in SECTIONS
        }

    def by(self, section: str) -> Entries:
        """The entries of a section by their name."""
        return self._entries[section]

    def find(self, section: str, name: str) -> Any:
        """One entry. Raises BadInput with the closest name when there is none."""
        entries = self.by(section)
        if name not in entries:
            what = section.rstrip("s").replace("_", " ")
            raise BadInput(f"unknown {what} '{name}'{did_you_mean(name, entries)}")
        return entries[name]

    def source(self, key: str) -> schema.Source:
        """One source by key."""
        return cast(schema.Source, self.find("sources", key))

    def device(self, name: str) -> schema.Device:
        """One device by id."""
        return cast(schema.Device, self.find("devices", name))

    def indication(self, name: str) -> schema.Indication:
        """One indication by id."""
        return cast(schema.Indication, self.find("indications", name))

    def planned_indication(self, concern: str, setting: Setting) -> schema.Indication:
        """What a plan is made and judged for: at home every concern gets only the appearance routine."""
        return self.indication(concern if setting == "clinic" else HOME_ROUTINE)

    def site(self, zone: str) -> schema.Site:
        """The site of a zone: ``cheek-left`` is the site ``cheek``."""
        sites = self.by("sites")
        for suffix in ("-left", "-right"):
            base = zone.removesuffix(suffix)
            if base != zone and base in sites and sites[base].two_sided:
                return cast(schema.Site, sites[base])
        if zone in sites:
            return cast(schema.Site, sites[zone])
        zones = [z for s in self.sites for z in ((s.id, f"{s.id}-left", f"{s.id}-right") if s.two_sided else (s.id,))]
        raise BadInput(f"unknown zone '{zone}'{did_you_mean(zone, zones)}; allowed: {', '.join(sites)}")

    def envelope(self, setting: Setting) -> schema.Envelope:
        """The outer limits of home or clinic."""
        return cast(schema.Envelope, self.find("envelopes", setting))

    def parameter(self, name: str) -> schema.Parameter:
        """One parameter by id."""
        return cast(schema.Parameter, self.find("parameters", name))

    def parameter_set(self, name: str) -> schema.ParameterSet:
        """One named set of parameters by id."""
        return cast(schema.ParameterSet, self.find("parameter_sets", name))

    def parameters_in(self, name: str) -> tuple[schema.Parameter, ...]:
        """All parameters, with what a named set puts in the place of some quantities. Raises BadInput without one."""
        if name == USUAL_SET:
            return self.parameters
        own = {one.parameter: one for one in self.parameter_set(name).overrides}
        return tuple(
            parameter.model_copy(update={"quantity": own[parameter.id].over(parameter.quantity)})
            if parameter.id in own
            else parameter
            for parameter in self.parameters
        )
