# Set-up, tests and checks. `make demo` and `make test` are all that a fresh machine needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo demo-server test faults check lint types contracts docs screenshots bench lock build clean
.DEFAULT_GOAL := help
help: ## what can be made here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/.run: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and none was found; set PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run ## open the explorer on the demo account (no AWS needed)
	$(BIN)/ecsiam-tui demo

demo-server: $(VENV)/.run ## serve the demo account over HTTP for --endpoint-url
	$(BIN)/ecsiam-tui demo --serve

test: $(VENV)/.dev ## run the tests
	$(BIN)/python -m pytest -n auto --dist loadscope -q

faults: $(VENV)/.dev ## kill an apply at every call of a fix of every recipe, in every way
	$(BIN)/python -m pytest -q tests/faults/test_recipes.py --every-kill-point

check: lint types contracts ## lint, strict types, import contracts

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## write the generated parts of docs/ again
	$(BIN)/python -m ecsiam_tui.aws.permissions > docs/permissions.md
	$(BIN)/python -m ecsiam_tui.findings.reports.rules_page > docs/rules.md

screenshots: $(VENV)/.dev ## make screenshots/ again from the demo account
	$(BIN)/python screenshots/make.py

bench: $(VENV)/.dev ## measure, and print ratios
	$(BIN)/python -m bench

build: $(VENV)/.dev ## wheel and sdist into dist/
	$(BIN)/python -m build

lock: ## pin every dependency again, with hashes and without addresses
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
