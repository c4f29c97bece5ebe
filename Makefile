# Everything runs from .venv, which the first target that needs it makes; a second run finds it made.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
READY := .venv/.ready
TESTS ?= -m "not long"
# How long each test took, for `make slowest`.
TIMES := build/tests.xml
# No package runs a program while it is installed. Of the release of lz4 that is locked there are no built files for these
# Pythons: its set-up code alone runs, from the file whose hash the lock names.
BUILT := --only-binary :all: --no-binary lz4
# Most tests wait for servers: more processes of tests, each with servers of its own. Files in their order, the longest first.
SIDE_BY_SIDE ?= -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: help test slowest faults search lint up demo bench proof lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

test: lint ## lint, types, layers, then the tests on real servers, all but those of minutes
	@# tests marked long: see `make faults`
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --junit-xml=$(TIMES) $(TESTS)

slowest: $(READY) ## the slowest twenty tests and files of the last `make test`
	@$(BIN)/python -m tests.support.slowest $(TIMES)

faults: $(READY) ## kill, stop and starve everything for hours, recount, print the table (FAULTS="--volume short" for minutes)
	@$(BIN)/python -m pytest -m long && $(BIN)/python -m tests.faults --volume release $(FAULTS)

lint: $(READY)
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

search: $(READY) ## properties over thousands of fresh examples each, where `make test` repeats the same sixty
	@$(BIN)/python -m pytest -n 2 --hypothesis-profile thorough -m "not servers and not long" tests/streams tests/schemas

up: $(READY) ## start servers, a worker and demonstration events; stays until Ctrl-C
	@$(BIN)/cx up

demo: $(READY) ## the same work, checked against what the generator knows; ends
	@$(BIN)/cx demo

bench: $(READY) ## events per second beside Faust and Quix Streams
	@$(BIN)/python -m bench

proof: $(READY) ## import the real data sets that CX_REAL_DATA names and compare the figures
	@$(BIN)/cx proof

lock: ## resolve the dependencies anew
	python3 -m venv build/uv
	build/uv/bin/pip install --quiet uv
	build/uv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes $(BUILT) \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.lock
	build/uv/bin/uv pip compile bench/requirements.in --universal --python-version 3.11 --generate-hashes \
		--only-binary :all: --no-emit-index-url --no-annotate --no-header --quiet --output-file bench/requirements.lock

clean: ## remove what was made, except the embedded servers' data in .cx
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(READY): requirements.lock pyproject.toml
	@for candidate in python3 python3.11 python3.12 python3.13 python3.14; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo 'make: no Python 3.11 or newer was found: install one (python3 in Debian 12)' >&2; exit 1; fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "make: $$python cannot make virtual environments: install its venv module (python3-venv in Debian)" >&2; exit 1; fi; \
	echo "making .venv with $$($$python --version); this takes a few minutes once"; \
	$$python -m venv .venv && \
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes $(BUILT) -r requirements.lock && \
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e . && \
	touch $@ || { echo 'make: .venv could not be made: the first run needs the network and 2 GB of disk' >&2; exit 1; }
