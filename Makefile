# `make` alone lists the targets. PYTHON= names another interpreter for the setup.
PYTHON ?= python3
VENV := .venv/bin/python
SETUP := $(PYTHON) -m scripts.setup

export PATH := $(CURDIR)/.venv/node-bin:$(PATH)

.PHONY: help setup run test bench fuzz soak package pictures check

help:
	@echo "make setup    install what the other targets need; quick when nothing has changed"
	@echo "make run      open examples/ in VS Code with the extension (PORT=, FOLDER=)"
	@echo "make test     run all tests, those in a real VS Code included (ARGS= for pytest)"
	@echo "make bench    run the benchmarks (ARGS= names one)"
	@echo "make fuzz     a million random inputs for each reader of text (ARGS= names some, --seconds)"
	@echo "make soak     kills, load and a million keys, half an hour; build/soak.json (ARGS=)"
	@echo "make package  build the .vsix file of each platform in build/"
	@echo "make pictures make the images of the README from a real window"
	@echo "make check    ruff, mypy, tsc, spelling, words, generated texts"

setup:
	@$(SETUP) all

run:
	@$(SETUP) run
	@exec $(VENV) -m scripts.run $(if $(PORT),--port "$(PORT)") $(if $(FOLDER),--folder "$(FOLDER)")

test: setup
	@$(VENV) -m scripts.package
	@$(VENV) -m pytest -n 2 $(ARGS)

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

pictures: setup
	@$(VENV) -m scripts.package
	@$(VENV) -m scripts.pictures

check:
	@$(SETUP) check
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy
	@.venv/bin/codespell
	@$(VENV) -m scripts.words
	@$(VENV) -m scripts.generate --check
	@.venv/node-bin/npm --prefix extension run --silent check
