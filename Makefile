# The four commands of a newcomer; each builds .venv from the lock when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock

.PHONY: cycle test test-slow check ui bench clean

cycle: $(VENV)/.core
	$(BIN)/bullpen cycle

ui: $(VENV)/.core
	$(BIN)/bullpen ui

test: $(VENV)/.dev
	$(BIN)/pytest -m "not slow" --numprocesses 2 --dist loadfile

test-slow: $(VENV)/.dev
	$(BIN)/pytest -m slow

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.run

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(PIP) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) --editable '.[llm,brokers,serving,postgres,telemetry,tracking,tuning,multiagent,dev]'
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache *.egg-info
