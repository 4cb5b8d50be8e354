.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test test-kill check format clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 11

run: $(VENV)/.installed  ## install what it runs on, then serve the workbench on http://localhost:8501
	$(BIN)/streamlit run streamlit_app.py

test: $(VENV)/.installed-dev  ## install what tests need, then run them
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-kill: $(VENV)/.installed-dev  ## kill runs at 20 random moments, not 4 as `test` does, and resume them
	FER_KILLS=20 $(BIN)/python -m pytest tests/training/test_kill.py

check: $(VENV)/.installed-dev  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev  ## format all code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment and caches; saved models and data stay
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
