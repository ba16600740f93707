# make run: set up and start the daemon. make test: set up and test stream/ and models/. make test-all: everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash

.DEFAULT_GOAL := run
.PHONY: run test test-all lint format train demo schemas clean

run: $(VENV)/.kernels
	@tools/portaudio.sh $(BIN)/python
	@$(BIN)/genderstream run --demo $(ARGS)

test: $(VENV)/.dev $(VENV)/.kernels
	@tools/portaudio.sh $(BIN)/python
	$(BIN)/python -m pytest tests/models tests/stream tests/test_structure.py -m "not slow"

test-all: test $(VENV)/.train
	$(BIN)/python -m pytest tests/models tests/stream tests/test_structure.py -m slow
	$(BIN)/python -m pytest tests --ignore tests/models --ignore tests/stream --ignore tests/test_structure.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(VENV)/.train
	$(BIN)/python -m training prepare
	$(BIN)/python -m training train
	$(BIN)/python -m training calibrate
	$(BIN)/python -m training export
	$(BIN)/python -m training timbre
	$(BIN)/python -m training activity
	$(BIN)/python -m training evaluate

demo: $(VENV)/.installed
	$(BIN)/python tools/demo.py

schemas: $(VENV)/.installed
	$(BIN)/python tools/schemas.py

clean:
	rm -rf $(VENV) .venv-tflite build dist *.egg-info

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is $$($(PYTHON) --version 2>&1): expected Python 3.11 or later; make PYTHON=python3.12 …"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "venv is missing: sudo apt-get install python3-venv"; exit 2; }
	@echo "installing into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	@echo "installing what the tests need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.train: $(VENV)/.dev
	@echo "installing TensorFlow and what else training needs (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,train]'
	@touch $@

$(VENV)/.kernels: $(VENV)/.installed stream/features/kernels.py stream/features/lanes.py
	@echo "compiling the numerical kernels for this machine (once)"
	@$(BIN)/python -c 'import stream.features'
	@touch $@
