# Two commands for a fresh machine: `make demo` and `make test`. Both set up .venv by themselves.

PYTHON ?= python3
VENV ?= .venv
export VENV PYTHON

.PHONY: demo test fast check clean

## Train CartPole and watch the policy in a browser
demo: $(VENV)/.installed
	@$(VENV)/bin/poise train CartPole-v1 --watch

## Run the whole test suite
test: $(VENV)/.installed-dev
	@scripts/test

## Run the tests that take a moment only
fast: $(VENV)/.installed-dev
	@scripts/test -m "not slow"

## Lint, types and layers
check: $(VENV)/.installed-dev
	@scripts/check

$(VENV)/.installed: pyproject.toml scripts/setup
	@scripts/setup
	@touch $@

$(VENV)/.installed-dev: pyproject.toml scripts/setup
	@scripts/setup dev
	@touch $@ $(VENV)/.installed

## Remove everything that was made here, but runs/
clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
