# Every target does its own set-up: a checkout, make and Python 3.11 or newer are enough.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# To run, the runtime lock is enough; what is installed for development can run as well.
RUNNABLE := $(if $(wildcard $(INSTALLED)),$(INSTALLED),$(VENV)/.runnable)

# The first of these that is new enough is taken; `make PYTHON=/path/to/python3` decides otherwise.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

.DEFAULT_GOAL := help
.PHONY: help install install-run demo test soak week crashes stories check format golden texts lock audit bench clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## set up .venv with the locked, hash-checked dependencies

install-run: $(RUNNABLE) ## set up .venv with what `tradebell run` needs, and no more

demo: $(RUNNABLE) ## run the whole product against a simulated platform, in the browser
	@exec $(BIN)/tradebell demo

test: $(INSTALLED) ## run the whole test suite
	$(BIN)/pytest --numprocesses auto --maxprocesses 4

soak: $(INSTALLED) ## count what comes of random faults: SEED=7 EVENTS=3000 DATABASE=postgresql+asyncpg://...
	@exec $(BIN)/python -m tests.soak \
		$(if $(SEED),--seed $(SEED)) $(if $(EVENTS),--events $(EVENTS)) $(if $(DATABASE),--database $(DATABASE))

week: $(INSTALLED) ## live a week of an account with ten bots, and count how often the phone rings
	@exec $(BIN)/python -m tests.week

crashes: $(INSTALLED) ## crash at every point of a day, and in 200 random lives: `make test` takes a few of each sort
	TRADEBELL_TEST_MODEL_EXAMPLES=200 $(BIN)/pytest --numprocesses auto --maxprocesses 4 --timeout 3600 --every-crash \
		tests/faults/virtual/test_crashes.py tests/faults/virtual/test_model.py

stories: $(INSTALLED) ## tell every story of the services on PostgreSQL too: `make test` tells most on SQLite alone
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --every-database tests/services tests/faults/virtual

check: $(INSTALLED) ## check format, lint, types and import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## format the code and repair what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED) ## print the benchmark table
	$(BIN)/python -m benchmarks

audit: $(INSTALLED) ## look for known weaknesses of what Tradebell needs to run (asks a database on the net)
	@$(BIN)/pip-audit --strict --disable-pip --requirement requirements.lock --progress-spinner off 2>$(VENV)/audit || { \
		grep -q '^Found ' $(VENV)/audit && cat $(VENV)/audit >&2 || { tail -n 3 $(VENV)/audit; echo \
			'Nothing was looked at: the database of known weaknesses could not be reached.'; } >&2; \
		exit 1; \
	}
	@cat $(VENV)/audit

# The runtime lock is resolved first and binds the others: all name the same versions.
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--upgrade --generate-hashes --custom-compile-command "make lock"

golden: $(INSTALLED) ## write anew what people read, in tests/golden and the docs: read what changed
	$(BIN)/python -m tests.parity

texts: $(INSTALLED) ## take the sentences out of the code for translators, and bring their catalogues up to date
	$(BIN)/python -m tests.harness.extraction

lock: $(INSTALLED) ## take the newest dependencies into the locks
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --output-file requirements-dev.lock --extra dev --constraints requirements.lock pyproject.toml
	$(LOCK) --output-file requirements-build.lock --group build --constraints requirements-dev.lock

clean: ## remove the virtual environment, caches and built files
	rm -rf $(VENV) dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define make_venv
@$(BIN)/python -c 'import pip, sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null || { \
	for python in $(PYTHON) ''; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Tradebell needs Python 3.11 or newer, and found none of: $(PYTHON).' >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make virtual environments: install its venv package" \
			"(Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	fi; \
	"$$python" -m venv --clear $(VENV); \
}
@echo 'Installing the locked dependencies into $(VENV) ...'
endef

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

$(INSTALLED): pyproject.toml requirements-dev.lock
	$(make_venv)
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-build-isolation -e .
	@touch $@

$(VENV)/.runnable: pyproject.toml requirements.lock requirements-build.lock
	$(make_venv)
	@$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) --no-build-isolation -e .
	@touch $@
