# The developer's commands; `make help` lists them. Each stage of `make test`
# is a target of its own. What they make goes into .build.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The library, and the modules that keep their dependencies out of it.
EXAMPLES := $(patsubst %/go.mod,%,$(wildcard examples/*/go.mod))
MODULES  := . interop bench $(EXAMPLES) tools

BIN   := $(CURDIR)/.build/bin
TOOLS := $(addprefix $(BIN)/,staticcheck govulncheck benchstat testreport)

# $(call each,COMMAND) runs a command in the folder of every module.
each = for module in $(MODULES); do (cd "$$module" && $(1)); done

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## install the peers' packages, then build, lint, cross, unit, interop, examples
	@scripts/test

build: ## build every module, and the daemon into .build/bin/dtlsd
	@$(call each,go build -o /dev/null ./...)
	@go build -o $(BIN)/dtlsd ./cmd/dtlsd

lint: vet format tidy staticcheck govulncheck ## the next five

vet: ## run go vet
	@$(call each,go vet ./...)

format: ## report files that gofmt would change
	@files=$$(gofmt -l .); test -z "$$files" || { echo "not formatted, run gofmt -w on:"; echo "$$files"; exit 1; }

tidy: ## report what go mod tidy would change
	@$(call each,go mod tidy -diff)

staticcheck: tools ## run staticcheck with the rules of staticcheck.conf
	@$(call each,$(BIN)/staticcheck ./...)

govulncheck: tools ## look for known vulnerabilities, if the database can be reached
	@scripts/govulncheck $(MODULES)

cross: ## build and vet for the other systems
	@scripts/cross

unit: unit-race unit-plain ## run the unit tests both ways

unit-race: tools ## run the unit tests under the race detector
	@scripts/gotest unit-race . -race -timeout=15m ./...

unit-plain: tools ## run them as an ordinary build: more seeds, allocations counted, benchmarks once
	@scripts/gotest unit-tools tools -timeout=1m ./...
	@scripts/gotest unit-bench bench -timeout=2m ./...
	@scripts/gotest unit-plain . -timeout=10m ./...
	@scripts/gotest unit-benchmarks . -timeout=5m -run='^$$' -bench=. -benchtime=1x ./...

interop: tools ## test against other implementations, one after the other
	@scripts/gotest interop interop -v -p=1 -parallel=1 -count=1 -timeout=15m ./...

examples: tools ## test the examples
	@for module in $(EXAMPLES); do \
		scripts/gotest "$${module/\//-}" "$$module" -p=1 -count=1 -timeout=5m ./...; \
	done

fuzz: ## fuzz each parser for FUZZTIME (60s), associations for ASSOCIATION_FUZZTIME (5m)
	@scripts/fuzz

soak: ## run adversity under the race detector for SOAKTIME (5m)
	@scripts/soak

bench: ## compare ROWS (all) with other servers, up to an hour; writes docs/performance.md
	@scripts/packages install bench
	@go -C bench run ./cmd/compare $(if $(RESUME),--resume) $(ROWS)

bench-quick: ## compare a few rows with other servers in two minutes, and print them
	@scripts/packages install bench
	@go -C bench run ./cmd/compare --quick

bench-go: tools ## run Go benchmarks that match BENCH (.) and compare them with the run before
	@scripts/bench-go

packages: ## install the Debian packages of the peers (root only)
	@scripts/packages install

tools: $(TOOLS)

$(TOOLS) &: tools/go.mod tools/go.sum $(wildcard tools/testreport/*.go)
	@GOBIN=$(BIN) go -C tools install tool ./testreport
	@touch $(TOOLS)

clean: ## remove what these commands made
	@rm -rf .build

.PHONY: help test build lint vet format tidy staticcheck govulncheck cross unit unit-race unit-plain \
	interop examples fuzz soak bench bench-quick bench-go packages tools clean
