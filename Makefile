# needling: each target sets up what it needs in .venv, from pinned and hashed requirements.
#   make plan                                    the example case: screen, plan, forecast, out/acne-scars.html
#   make plan CASE=my-case.yaml OUT=my-folder
#   make serve ARGS="--demo"                     the web application, with a clinic of invented people to look at
#   make test ARGS="-n auto -k screen"           ARGS goes to pytest
# Another interpreter: make PYTHON=python3.12 ...

PYTHON ?= python3
CASE ?= examples/acne-scars.yaml
OUT ?= out
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CODE := $(shell find src/needling -name '*.py' -o -name '*.yaml' -o -name 'version.txt' 2>/dev/null)

MAKEFLAGS += --no-print-directory
.PHONY: help plan serve test test-all lint format bench evaluate docs schemas requirements clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
	  || grep -E '^[a-z-]+:.*## ' Makefile

# ---------------------------------------------------------------- environment

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
	  echo "There is no '$(PYTHON)' here. needling needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "needling needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1). Name another: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) with $$("$(PYTHON)" --version 2>&1) ..."
	@"$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "Installing the pinned requirements (once, about a minute) ..."
	@$(PIP) install --quiet --require-hashes -r requirements/runtime.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.web: requirements/web.txt $(VENV)/.runtime
	@echo "Installing the pinned requirements of the web application (once) ..."
	@$(PIP) install --quiet --require-hashes -r requirements/web.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing the pinned tools for tests and checks (once) ..."
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	@echo "Installing the pinned programs that benchmarks compare with (once) ..."
	@$(PIP) install --quiet --require-hashes -r requirements/bench.txt
	@touch $@

# Bytecode, parsed knowledge and compiled kernels, so that the first plan does not wait for them.
$(VENV)/.warm: $(VENV)/.runtime $(CODE)
	@$(BIN)/python -m compileall -q src/needling
	@$(BIN)/needling warmup
	@touch $@

# ---------------------------------------------------------------- use

plan: $(VENV)/.warm ## screen, plan and forecast the example case (CASE=..., OUT=...)
	@$(BIN)/needling plan "$(CASE)" --out "$(OUT)"

serve: $(VENV)/.web $(VENV)/.warm ## the web application on this computer (ARGS="--demo", ARGS="--port 8001")
	@$(BIN)/needling serve $(ARGS)

# ---------------------------------------------------------------- checks

test: $(VENV)/.dev ## all tests but the slow ones (ARGS=... for pytest)
	@$(BIN)/python -m pytest $(ARGS)

test-all: $(VENV)/.dev ## all tests
	@$(BIN)/python -m pytest -m "" $(ARGS)

lint: $(VENV)/.dev ## style, types, and who may import whom
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --quiet --check . || { echo "Some files are not formatted; mend it with: make format"; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >$(VENV)/lint-imports.txt 2>&1 || { cat $(VENV)/lint-imports.txt; exit 1; }
	@echo "Style, format, types and imports: nothing found."

format: $(VENV)/.dev ## put all Python files into the house's format
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

bench: $(VENV)/.bench $(VENV)/.warm ## ratios within one run, against named peers
	@$(BIN)/python benchmarks/run.py

evaluate: $(VENV)/.dev $(VENV)/.warm ## every published and exact number beside ours; out/evaluation.html, .json, docs/evaluation.md
	@NEEDLING_WRITE_DOCS=1 $(BIN)/python -m pytest -m "" tests/validation $(ARGS)

# ---------------------------------------------------------------- generated files

docs: $(VENV)/.dev ## GLOSSARY.md and docs/reference from the code
	@$(BIN)/python docs/generate.py

schemas: $(VENV)/.dev ## JSON Schema snapshots of the documents
	@$(BIN)/python tests/conformance/test_schemas.py

PIN := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
  --python-version 3.11 --custom-compile-command "make requirements" $(UPGRADE)

requirements: $(VENV)/.dev ## pin again from pyproject.toml (UPGRADE=--upgrade for the newest)
	@$(PIN) pyproject.toml requirements/runtime.in -o requirements/runtime.txt
	@$(PIN) pyproject.toml --extra dev requirements/dev.in -o requirements/dev.txt
	@$(PIN) pyproject.toml --extra web requirements/web.in -o requirements/web.txt
	@$(PIN) pyproject.toml --extra peers requirements/bench.in -o requirements/bench.txt

clean: ## remove everything that make made
	@rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests docs examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
