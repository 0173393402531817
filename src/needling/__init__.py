"""needling: open-source treatment planning for derma rollers (microneedling).

The public names, imported when they are first used, so that screening never waits for a compiler.
"""

# ruff: noqa: F401 - the names under TYPE_CHECKING are there for type checkers and editors

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "load_knowledge": "needling.knowledge",
    "Knowledge": "needling.knowledge",
    "screen": "needling.planning.screen",
    "propose": "needling.planning.propose",
    "breaches": "needling.planning.envelope",
    "approve": "needling.planning.approve",
    "Belief": "needling.simulation",
    "simulate": "needling.simulation",
    "simulate_many": "needling.simulation",
    "forecast": "needling.simulation",
    "serum": "needling.applying",
    "numbing": "needling.anaesthetic",
    "choose": "needling.choosing",
    "compare": "needling.comparing",
    "PlanningSession": "needling.whatif",
    "score": "needling.learning",
    "pool": "needling.learning",
    "recalibrate": "needling.learning",
    "fit_population": "needling.learning",
    "with_population": "needling.learning",
    "adapt": "needling.learning",
    "Adapted": "needling.learning",
    "run_trial": "needling.trials.running",
    "explain": "needling.report.explain",
    "read_case": "needling.planning.cases",
    "Approval": "needling.documents",
    "Assessment": "needling.documents",
    "Case": "needling.documents",
    "Choice": "needling.documents",
    "Clearance": "needling.documents",
    "Forecast": "needling.documents",
    "Goals": "needling.documents",
    "Calibration": "needling.documents.learning",
    "Misses": "needling.documents.learning",
    "PopulationFit": "needling.documents.learned",
    "Person": "needling.documents",
    "Plan": "needling.documents",
    "ScaleScore": "needling.documents",
    "SessionRecord": "needling.documents",
    "Comparison": "needling.documents.comparison",
    "WhatIf": "needling.documents.comparison",
    "AnaestheticForecast": "needling.documents.exposure",
    "SerumForecast": "needling.documents.exposure",
    "SerumUse": "needling.documents.exposure",
    "Substance": "needling.documents.exposure",
    "BadInput": "needling.errors",
    "BadKnowledge": "needling.errors",
    "NeedlingError": "needling.errors",
    "NotAllowed": "needling.errors",
    "OutOfRange": "needling.errors",
}

__all__ = [*_HOME]

if TYPE_CHECKING:
    from needling.anaesthetic import numbing
    from needling.applying import serum
    from needling.choosing import choose
    from needling.comparing import compare
    from needling.documents import (
        Approval,
        Assessment,
        Case,
        Choice,
        Clearance,
        Forecast,
        Goals,
        Person,
        Plan,
        ScaleScore,
        SessionRecord,
    )
    from needling.documents.comparison import Comparison, WhatIf
    from needling.documents.exposure import AnaestheticForecast, SerumForecast, SerumUse, Substance
    from needling.documents.learning import Calibration, Misses
    from needling.errors import BadInput, BadKnowledge, NeedlingError, NotAllowed, OutOfRange
    from needling.knowledge import Knowledge, load_knowledge
    from needling.learning import Adapted, adapt, fit_population, pool, recalibrate, score, with_population
    from needling.planning.approve import approve
    from needling.planning.cases import read_case
    from needling.planning.envelope import breaches
    from needling.planning.propose import propose
    from needling.planning.screen import screen
    from needling.report.explain import explain
    from needling.simulation import Belief, forecast, simulate, simulate_many
    from needling.trials.running import run_trial
    from needling.whatif import PlanningSession


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'needling' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOME))
