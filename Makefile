.DEFAULT_GOAL := help
SHELL := /bin/sh

ARGS ?=
FUZZTIME ?= 10s
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
# Where there is a go.mod beside the main one, for those who depend on the server to get none of it.
MODULES := . bench test/browser test/ha test/model test/rds test/sdk test/terraform
# The binary carries its commit, where git can tell it.
VCS := $(shell git status --porcelain >/dev/null 2>&1 && echo true || echo false)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What the server's own tests need: those of the main module and of two beside it.
NEEDS := postgres cc node curl . bench test/model test/clients/mcp/testdata/npm

.PHONY: setup
setup: ## Download modules, and install or build what the machine lacks
	@scripts/setup.sh $(NEEDS) chromium test/browser test/rds test/sdk test/terraform terraform opentofu provider

.PHONY: run
run: ## Start the sandbox: make run ARGS='--listen 127.0.0.1:9000'
	@scripts/setup.sh postgres .
	@$(MAKE) --no-print-directory build
	@exec bin/understudy serve $(ARGS)

.PHONY: demo
demo: ## Watch three accounts at work: make demo ARGS='--for 2m'
	@scripts/setup.sh postgres .
	@$(MAKE) --no-print-directory build
	@exec bin/understudy demo $(ARGS)

.PHONY: build
build: ## Build bin/understudy
	@CGO_ENABLED=0 go build -buildvcs=$(VCS) -trimpath -o bin/understudy ./cmd/understudy

.PHONY: test
test: setup ## Run every test: the server's, the Go SDKs', Terraform's
	@$(MAKE) --no-print-directory --keep-going -j2 test-server test-terraform test-sdks

.PHONY: test-server
test-server:
	go test -race -timeout 25m ./...
	cd bench && go test -race ./...
	cd test/model && go test -race -count=1 -timeout 25m ./...
	cd test/browser && go test -count=1 -parallel 4 -timeout 10m ./...

.PHONY: pictures
pictures: ## Keep a picture of every page of the dashboard in bin/pictures
	@scripts/setup.sh postgres chromium . test/browser
	@rm -rf bin/pictures && mkdir -p bin/pictures
	cd test/browser && go test -count=1 -artifacts -outputdir $(CURDIR)/bin/pictures -run Pictures ./...

# These mostly wait for the server, so they begin beside the others as soon as Terraform's are done.
.PHONY: test-sdks
test-sdks:
	cd test/sdk && go test -count=1 -parallel 64 -timeout 10m ./...
	cd test/rds && go test -count=1 -parallel 64 -timeout 10m ./...

# Terraform mostly waits, so it runs beside the others, and shows its output when it is done.
.PHONY: test-terraform
test-terraform:
	@log=$$(mktemp); cd test/terraform; status=0; \
	go test -v -count=1 -parallel 16 -timeout 20m ./... >"$$log" 2>&1 || status=$$?; \
	echo "cd test/terraform && go test -v -count=1 -parallel 16 -timeout 20m ./..."; cat "$$log"; rm -f "$$log"; exit $$status

.PHONY: race
race: ## Run the server's own tests under the race detector, failures last: make race ARGS='-run Task'
	@scripts/setup.sh $(NEEDS)
	@status=0; for module in . bench test/model; do \
	(cd $$module && $(TOOL) gotestsum --format pkgname -- -race -timeout 25m ./... $(ARGS)) || status=1; done; exit $$status

.PHONY: lint
lint: ## Check style, who may import what, and the workflows
	@set -e; for module in $(MODULES); do \
	(cd $$module && $(TOOL) golangci-lint run --config $(CURDIR)/.golangci.yml ./...); done
	@go tool -modfile=$(CURDIR)/tools/actionlint/go.mod actionlint

.PHONY: fmt
fmt: ## Format the code
	@$(TOOL) golangci-lint fmt ./...

.PHONY: deadcode
deadcode: ## List functions that nothing reaches
	@set -e; for module in $(MODULES); do (cd $$module && $(TOOL) deadcode -test ./...); done

.PHONY: generate
generate: ## Renew generated files
	@go generate ./...
	@go generate -C bench ./...

.PHONY: verify
verify: ## Fail when a generated file or a go.mod is out of date
	@scripts/verify.sh

.PHONY: fuzz
fuzz: ## Run every fuzz target for a while: make fuzz FUZZTIME=1m
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: ci
ci: ## All that a change must pass
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory verify
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory fuzz FUZZTIME=5s

.PHONY: bench
bench: ## Measure against pgbench, River and a bare server: make bench ARGS='-out docs/bench' keeps it, with plots
	@scripts/setup.sh postgres . bench
	@go build -C bench -o $(CURDIR)/bin/bench .
	@bin/bench $(ARGS)
	@go generate -C bench ./...

.PHONY: image-test
image-test: ## Build the images without an engine and live through a story with them; needs root and Debian
	@scripts/image-test.sh

.PHONY: ha-test
ha-test: ## Several servers on one Postgres: behind PgBouncer, over a failover, over an upgrade; needs Debian
	@scripts/setup.sh postgres pgbouncer . test/ha test/deploy
	cd test/deploy && go test -count=1 ./...
	cd test/ha && go test -v -count=1 -timeout 20m ./... $(ARGS)

.PHONY: release-test
release-test: ## Build a release twice and look at what came out; needs root and Debian
	@scripts/release-test.sh

.PHONY: migration
migration: ## Write the next, empty migration: make migration name=add_something
	@scripts/migration.sh $(name)

.PHONY: clean
clean: ## Remove what was built
	@rm -rf bin
