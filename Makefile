# Everything that is done here more than once. `make` alone lists it.
SHELL := bash
.NOTPARALLEL:

# Outside of this folder are caches, of uv, and ~/.cache/bucketdex with OpenSearch; and ~/.local/state/bucketdex (or
# BUCKETDEX_STATE), where pushes, installs and imports of log files remember how far they came.
uv := $(or $(shell command -v uv 2>/dev/null),.tools/uv/bin/uv)
# As pip and curl do: some networks have a certificate authority of their own.
export UV_SYSTEM_CERTS ?= true
python := .venv/bin/python
pytest := .venv/bin/pytest
# sam looks for `python3.13` and `pip` on the PATH: its own environment has both.
sam := PATH="$(CURDIR)/.tools/sam/bin:$$PATH" SAM_CLI_TELEMETRY=0 sam
architecture := $(if $(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##### Set up

.PHONY: setup
setup: .venv/.made ## Put everything into .venv, so that .venv/bin/bucketdex is the command

.venv/.made: $(filter .tools/%,$(uv)) requirements/dev.txt requirements/demo.txt pyproject.toml .python-version
	@$(uv) venv --quiet --allow-existing --python "$$(cat .python-version)" .venv || { \
	    echo "make setup: CPython $$(cat .python-version) is needed and could not be found or downloaded (see above);" \
	        "install it, for example with pyenv, and run this again" >&2; exit 1; }
	@echo "Installing into .venv: 0.5 GB, of which what this machine has not cached yet is downloaded."
	$(uv) pip sync --python $(python) --require-hashes requirements/dev.txt requirements/demo.txt
	$(uv) pip install --quiet --python $(python) --no-deps --no-build-isolation -e .
	@touch $@

.tools/uv/bin/uv: requirements/uv.txt
	python3 -m venv --clear .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# aws-sam-cli pins a boto3 of its own, and what Lambda's runtime brings must not come from .venv: an environment for each.
.tools/%/.made: requirements/%.txt | .venv/.made
	$(uv) venv --quiet --allow-existing --python $(python) .tools/$*
	$(uv) pip sync --quiet --python .tools/$*/bin/python --require-hashes requirements/$*.txt
	@touch $@

.PHONY: requirements
requirements: .venv/.made ## Renew the pinned requirement files (UPGRADE=1: to the newest versions)
	UV=$(uv) requirements/compile.sh

##### Run

.PHONY: demo
demo: setup ## Start the stack, write files and find them (DATA=folder: your own files)
	.venv/bin/bucketdex demo $(if $(DATA),--data "$(DATA)")

.PHONY: down
down: ## Stop the local stack
	@if [ -x .venv/bin/bucketdex ]; then .venv/bin/bucketdex local down; else echo "No stack was ever started here."; fi

.PHONY: build
build: .tools/sam/.made ## Build the functions and the layer as they are deployed (sam build)
	$(sam) build --parameter-overrides Architecture=$(architecture)
	@# All layers of a function may have 250 MB together: what no reader of ours uses of pyarrow goes.
	cd .aws-sam/build/ReadersLayer/python/pyarrow && \
	    rm -rf tests include includes src *.pxd *_flight* *_s3* libarrow_python.so libarrow_python.so.*.*
	@# Lambda's folders are read-only: without this every cold start compiles 700 modules, 1 s instead of a quarter.
	.tools/sam/bin/python -m compileall -q --invalidation-mode unchecked-hash .aws-sam/build

FUNCTION ?= IndexObjects
sample_IndexPackages := package-events
sample_HashObjects := hash-requests
sample_HashRanges := hash-range
sample_ReadTrail := trail-file
sample_CheckBuckets := check-buckets
sample_SearchApi := search
sample_Catalog := catalog
EVENT ?= events/$(or $(sample_$(FUNCTION)),s3-created).json
base_image := public.ecr.aws/lambda/python:3.13-$(architecture)
.PHONY: invoke
invoke: setup ## Run a function in Lambda's container against the local stack (FUNCTION=... EVENT=events/...json)
	@test -f "$(EVENT)" || { echo "make invoke: there is no $(EVENT); events/ has a sample of every form" >&2; exit 1; }
	@docker version >/dev/null || { echo "make invoke needs a Docker engine" >&2; exit 1; }
	@docker image inspect $(base_image) >/dev/null 2>&1 || docker pull $(base_image) || { \
	    echo "make invoke: tests/e2e/lambda_base_image.sh builds the image where it cannot be pulled" >&2; exit 1; }
	.venv/bin/bucketdex local up --bridge
	@$(MAKE) --no-print-directory build
	.venv/bin/bucketdex bucket add example-bucket
	.venv/bin/bucketdex local env --sam > .aws-sam/env.json
	eval "$$(.venv/bin/bucketdex local env)"; $(python) tests/e2e/put_sample.py; $(sam) local invoke $(FUNCTION) \
	    --event "$(EVENT)" --env-vars .aws-sam/env.json --parameter-overrides Architecture=$(architecture)
	@echo "The stack runs on: make down stops it."

##### Check

.PHONY: check
check: lint types ## All that reads the code without running it

.PHONY: lint
lint: setup ## Style, imports, template (ruff, import-linter, cfn-lint)
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports
	.venv/bin/cfn-lint template.yaml

.PHONY: types
types: setup ## Types (mypy --strict)
	.venv/bin/mypy

.PHONY: format
format: setup ## Format the code and mend what can be mended by itself
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

.PHONY: test
test: setup ## All tests that this machine can run, and what it could not run and why
	@rm -f .pytest_cache/could-not-run
	@export BUCKETDEX_COULD_NOT_RUN=.pytest_cache/could-not-run; status=0; \
	    for suite in unit integration e2e; do $(MAKE) --no-print-directory test-$$suite || status=1; done; \
	    if [ -s .pytest_cache/could-not-run ]; then echo "What could not run here:"; cat .pytest_cache/could-not-run; \
	    else echo "Nothing was left out."; fi; exit $$status

.PHONY: test-unit
test-unit: setup ## Tests of the logic and the simulation, without any server
	$(pytest) -n 2 tests/unit tests/simulation

.PHONY: test-integration
test-integration: setup .tools/quilt/.made ## Tests against a real OpenSearch and emulated S3, SQS and DynamoDB
	$(pytest) -n 2 --dist loadfile tests/integration

.PHONY: test-e2e
test-e2e: build .tools/runtime/.made ## Tests of the built functions in Lambda's runtime, and of the catalog in a browser
	$(pytest) -n 2 --dist loadgroup tests/e2e

N ?= 10000
SEED ?= 1
.PHONY: simulate
simulate: setup ## Random interleavings of N deliveries against a model (N=10000 SEED=1)
	PYTHONPATH=tests $(python) -m simulation --deliveries $(N) --seed $(SEED)

.PHONY: bench
bench: setup ## Measure, as docs/performance.md reports it
	$(python) -m benchmarks

.PHONY: clean
clean: ## Remove what was built and cached, but neither .venv nor the local stack
	rm -rf .aws-sam .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
