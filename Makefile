# make demo · make test · make lint · make bench · make web · make locks
SHELL := /bin/bash
PYTHON ?= python3.11
PORT ?= 7860
SERVE ?= yes
ARENA ?= .arena
export OMP_NUM_THREADS ?= 1
export RAY_USAGE_STATS_ENABLED = 0

.PHONY: demo test lint bench web locks clean

LOCKS := evaluator/requirements-cpu.txt requirements.txt tests/requirements.txt

.venv/.ready: $(LOCKS)
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --disable-pip-version-check --no-deps -q $(foreach lock,$(LOCKS),-r $(lock))
	touch $@

.venv-web/.ready: requirements.txt
	$(PYTHON) -m venv .venv-web
	.venv-web/bin/python -m pip install --disable-pip-version-check --no-deps -q -r requirements.txt
	touch $@

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

test: .venv/.ready .venv-web/.ready
	.venv/bin/pytest
