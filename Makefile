# make demo: set up, and analyse a recorded sample.   make test: set up, and run every test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE ?= samples/proxy/upgrade-headers-missing
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test check wheel record fixes accuracy inputs readme hostile fuzz bench clean

demo: $(VENV)/.ready
	$(BIN)/wslogs analyze $(SAMPLE)/bundle

test: $(VENV)/.ready-dev
	@sh tests/lab/install.sh
	@$(MAKE) --no-print-directory $(VENV)/.ready-npm
	$(BIN)/python -m pytest

# What must be clean before a commit: types, lint, patterns, and the suite again in an odd time zone.
check: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/wslogs patterns check
	$(BIN)/python -m tests.accuracy --check
	TZ=Asia/Kathmandu $(BIN)/python -m pytest -m "not lab"

# The wheel must carry patterns and templates: it is installed and used away from the checkout.
wheel: $(VENV)/.ready-dev
	sh tests/wheel.sh $(BIN)/python

record: $(VENV)/.ready-dev
	$(BIN)/python -m tests.lab record

# Each diff that a report proposes, on the real stack: it applies, nginx takes it, and the socket opens.
fixes: $(VENV)/.ready-dev
	$(BIN)/python -m tests.lab.fixes

# How often verdicts are right on the samples, the data behind every stated confidence; and how well tries are joined: docs/accuracy.md.
accuracy: $(VENV)/.ready-dev
	$(BIN)/python -m tests.accuracy

# How each input is read: docs/inputs.md from tests/fixtures.
inputs: $(VENV)/.ready-dev
	$(BIN)/python -m tests.inputs

# Hostile inputs, all of them, and what they took: the last section of docs/security.md.
hostile: $(VENV)/.ready-dev
	$(BIN)/python -m tests.hostile --all --write

# Half a minute of atheris on each reader; it has wheels for Linux alone, and so is no dependency.
fuzz: $(VENV)/.ready-dev
	$(BIN)/python -m pip install --quiet 'atheris>=3'
	for reader in bundle har access error app conf; do $(BIN)/python -m tests.hostile.fuzz $$reader 30 || exit 1; done

# How fast, beside ripgrep, lnav, goaccess and a naive reader, and as inputs grow: docs/performance.md. make bench BENCH="--size 0.1" is quicker.
bench: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks $(BENCH)

readme: $(VENV)/.ready-dev
	$(BIN)/python -m tests.readme

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "wslogs needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); sh tests/lab/install.sh venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,lab]'
	@touch $@ $(VENV)/.ready

# What pages are looked at with, never part of one: axe-core (accessibility) and mermaid (whether it takes a diagram).
$(VENV)/.ready-npm: tests/lab/package.json $(VENV)/.ready-dev
	@mkdir -p $(VENV)/npm && cp tests/lab/package.json $(VENV)/npm/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm install --prefix $(VENV)/npm --ignore-scripts --no-audit --no-fund --silent
	@touch $@

clean:
	rm -rf $(VENV) dist build wslogs-report
