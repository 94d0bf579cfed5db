# What to type. The first call sets everything up inside this folder; later ones do only what changed.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory --no-builtin-rules
.SHELLFLAGS := -euc

PYTHON ?= python3
# Passed on, as in: make test ARGS="-k retire"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
APE := .venv-ape
ANALYSIS := .venv-analysis
# The Node of the wheel comes before any other, and so do our own tools.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_PYTHON_DOWNLOADS := never
# Trust whom the system trusts, as pip does: a network may have a certificate authority of its own.
export UV_SYSTEM_CERTS ?= true
export NODE_USE_SYSTEM_CA ?= 1

# Foundry caches signatures under its user's home: give it one in here.
FORGE := HOME="$(CURDIR)/.build/home" contracts/tools/forge
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.PHONY: help
help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

# --- Set-up --------------------------------------------------------------------------------------

.PHONY: setup
setup: $(VENV)/.stamp node_modules/.stamp ## set everything up, without running it

$(VENV)/.stamp: requirements-dev.txt pyproject.toml
	@$(call make_venv,$(VENV))
	@echo "installing the Python packages"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(VENV)/uv.txt
	@uv pip sync --quiet --require-hashes requirements-dev.txt
	@uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.stamp: package-lock.json | $(VENV)/.stamp
	@echo "installing the Solidity tool chain"
	@npm ci --loglevel error > /dev/null
	@touch $@

.PHONY: ape
ape: $(APE)/.stamp ## set up Ape, which deploys to other networks (scripts/deploy)

$(APE)/.stamp: requirements-ape.txt | $(VENV)/.stamp
	@$(call make_venv,$(APE))
	@uv pip sync --quiet --python $(APE)/bin/python --require-hashes requirements-ape.txt
	@touch $@

$(ANALYSIS)/.stamp: requirements-analysis.txt | $(VENV)/.stamp
	@$(call make_venv,$(ANALYSIS))
	@uv pip sync --quiet --python $(ANALYSIS)/bin/python --require-hashes requirements-analysis.txt
	@touch $@

define make_venv
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "$(PYTHON) is missing or older than 3.11. Name another: make PYTHON=python3.12 …" >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip' 2> /dev/null \
	|| { echo "$(PYTHON) comes without ensurepip. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
$(1)/bin/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(1)
endef

# --- Run -----------------------------------------------------------------------------------------

.PHONY: demo up
demo: setup ## the main job as a story: from real electricity bills to a retired kilogram
	@ccm demo $(ARGS)

up: setup ## serve the API on this machine until Ctrl-C
	@ccm up $(ARGS)

# --- Test ----------------------------------------------------------------------------------------

.PHONY: test test-fast coverage storm contracts-test contracts-deep contracts-coverage contracts-mutants contracts-analysis
test: ape contracts-test ## all tests
	@pytest --numprocesses 2 --dist worksteal $(ARGS)

test-fast: setup ## unit and architecture tests, for the inner loop
	@pytest --exitfirst $(wildcard tests/unit tests/architecture) $(ARGS)

coverage: setup ## all Python tests, with a report of the lines and branches that they reach in this process
	@pytest --numprocesses 2 --dist worksteal --cov --cov-report=term:skip-covered $(ARGS)

# How long, and which; or one story again that failed and was written down.
STEPS ?= 10000
SEED ?= 1
STORY ?=
storm: setup ## have the indexer follow forks through faults and crashes: STEPS, SEED, or STORY=<file>
	@STORM_STEPS=$(STEPS) STORM_SEED=$(SEED) STORM_STORY=$(STORY) STORM_TELLS=1 pytest -s tests/storm $(ARGS)

contracts-test: setup ## the Foundry tests, and the gas that they were to use
	@FORGE_SNAPSHOT_CHECK=true $(FORGE) test

contracts-deep: setup ## the Foundry tests, fuzzed for longer
	@FOUNDRY_PROFILE=deep $(FORGE) test $(ARGS)

contracts-coverage: setup ## the share of the contracts' lines and branches that their tests reach
	@$(FORGE) coverage --report summary --no-match-coverage '(contracts/test|node_modules)' --no-match-contract 'Invariant|GasTest' $(ARGS)

# --- Measure -------------------------------------------------------------------------------------

.PHONY: gas gas-snapshot indexer
gas: setup ## measure what every transaction costs, beside other tokens and markets (docs/gas.md)
	@$(BIN)/python -m benchmarks.gas $(ARGS)

indexer: setup ## measure how fast the chain becomes rows, beside a script without any safety (docs/indexer.md)
	@$(BIN)/python -m benchmarks.indexer $(ARGS)

gas-snapshot: setup ## write down anew what the most paid for calls use
	@FORGE_SNAPSHOT_EMIT=true $(FORGE) test --match-contract GasTest

contracts-mutants: setup ## show that the Foundry tests notice faults in the contracts (docs/mutation.md)
	@$(BIN)/python -m scripts.mutation $(ARGS)

contracts-analysis: setup $(ANALYSIS)/.stamp ## have Slither read the contracts (docs/static-analysis.md)
	@$(BIN)/python -m scripts.analyse_contracts

# --- Check ---------------------------------------------------------------------------------------

.PHONY: check format format-check lint types layers contracts-format contracts-lint contracts-check
check: format-check lint types layers contracts-format contracts-lint contracts-check ## format, lint, types, layers, generated files

format: setup ## put Python and Solidity into their format
	@ruff format
	@$(FORGE) fmt

format-check: setup
	@ruff format --check

lint: setup
	@ruff check

types: setup
	@mypy

layers: setup
	@lint-imports

contracts-format: setup
	@$(FORGE) fmt --check

contracts-lint: setup
	@node_modules/.bin/solhint --disc --noPoster --max-warnings 0 'contracts/src/**/*.sol'

contracts-check: setup
	@$(BIN)/python scripts/compile_contracts.py --check

# --- Generate ------------------------------------------------------------------------------------

.PHONY: contracts lock
contracts: setup ## compile the contracts into contracts/artifacts
	@$(BIN)/python scripts/compile_contracts.py

lock: setup ## pin the Python packages with their hashes; ARGS=--upgrade takes the newest allowed
	@$(LOCK) $(ARGS) requirements.in -o requirements.txt
	@$(LOCK) $(ARGS) -c requirements.txt requirements-dev.in -o requirements-dev.txt
	@$(LOCK) $(ARGS) requirements-ape.in -o requirements-ape.txt

# --- Remove --------------------------------------------------------------------------------------

.PHONY: clean
clean: ## stop what runs here, and remove what set-up and runs left
	@if [ -x $(BIN)/ccm ]; then $(BIN)/ccm down; $(BIN)/ccm down --data .ccm/demo; fi
	@for file in .ccm/outside .ccm/demo/outside; do if [ -f $$file ]; then while read -r folder; do case "$$folder" in */ccm-*) rm -rf -- "$$folder";; esac; done < $$file; fi; done
	@find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
	@rm -rf .ccm .build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov
	@rm -rf contracts/out contracts/cache contracts/.cache *.egg-info node_modules $(VENV) $(APE) $(ANALYSIS)
