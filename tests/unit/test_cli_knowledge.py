"""Every entry of the evidence base can be reached from the command line, with its sources and what speaks against."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from needling.cli import build
from needling.cli.knowledge import COMMANDS
from needling.errors import BadInput
from needling.knowledge.base import SECTIONS, Knowledge, id_of
from needling.report.catalogue import (
    COLUMNS,
    as_data,
    citations_of,
    condition_words,
    conflicts_of,
    detail_lines,
    find,
    list_lines,
    used_by,
)

main = build(["knowledge"])
BROWSERS = [
    "claims", "conflicts", "rules", "devices", "indications", "sites", "topicals", "sources", "alternatives",
    "jurisdictions",
]  # fmt: skip


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def data(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def widest(text: str) -> int:
    return max(len(line) for line in text.splitlines())


# ---------------------------------------------------------------- all sections, all entries


@pytest.mark.parametrize("section", SECTIONS)
def test_every_entry_in_full_fits_and_names_its_sources(kb: Knowledge, section: str) -> None:
    for entry in getattr(kb, section):
        lines = detail_lines(section, entry, kb)
        text = "\n".join(lines)
        assert widest(text) <= COLUMNS, max(lines, key=len)
        assert id_of(section, entry) in lines[0]
        for stance, citation in citations_of(entry):
            assert f"- {citation.key} (" in text, f"{stance}: {citation.key} is not shown"
        against = [citation for stance, citation in citations_of(entry) if stance in ("against", "side b")]
        if section not in ("sources", "facts"):
            assert ("nothing was found, which is not proof" in text) == (not against)
        json.dumps(as_data(section, entry, kb))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_list_fits_and_has_a_line_for_each(kb: Knowledge, section: str) -> None:
    entries = getattr(kb, section)
    lines = list_lines(section, entries)
    assert len(lines) == len(entries) + 2
    assert widest("\n".join(lines)) <= COLUMNS
    assert not [line for line in lines[2:] if len(line.split()) < 2]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_entry_is_found_by_its_name_alone(kb: Knowledge, section: str) -> None:
    for entry in getattr(kb, section):
        assert find(section, [id_of(section, entry).upper()], kb)[0] == entry


def test_every_cited_source_knows_who_cites_it(kb: Knowledge) -> None:
    assert not [source.key for source in kb.sources if not used_by(source, kb)]


def test_words_must_all_be_there(kb: Knowledge) -> None:
    both = find("claims", ["serum", "acid"], kb)
    assert both and set(both) <= set(find("claims", ["serum"], kb)) & set(find("claims", ["acid"], kb))
    assert find("claims", ["serum", "xylophone"], kb) == ()


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize("command", BROWSERS)
def test_each_browser_lists_and_ends_with_1_when_nothing_fits(command: str, kb: Knowledge) -> None:
    listed = run(command)
    assert listed.exit_code == 0 and f"{len(getattr(kb, command))} entries" in listed.stdout
    assert widest(listed.stdout) <= COLUMNS
    nothing = run(command, "xylophone")
    assert nothing.exit_code == 1 and nothing.stdout == "" and nothing.stderr
    assert run(command, "xylophone", "--json").exit_code == 1
    assert len(data(command)) == len(getattr(kb, command))


def test_one_claim_in_full_shows_verdict_source_and_conflict() -> None:
    text = run("claims", "A15").stdout
    for said in ("verdict: contradicted", "harris2015 (abstract or excerpt read)", "What speaks against it:",
                 "press-lay-advice", "sc02-frequency (SC2)", "frequency (K02)"):  # fmt: skip
        assert said in text


def test_claims_by_article_and_verdict(kb: Knowledge) -> None:
    found = data("claims", "--article", "c", "--verdict", "UNSAFE")
    assert found and {entry["entry"]["article"] for entry in found} == {"C"}
    assert {entry["entry"]["verdict"] for entry in found} == {"unsafe"}
    counts = [len(data("claims", "--article", article)) for article in "ABCDE"]
    assert sum(counts) == len(kb.claims) and counts == [24, 11, 21, 10, 14]


@pytest.mark.parametrize(
    ("claim", "conflict"),
    [("A15", "SC2"), ("A15", "K02"), ("E3", "SC1"), ("E3", "K01"), ("E10", "K10"), ("C10", "K03"), ("B11", "K15"),
     ("C16", "K05"), ("A10", "SC15")],
)  # fmt: skip
def test_a_claim_is_tied_to_the_conflict_it_stands_in(kb: Knowledge, claim: str, conflict: str) -> None:
    (entry,) = find("claims", [claim], kb)
    assert conflict in [one.ref for one in conflicts_of(entry, kb)]


def test_a_label_is_not_found_inside_another(kb: Knowledge) -> None:
    (a15,) = find("claims", ["A15"], kb)
    a1 = a15.model_copy(update={"ref": "A1"})  # "A1" begins "A15", which SC2 names
    assert "SC2" in [one.ref for one in conflicts_of(a15, kb)]
    assert "SC2" not in [one.ref for one in conflicts_of(a1, kb)]


def test_a_conflict_shows_both_sides_and_the_default() -> None:
    text = run("conflicts", "K06").stdout
    for said in ("side a:", "side b:", "default:", "Sources of side a:", "Sources of side b:", "spring2017"):
        assert said in text


def test_a_rule_shows_when_it_acts_and_where_sources_disagree() -> None:
    text = run("rules", "isotretinoin-recent").stdout
    for said in ("isotretinoin_stopped_mo is below 6", "action: defer", "wait: 6 months", "K06", "spring2017"):
        assert said in text


def test_conditions_in_words() -> None:
    assert condition_words({"all": [{"a": {"is": True}}, {"not": {"b": {"in": ["x", "y"]}}}]}) == (
        "all of (a is yes; not (b is one of x, y))"
    )


def test_what_is_missing_is_said_to_be_missing() -> None:
    assert "not stated: wait, max on each 10 cm², max, max area" in " ".join(
        run("topicals", "lidocaine-4").stdout.split()
    )


def test_a_source_says_how_it_was_read_and_who_uses_it() -> None:
    text = run("sources", "lima2013").stdout
    assert "read as: not checked" in text and "Used by: envelopes clinic" in text


def test_alternatives_for_a_concern() -> None:
    light = [one["id"] for one in data("alternatives", "--for", "acne-scars-rolling", "--phototype", "ii")]
    assert light == ["fractional-ablative-laser"]
    assert run("alternatives", "--for", "acne-scars-rolling", "--phototype", "V").exit_code == 1


def test_jurisdictions_by_code() -> None:
    assert [one["id"] for one in data("jurisdictions", "uk")] == ["GB-SCT", "GB-ENG"]
    assert [one["id"] for one in data("jurisdictions", "de", "US")] == ["EU", "US"]
    unknown = run("jurisdictions", "BR")
    assert unknown.exit_code == 1 and "does not mean that there is no law" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["claims", "--verdict", "unsave"], "did you mean 'unsafe'"),
        (["claims", "--article", "F"], "allowed: A, B, C, D, E"),
        (["alternatives", "--for", "acne-scars"], "unknown indication"),
        (["alternatives", "--for", "striae", "--phototype", "VII"], "unknown phototype"),
        (["alternatives", "--phototype", "V"], "needs --for"),
        (["knowledge", "show", "parametrs"], "did you mean 'parameters'"),
        (["redflags"], "the answer ended before"),
    ],
)
def test_bad_input_is_an_error_of_ours(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, BadInput) and said in str(result.exception)


# ---------------------------------------------------------------- red flags


def test_the_wizard_asks_and_answers_most_urgent_first() -> None:
    result = run("redflags", stdin="9, 3\n")
    assert result.exit_code == 1 and widest(result.stdout) <= COLUMNS
    for number in range(1, 16):
        assert f"{number}) " in result.stdout
    answer = result.stdout.split("> ")[-1]
    assert answer.startswith("EMERGENCY")
    assert answer.index("Swollen lips") < answer.index("New dark or pale marks")


def test_the_wizard_asks_again_until_it_understands() -> None:
    result = run("redflags", stdin="99\n\nwhat\n1\n")
    assert result.exit_code == 1 and result.stdout.count("Please give numbers") == 3


def test_the_wizard_without_a_sign_gives_no_all_clear() -> None:
    result = run("redflags", stdin="none\n")
    assert result.exit_code == 0
    answer = " ".join(result.stdout.split("> ")[-1].split())
    assert "does not show that nothing is wrong" in answer and "see a clinician" in answer


def test_not_sure_counts_as_a_sign() -> None:
    result = run("redflags", stdin="?\n")
    assert result.exit_code == 1 and "See a clinician" in result.stdout


def test_signs_without_questions() -> None:
    result = run("redflags", "--signs", "RF9,rf03-anaphylaxis,hiccups", "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["urgency"] == "emergency"
    assert [sign["ref"] for sign in answer["signs"]] == ["RF3", "RF9"] and answer["not_listed"] == ["'hiccups'"]
    assert run("redflags", "--signs", "none").exit_code == 0


def test_json_from_the_wizard_is_json_alone() -> None:
    result = run("redflags", "--json", stdin="1\n")
    assert json.loads(result.stdout)["urgency"] == "same-day" and "Which of these" in result.stderr


# ---------------------------------------------------------------- the base itself


def test_info(kb: Knowledge) -> None:
    told = data("knowledge", "info")
    assert told["version"] == kb.version and told["sha256"] == kb.sha256
    assert told["counts"] == {section: len(getattr(kb, section)) for section in SECTIONS}
    assert sum(told["sources_read_as"].values()) == len(kb.sources)
    assert told["load_s"] >= 0 and told["warnings"] == []
    assert widest(run("knowledge", "info").stdout) <= COLUMNS


def test_info_says_what_is_wrong_with_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sites.yaml").write_text("- id: cheek\n  name: [\n")
    monkeypatch.setenv("NEEDLING_KNOWLEDGE", str(tmp_path))
    result = run("knowledge", "info", "--json")
    told = json.loads(result.stdout)
    assert told["overlay"] == str(tmp_path) and "sites.yaml" in told["warnings"][0]
    assert "sites.yaml" in result.stderr


def test_debt_is_grouped_and_complete() -> None:
    told = data("knowledge", "debt")
    alone = [debt for debt in told["debts"] if debt["alone"]]
    assert sum(row[standing] for row in told["counts"].values() for standing in ("released", "proposal", "silent")) == (
        len(alone)
    )
    text = run("knowledge", "debt").stdout
    assert widest(text) <= COLUMNS
    plain = " ".join(text.split())
    assert not [debt["id"] for debt in told["debts"] if debt["id"] not in plain.replace("- ", "-")]


def test_any_section_by_name(kb: Knowledge) -> None:
    assert data("knowledge", "show")["red_flags"] == len(kb.red_flags)
    assert len(data("knowledge", "show", "red-flags")) == len(kb.red_flags)
    assert "median" in run("knowledge", "show", "parameters", kb.parameters[0].id).stdout


def test_browsing_loads_no_compiler() -> None:
    code = (
        "import sys; from needling.cli import build; app = build(['knowledge'])\n"
        "try: app(['claims', 'A15'])\nexcept SystemExit: pass\nprint(sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": ""},
    )  # fmt: skip
    loaded = done.stdout.splitlines()[-1]
    assert not [name for name in ("numba", "scipy", "matplotlib", "numpy") if f"'{name}'" in loaded]


def test_every_command_says_what_it_does() -> None:
    for command in COMMANDS:
        help_text = run(command.__name__, "--help")
        assert help_text.exit_code == 0 and (command.__doc__ or "").split()[0] in help_text.stdout


def test_a_scale_is_listed_asked_and_scored() -> None:
    runner = CliRunner()
    main = build(["knowledge"])
    assert "goodman-baron-qualitative" in runner.invoke(main, ["scale"]).stdout
    asked = runner.invoke(main, ["scale", "hair-count"]).stdout
    assert "hairs_count" in asked and "area_cm2" in asked
    scored = runner.invoke(main, ["scale", "hair-count", "hairs_count=90", "area_cm2=1.5", "--json"])
    assert scored.exit_code == 0 and json.loads(scored.stdout)["value"] == 60
    for wrong in (["scale", "hair-cont"], ["scale", "hair-count", "hairs_count"], ["scale", "hair-count", "hairs=9"]):
        assert isinstance(runner.invoke(main, wrong).exception, BadInput)
