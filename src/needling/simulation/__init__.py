"""From arrays of possible people to courses of treatment; the public names, imported when first used."""

# ruff: noqa: F401 - the names under TYPE_CHECKING are there for type checkers and editors

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {
    "Belief": ("belief", "Belief"),
    "Course": ("course", "Course"),
    "CourseResult": ("course", "CourseResult"),
    "Objectives": ("course", "Objectives"),
    "Models": ("models", "Models"),
    "changed": ("seam.changes", "changed"),
    "depth_area": ("depths", "depth_area"),
    "simulate": ("bind", "simulate"),
    "simulate_many": ("bind", "simulate_many"),
    "forecast": ("bind", "forecast"),
    "objectives": ("bind", "objectives"),
    "log_likelihood": ("bind", "log_likelihood"),
    "reweight": ("recalibrate", "reweight"),
    "lanes_are_warm": ("engines.lanes", "is_warm"),
    "warm_lanes": ("engines.lanes", "warm"),
    "warm_all_lanes": ("engines.lanes", "warm_all"),
    "picture_of": ("seam.picture", "picture_of"),
    "ChannelMap": ("seam.picture", "ChannelMap"),
    "channel_map": ("seam.picture", "channel_map"),
    "recorded_map": ("seam.picture", "recorded_map"),
    "agreement": ("seam.picture", "agreement"),
    "agreement_report": ("seam.picture", "agreement_report"),
    "stimulus_map": ("mapping.stimulus", "stimulus_map"),
    "heal_cells": ("mapping.stimulus", "heal_cells"),
    "sobol": ("sensitivity", "sobol"),
    "identify": ("identifiability", "identify"),
    "course_to_sbml": ("exchange", "course_to_sbml"),
}

__all__ = [*_HOME]

if TYPE_CHECKING:
    from needling.simulation.belief import Belief
    from needling.simulation.bind import forecast, log_likelihood, objectives, simulate, simulate_many
    from needling.simulation.course import Course, CourseResult, Objectives
    from needling.simulation.depths import depth_area
    from needling.simulation.engines.lanes import is_warm as lanes_are_warm
    from needling.simulation.engines.lanes import warm as warm_lanes
    from needling.simulation.engines.lanes import warm_all as warm_all_lanes
    from needling.simulation.exchange import course_to_sbml
    from needling.simulation.identifiability import identify
    from needling.simulation.mapping.stimulus import heal_cells, stimulus_map
    from needling.simulation.models import Models
    from needling.simulation.recalibrate import reweight
    from needling.simulation.seam.changes import changed
    from needling.simulation.seam.picture import (
        ChannelMap,
        agreement,
        agreement_report,
        channel_map,
        picture_of,
        recorded_map,
    )
    from needling.simulation.sensitivity import sobol


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'needling.simulation' has no attribute '{name}'")
    module, attribute = _HOME[name]
    return getattr(import_module(f"needling.simulation.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOME))
