# What people run. `make demo` and `make test` need nothing but Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
WORKERS ?= 2

.PHONY: setup demo bench test faults check format lock
.DEFAULT_GOAL := setup

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/ringfence kafka install
	touch $@

demo: setup
	$(BIN)/ringfence demo

bench: setup
	$(BIN)/ringfence bench

# Two at a time: half of them wait for Kafka, and some measure how fast the service answers.
test: setup
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --no-loadscope-reorder

# Kills, pauses and starves a real service for half an hour, and compares what is left with an oracle.
faults: setup
	$(BIN)/python -m tests.faults.real

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Exact versions with hashes for every platform and Python; carries no addresses.
lock: setup
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-emit-index-url --no-emit-find-links --no-annotate --output-file requirements.lock
