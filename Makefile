# Everything this project can be asked for. `make help` lists it.
#
# Any Node on PATH from 24.12 on is used; where there is none, one is brought from npm into a cache outside the
# checkout (tools/node.sh). Each target may be run at any time, again and again, and leaves nothing behind.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

GOALS := $(or $(MAKECMDGOALS),help)
ifneq ($(filter-out help clean,$(GOALS)),)
  NODE_FOLDER := $(shell tools/node.sh)
  ifeq ($(NODE_FOLDER),)
    $(error no Node to run with)
  endif
  export PATH := $(NODE_FOLDER):$(PATH)
endif

# npm writes this file last, at each install: older than the lock file means that something else is installed.
INSTALLED := node_modules/.package-lock.json
BIN := node_modules/.bin
RUN_TESTS := node test/run/main.ts

## Start here

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^## / { printf "\n%s\n", substr($$0, 4) } \
	  /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: $(INSTALLED) ## Install the packages of package-lock.json, if that has changed

$(INSTALLED): package-lock.json
	npm ci --loglevel=error
	@touch $(INSTALLED)

.PHONY: demo
demo: $(INSTALLED) ## Import some hundred thousand events on this machine, with Node alone
	node cli/bin/millrace.js demo

## Before each commit

.PHONY: check
check: static quick ## Everything quick: format, lint, types, rooms, dead code, generated files, quick tests

.PHONY: fmt
fmt: $(INSTALLED) ## Format all files
	$(BIN)/prettier --log-level=warn --write .

.PHONY: generate
generate: $(INSTALLED) ## Write all generated files: types, reference pages, feature list, linter's rooms
	node tools/generate/main.ts

.PHONY: features
features: generate ## Write docs/features.md: what is asked, and the tests that show it (part of generate)

## Tests

.PHONY: test
test: static prepare ## Everything: check, and the tests against real servers
	$(RUN_TESTS) unit contract golden fuzz architecture integration

.PHONY: unit contract golden architecture integration
unit: $(INSTALLED) ## Tests of pure parts (ONLY=path-part takes some, as for all suites)
	$(RUN_TESTS) unit
contract: $(INSTALLED) ## One suite over every member of a registry, every implementation of an interface
	$(RUN_TESTS) contract
golden: $(INSTALLED) ## Input files beside their expected output
	$(RUN_TESTS) golden
architecture: $(INSTALLED) ## What the sources look like: names, rooms, docs
	$(RUN_TESTS) architecture
integration: $(INSTALLED) prepare ## Tests against real servers: Kubernetes, S3, PostgreSQL
	$(RUN_TESTS) integration

# The laws over random faults, with many more seeds than `make test` takes. CHAOS_SEED repeats a run that failed.
CHAOS_RUNS ?= 200
CHAOS_TESTS = $(shell grep -rl --include='*.test.ts' support/chaos test)
.PHONY: chaos
chaos: $(INSTALLED) prepare ## Laws over random faults and kills, CHAOS_RUNS (200) times each; CHAOS_SEED=n repeats one
	CHAOS_RUNS=$(CHAOS_RUNS) node --test --test-concurrency=1 --test-reporter=spec $(CHAOS_TESTS)

# The laws over random input, which `make test` tries a few hundred times each.
FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: $(INSTALLED) ## Readers and converters over random bytes, FUZZ_SECONDS (60) a law; FUZZ_SEED=n repeats one
	FUZZ_SECONDS=$(FUZZ_SECONDS) node --test --test-concurrency=2 --test-reporter=spec 'test/fuzz/*.test.ts'

## Measurements

# BENCH takes suites and options: BENCH="compare --events 1000000 --rounds 5".
BENCH ?=
.PHONY: bench
bench: $(INSTALLED) ## Speed, CPU and memory of the import beside their limits (bench/README.md); BENCH="compare --rounds 5"
	node bench/main.ts $(BENCH)

## Single checks

.PHONY: static format lint types rooms dead generated
static: format lint types rooms dead generated ## All checks that run no test
format: $(INSTALLED) ## Format, checked
	$(BIN)/prettier --log-level=warn --cache --check .
lint: $(INSTALLED) ## Linter, with types
	$(BIN)/oxlint
types: $(INSTALLED) ## Type checker
	$(BIN)/tsc -p .
rooms: $(INSTALLED) ## Who imports whom (tools/rooms/table.ts)
	node tools/rooms/main.ts
dead: $(INSTALLED) ## Files, exports and packages that nothing uses
	$(BIN)/knip
generated: $(INSTALLED) ## Generated files, compared with what would be generated
	node tools/generate/main.ts --check

.PHONY: quick
quick: $(INSTALLED)
	$(RUN_TESTS) unit contract golden fuzz architecture

# Kubernetes' own programs, built once and cached outside the checkout. Without them, and without Go to build them, the
# suites that need them are left out, and the run says so.
.PHONY: prepare
prepare: $(INSTALLED)
	@node test/support/control-plane/install.ts >/dev/null || true

## At the end

.PHONY: clean
clean: ## Remove what make has put into the checkout
	rm -rf node_modules .millrace
