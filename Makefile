# Everything Footnote needs goes into .venv/ and .tools/, nothing elsewhere.
PYTHON ?= python3
BIN := .venv/bin
AXE := .tools/node_modules/axe-core/axe.min.js
PLAYGROUND := .tools/node_modules/.bin/agentsplayground

.PHONY: run install test bench quality prove lint format lock weaviate clean

run: install ## the demo company at http://127.0.0.1:8080
	$(BIN)/footnote serve --demo

install: .venv/installed

# uv comes by its pinned hash from the lock, and installs the rest: 10 s instead of a minute.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Footnote needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	@awk '/^[a-z]/ {take = /^uv==/} take' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock
	$(BIN)/uv pip sync --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --quiet --editable .
	@touch $@

test: install $(AXE) $(PLAYGROUND) ## every suite that can run here
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

bench: install ## ratios against the bare engines, as a table under tests/bench/
	$(BIN)/python -m tests.bench

# The judged sets are licensed and not here: FOOTNOTE_SHARED is the folder whose data/ holds them, by default ../shared.
# CACHE=DIR keeps what doubts, followups and sentences encode; REWRITES=FILE has rewrites of mtrag for followups.
quality: install ## how good answers are, against the committed figures; SETS="demo doubts" only these, ENGINES="lancedb weaviate" on both
	$(BIN)/python -m tests.quality $(foreach set,$(SETS),--set $(set)) $(foreach engine,$(ENGINES),--engine $(engine)) $(if $(CACHE),--cache $(CACHE)) \
		$(if $(REWRITES),--rewrites $(REWRITES))

prove: test bench ## what we claim, measured: every suite, then every figure

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: install
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --group dev --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.lock

# axe-core looks for accessibility faults in the browser tests; the Agents Playground is Microsoft's own client for Teams, which may be used for
# evaluation and is never kept here. Without npm those tests say that they did not run.
$(AXE) $(PLAYGROUND) &:
	@command -v npm >/dev/null && npm install --prefix .tools --no-save --no-audit --no-fund --silent \
		axe-core@4.14.1 @microsoft/m365agentsplayground@0.2.28 || echo "No npm: accessibility and the Teams client will not be tested."

weaviate: .tools/bin/weaviate-server ## the real server, for its contract suite; six minutes
.tools/bin/weaviate-server:
	@command -v go >/dev/null || { echo "weaviate-server is built from its Go module: install Go 1.26 first"; exit 1; }
	GOBIN=$(CURDIR)/.tools/bin go install github.com/weaviate/weaviate/cmd/weaviate-server@v1.39.0

# Never .footnote: the documents, the database and the key of whoever uses this folder are in there.
clean: ## remove what was installed, built and cached here: .venv, .tools, caches; your data in .footnote stays
	rm -rf .venv .tools .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
