"""What the hand-written pages say is so: links lead somewhere, commands run, names and settings are all there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "DECISIONS").glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def readme_commands() -> list[str]:
    """The lines of the README's shell blocks that start with ``needling``, without their comments."""
    lines = (line.split(" #")[0].strip() for block in fenced(README, "sh") for line in block.splitlines())
    return [line for line in lines if line.startswith("needling ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name) if name else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {title.lower().replace(" ", "-") for title in titles}, f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    code = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
    code += [line for block in fenced(page.read_text(encoding="utf-8"), "sh") for line in block.splitlines()]
    for line in code:
        if line.startswith("make "):
            for word in line.split("#")[0].split()[1:]:
                assert "=" in word or re.search(rf"^{re.escape(word)}:", MAKEFILE, flags=re.MULTILINE), line


def test_every_command_is_in_the_readme() -> None:
    from needling.cli import HOME, build

    app = build()
    names = {
        command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
    }
    names |= {str(group.name) for group in app.registered_groups}
    assert names == set(HOME), "each command is listed with its file"
    rows = [line.split(" | ")[0] for line in README.splitlines() if line.startswith("| `needling ")]
    assert names == {name for row in rows for name in re.findall(r"`needling ([a-z]+)", row)}


@pytest.mark.parametrize("block", fenced(README, "python"))
def test_the_python_in_the_readme_runs(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out.count("\n") == block.count("print(")


def test_every_setting_is_in_the_readme() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    for name in set(re.findall(r"\bNEEDLING_[A-Z]+\b", code)):
        assert f"`{name}`" in README or f" {name}=" in README


def test_the_chain_in_the_architecture_uses_public_names_only() -> None:
    import needling

    (chain,) = fenced((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), "python")
    called = set(re.findall(r"\b([a-z_]+)\(", chain)) - {"print"}
    assert called and called <= set(needling.__all__)


def test_versions_agree() -> None:
    import tomllib

    import needling

    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert needling.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {version} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_only_pinned_requirements_with_hashes() -> None:
    for name in ("runtime", "web", "dev"):
        text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
        entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip())
        assert len(entries) > 20
        for entry in entries:
            assert "==" in entry and "--hash=sha256:" in entry, entry.split()[0]


@pytest.mark.slow
def test_the_readme_commands_run(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    commands = readme_commands()
    assert len(commands) >= 3
    for line in commands:
        words = shlex.split(line)[1:]
        target = words[words.index(">") + 1] if ">" in words else None
        words = words[: words.index(">")] if target else words
        if words == ["screen"]:
            continue  # asks in the terminal
        done = subprocess.run(
            [sys.executable, "-m", "needling", *words], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, timeout=300,
        )  # fmt: skip
        # The blank case that the README makes has every question open: no plan, which is 1.
        assert done.returncode == (1 if words[0] == "plan" else 0), f"{line}\n{done.stdout}\n{done.stderr}"
        if target:
            (tmp_path / target).write_text(done.stdout, encoding="utf-8")
