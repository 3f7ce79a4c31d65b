# The few commands a person types. `make` lists them.

# What is built or downloaded once, and outlives clones and `cargo clean`.
TIDEGATE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tidegate
export TIDEGATE_CACHE

# Each test may start a control plane of half a gigabyte.
export RUST_TEST_THREADS ?= $(shell nproc | awk '{print $$1 < 4 ? $$1 : 4}')

CARGO ?= cargo
PROGRAM := $(or $(CARGO_TARGET_DIR),target)/debug/tidegate
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release
PURE := -p tidegate-yaml -p tidegate-object -p tidegate-kustomize -p tidegate-plan -p tidegate-health
# The page's tools; the built page is committed, so that nothing but its checks needs them.
NODE := $(shell node -e 'const [major, minor] = process.versions.node.split(".").map(Number); if (major > 22 || major === 22 && minor >= 12 || major === 20 && minor >= 19) console.log("node")' 2>/dev/null)
DENY := $(or $(shell command -v cargo-deny),$(wildcard $(TIDEGATE_CACHE)/cargo-deny/bin/cargo-deny))

.DEFAULT_GOAL := help
.PHONY: help browser screenshots bench demo e2e smoke test test-fast lint image-check generate controlplane vendor dependencies ci-dependencies

help: ## Shows the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done

demo: dependencies program ## The database layer on this machine, to play with: waves, push, resync, a broken image
	@$(CARGO) run --quiet --locked -p tidegate-demo -- --program $(PROGRAM) demo

smoke: dependencies program ## The same unattended, from start to stop, with the time of each step
	@$(CARGO) run --quiet --locked -p tidegate-demo -- --program $(PROGRAM) smoke

test: lint controlplane vendor ## Everything: lints, and all tests against a real control plane and real Git servers
	$(CARGO) test --workspace --locked --quiet

e2e: e2e-dependencies program vendor ## The database layer on a real node: kubelet, containerd, the operators, PostgreSQL, Redis (as root; half an hour the first time)
	RUST_TEST_THREADS=1 $(CARGO) test -p tidegate-realnode --locked --quiet -- --ignored

test-fast: ## Tests that start no server: units, tables, fixtures, architecture
	$(CARGO) test --workspace --locked --quiet --lib --bins
	$(CARGO) test $(PURE) --locked --quiet
	$(CARGO) test -p tidegate-schema --locked --quiet --test suite table::
	$(CARGO) test -p tidegate-testbed --locked --quiet --test architecture

lint: $(NODE:node=dashboard) ## Format, clippy, documentation, licences and sources of dependencies; the dashboard likewise, and its units
ifeq ($(NODE),)
	@echo "lint: Node 20.19 or later is not installed, so the dashboard is not checked"
endif
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --quiet
ifeq ($(DENY),)
	@echo "lint: cargo-deny is not installed, so licences and sources are not checked (cargo install --locked cargo-deny)"
else
	$(DENY) --log-level error check bans licenses sources
endif

browser: on-demo ## The dashboard in Chromium on the demo: waves, keyboard, approvals, lost connection, axe (minutes)
	cd agent/dashboard && $(BROWSER)

screenshots: on-demo ## Pictures of every page, light and dark, wide and narrow, into the target folder; renews the one of the README
	cd agent/dashboard && $(BROWSER) --readme $(abspath docs/images/dashboard.png)

BROWSER := node tests/browser.mjs --program $(abspath $(PROGRAM)) --demo $(abspath $(dir $(PROGRAM)))/tidegate-demo --pictures $(abspath $(dir $(PROGRAM))/../dashboard)

.PHONY: on-demo
on-demo: dependencies program agent/dashboard/node_modules/.package-lock.json
	$(CARGO) build --quiet --locked -p tidegate-demo

image-check: ## What the Dockerfile says, done without a container engine (minutes; as root, on Debian 12)
	@$(CARGO) run --quiet --locked -p tidegate-image -- --folder $(or $(CARGO_TARGET_DIR),target)/image-check

generate: $(NODE:node=agent/dashboard/node_modules/.package-lock.json) ## Writes what is generated and committed anew: the CRD, the references in docs/, Grafana's dashboards, the built dashboard
	UPDATE=1 $(CARGO) test -p tidegate-sync --locked --quiet --lib -- layer:: metrics::reference
	UPDATE=1 $(CARGO) test -p tidegate-monitoring --locked --quiet the_committed_dashboards
	UPDATE=1 $(CARGO) test -p tidegate --locked --quiet --bins reference::
	$(if $(NODE),cd agent/dashboard && npm run --silent build,@echo "generate: Node 20.19 or later is not installed, so the dashboard is not built")

controlplane: ## Builds the control plane of the tests into the cache (minutes the first time; needs Go)
	@$(CARGO) run --quiet --locked -p tidegate-testbed -- build

bench: dependencies ## Measures a release build (minutes): rendering beside kustomize, the agent beside a bare apply loop
	$(CARGO) build --release --locked --quiet -p tidegate
	$(CARGO) build --release --locked --quiet -p tidegate-bench
	@$(RELEASE)/tidegate-bench render --program $(RELEASE)/tidegate
	@$(RELEASE)/tidegate-bench live --program $(RELEASE)/tidegate
	@$(RELEASE)/tidegate-bench large --program $(RELEASE)/tidegate

vendor: ## Fills vendor/ with the remote files that tidegate.lock files pin (needs Go)
	@$(CARGO) run --quiet --locked -p tidegate-testbed -- vendor

.PHONY: dashboard
dashboard: agent/dashboard/node_modules/.package-lock.json
	cd agent/dashboard && npm run --silent check

agent/dashboard/node_modules/.package-lock.json: agent/dashboard/package-lock.json
	cd agent/dashboard && npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: program
program:
	@$(CARGO) build --quiet --locked -p tidegate

dependencies: ## Installs what the demo needs and this machine lacks (asks first, unless CI=true)
	@tests/install-dependencies

.PHONY: e2e-dependencies
e2e-dependencies:
	@tests/install-dependencies --for-e2e

ci-dependencies: ## The same, and what tests and `make lint` need
	@tests/install-dependencies --for-tests
