# `make` alone says what there is. PYTHON= names another interpreter for the set-up.
PYTHON ?= python3
VENV := .venv/bin/python
SETUP := $(PYTHON) -m scripts.setup

export PATH := $(CURDIR)/.venv/node-bin:$(PATH)

.PHONY: help setup run test bench fuzz soak package check

help:
	@echo "make setup    everything the other targets need; quick when nothing changed"
	@echo "make run      open examples/ in VS Code with the extension (PORT=, FOLDER=)"
	@echo "make test     every test, the ones in the real editor included (ARGS= for pytest)"
	@echo "make bench    the benchmarks"
	@echo "make fuzz     a million random inputs for each reader of text (ARGS= names some, --seconds)"
	@echo "make soak     kills, load and a million keys, half an hour; build/soak.json (ARGS=)"
	@echo "make package  the .vsix files, one a platform, in build/"
	@echo "make check    ruff, mypy, tsc"

setup:
	@$(SETUP) all

run:
	@$(SETUP) run
	@exec $(VENV) -m scripts.run $(if $(PORT),--port "$(PORT)") $(if $(FOLDER),--folder "$(FOLDER)")

test: setup
	@$(VENV) -m scripts.package
	@$(VENV) -m pytest $(ARGS)

bench:
	@$(SETUP) bench
	@$(VENV) -m tests.bench $(ARGS)

fuzz:
	@$(SETUP) fuzz
	@$(VENV) -m tests.fuzz $(ARGS)

soak: setup
	@$(VENV) -m tests.soak $(ARGS)

package:
	@$(SETUP) package
	@$(VENV) -m scripts.package --all

check:
	@$(SETUP) check
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy
	@.venv/node-bin/npm --prefix extension run --silent check
