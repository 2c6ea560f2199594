# A fresh machine with Python 3.11 or later, make and git needs nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export PIP_REQUIRE_VIRTUALENV := 1

.PHONY: demo test test-debian check bench fuzz compiled test-compiled taken-out clean

demo: $(VENV)/.installed
	@$(BIN)/monition demo

# Lint, types, import contracts, then every test; what was skipped is told, with the reason.
test: $(VENV)/.installed-test
	@tests/e2e/install-system-packages
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

# The same and the demo in a root of the other Debian release, or RELEASE's. Needs root on Debian.
test-debian:
	@.ci/debian $(RELEASE)

check: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.house

bench: $(VENV)/.installed-test
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

# The random search: what it finds becomes an example in the test.
fuzz: $(VENV)/.installed-test
	@tests/e2e/install-system-packages
	@$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=long

# Each behaviour taken out of a copy once: did its tests notice? TAKEN_OUT_ARGS='R07 -j 2'
taken-out: $(VENV)/.installed-test
	@$(BIN)/python -m tests.taken_out $(TAKEN_OUT_ARGS)

# The relay's path as C, in a tree of its own: docs/compiled.md. Needs a C compiler.
COMPILED := $(CURDIR)/build/compiled

compiled: $(VENV)/.installed-test
	@$(BIN)/python hatch_build.py $(COMPILED) > $(VENV)/compiled.log 2>&1 || { cat $(VENV)/compiled.log >&2; exit 1; }

test-compiled: compiled
	@PYTHONSAFEPATH=1 PYTHONPATH=$(COMPILED) $(BIN)/python -c 'from gateway.smtp import compiled_build; assert compiled_build.IS_COMPILED'
	@PYTHONSAFEPATH=1 PYTHONPATH=$(COMPILED) $(BIN)/python -m pytest -n auto tests/smtp tests/fuzz tests/dialogues tests/relay $(PYTEST_ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Monition needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Monition into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Monition and its test tools into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --editable '.[test]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
