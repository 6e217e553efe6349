# The four commands of a newcomer; each builds .venv from the lock when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock

.PHONY: cycle test test-slow chaos check ui studio bench clean

cycle: $(VENV)/.core
	$(BIN)/bullpen cycle

ui: $(VENV)/.core
	$(BIN)/bullpen ui

test: $(VENV)/.dev
	$(BIN)/pytest -m "not slow" --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/.dev
	$(BIN)/pytest -m slow

chaos: $(VENV)/.dev
	$(BIN)/python -m benchmarks.desk.chaos

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pyright

# LangGraph's server pins older libraries than the desk, so it has an environment of its own.
studio: .venv-studio/bin/langgraph
	LANGGRAPH_CLI_NO_ANALYTICS=1 .venv-studio/bin/langgraph dev --no-browser

.venv-studio/bin/langgraph: deploy/studio.txt deploy/studio.sh requirements.lock
	PYTHON=$(PYTHON) bash deploy/studio.sh
	touch $@

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
	rm -rf $(VENV) .venv-studio .pytest_cache .ruff_cache *.egg-info
