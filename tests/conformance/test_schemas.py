"""JSON Schema snapshots of the documents: a change to what people store or send is seen, and meant.

Run this file (``make schemas``) to write the snapshots again, and say in CHANGELOG.md what changed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from needling import documents
from needling.documents import (
    Document,
    comparison,
    drafts,
    every,
    exposure,
    learned,
    learning,
    maps,
    overrides,
    study,
    visits,
)

FOLDER = Path(__file__).parent / "schemas"

# The documents that stand alone as a file; all others are parts of these.
WHOLE = (
    documents.Case, documents.Person, documents.Assessment, documents.Goals, documents.Clearance, documents.Plan,
    documents.Forecast, documents.Choice, documents.Approval, documents.SessionRecord,
    learning.Visits, learning.Misses, learning.Calibration, learned.PopulationFit, learned.Proposal,
    learned.Learning, comparison.Comparison, comparison.WhatIf,
    study.Study, study.TrialResults, drafts.Draft, overrides.ProposedOverride, visits.VisitCheck,
    exposure.SerumForecast, exposure.AnaestheticForecast, maps.MapReport, maps.MapAgreement,
)  # fmt: skip


def schema_text(document: type[Document]) -> str:
    return json.dumps(document.model_json_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("document", WHOLE, ids=lambda document: document.__name__)
def test_the_schema_is_as_recorded(document: type[Document]) -> None:
    path = FOLDER / f"{document.__name__}.json"
    assert path.is_file(), f"no snapshot of {document.__name__}; run: make schemas"
    assert path.read_text(encoding="utf-8") == schema_text(document), "if the change is meant, run: make schemas"


def test_every_document_is_in_a_snapshot() -> None:
    seen = {document.__name__ for document in WHOLE}
    for document in WHOLE:
        seen |= set(document.model_json_schema().get("$defs", {}))
    names = {
        name
        for module in every.modules()
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, Document) and thing is not Document and name[0] != "_"
    }
    assert names <= seen


def test_no_snapshot_is_stale() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {document.__name__ for document in WHOLE}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for document in WHOLE:
        (FOLDER / f"{document.__name__}.json").write_text(schema_text(document), encoding="utf-8")
    print(f"{len(WHOLE)} schemas written to {FOLDER.relative_to(Path.cwd())}")
