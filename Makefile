SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Parallel compilations and tests, arguments of the started program, and more options for CMake.
JOBS ?= 2
ARGS ?=
CMAKE_ARGS ?=
BORINGSSL_SOURCE_DIR ?=
export JOBS BORINGSSL_SOURCE_DIR

# All targets share build/, and each is quick when there is nothing to do.
.NOTPARALLEL:

say = echo "==> $(1)"
fail = { echo "==> make $@ failed: $(1)" >&2; exit 1; }

# $(call install,GROUPS) installs what is missing.
install = tools/install-deps.sh $(1) || $(call fail,something to build with is missing)

# $(call configure,PRESET) runs CMake unless what it wrote is current; ninja runs it again when a
# CMakeLists.txt has changed.
define configure
tools/build-boringssl.sh || $(call fail,BoringSSL could not be built); \
if [[ ! -f build/$(1)/build.ninja || CMakePresets.json -nt build/$(1)/build.ninja || \
      -n "$(CMAKE_ARGS)$(BORINGSSL_SOURCE_DIR)" ]]; then \
  $(call say,configuring build/$(1)); \
  cmake --preset $(1) --log-level=WARNING \
    $(if $(BORINGSSL_SOURCE_DIR),-DBORINGSSL_SOURCE_DIR="$(BORINGSSL_SOURCE_DIR)") $(CMAKE_ARGS) \
    >/dev/null || $(call fail,CMake could not configure; its message is above); \
  touch build/$(1)/build.ninja; \
fi
endef

# $(call compile,PRESET,TARGETS)
define compile
$(call say,building $(2) in build/$(1)); \
cmake --build --preset $(1) --parallel $(JOBS) --target $(2) || \
  $(call fail,see the compiler messages above)
endef

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  JOBS=$(JOBS)  ARGS=\"--flag value\" (run, test, bench, lint)  CMAKE_ARGS=\"-DNAME=value\""

.PHONY: build
build: ## Build webhookd and webhookctl, optimised, into build/release/bin
	@$(call install,build)
	@$(call configure,release)
	@$(call compile,release,webhookd webhookctl)

PREFIX ?= /usr/local
.PHONY: install
install: build ## Build, then install programs and C++ client under PREFIX=/usr/local
	@$(call compile,release,webhookd_client webhookd_signature_verifier)
	@$(call say,installing under $(PREFIX))
	@cmake --install build/release --prefix "$(PREFIX)" || $(call fail,see the message above)

.PHONY: run
run: build ## Build, then start webhookd with its database in build/run; ARGS adds flags
	@mkdir -p -m 0700 build/run
	@$(call say,starting build/release/bin/webhookd; stop it with Ctrl-C)
	@exec build/release/bin/webhookd --storage-path build/run/webhookd.db $(ARGS)

.PHONY: demo
demo: build ## Build, then send signed webhooks to a receiver that checks them
	@$(call say,running the demo)
	@python3 tests/end_to_end/demo.py --webhookd build/release/bin/webhookd \
	  --webhookctl build/release/bin/webhookctl $(ARGS) || $(call fail,the demo did not hold)

# $(call run_tests,PRESETS)
define run_tests
$(call say,testing); \
tools/run_tests.py --jobs $(JOBS) $(1) -- $(ARGS) || $(call fail,see the tests above)
endef

.PHONY: dev
dev: ## Build everything for development, with sanitizers, into build/dev
	@$(call install,build test)
	@$(call configure,dev)
	@$(call compile,dev,all)

# What judges the programs from outside takes the optimised ones.
.PHONY: programs
programs: build
	@$(call install,test)
	@$(call compile,release,program_tests)
	@tests/compat/install.sh || $(call fail,the clients of tests/compat are missing)

.PHONY: test
test: dev programs ## Build everything and run all tests; ARGS="-R name" selects
	@$(call run_tests,dev release)

.PHONY: test-unit
test-unit: dev ## Build for development and run what needs no other build; ARGS="-R name" selects
	@$(call run_tests,dev)

.PHONY: test-programs
test-programs: programs ## Judge the optimised programs from outside: page, other clients, crashes, package
	@$(call run_tests,release)

.PHONY: build-threads
build-threads:
	@$(call install,build test)
	@$(call configure,tsan)
	@$(call compile,tsan,all)

.PHONY: test-threads
test-threads: build-threads ## Build with ThreadSanitizer into build/tsan and run the tests; ARGS="-R name" selects
	@$(call run_tests,tsan)

.PHONY: bench
bench: ## Build and run the benchmarks, optimised; ARGS="--only end_to_end" selects, stages run without
	@$(call install,build bench)
	@$(call configure,release)
	@$(call compile,release,bench)
	@$(call say,measuring; the figures go to build/bench.json)
	@build/release/bin/end_to_end_bench --webhookd build/release/bin/webhookd --json build/bench.json $(ARGS)
	@$(if $(ARGS),,build/release/bin/stages_bench)

.PHONY: lint
lint: ## Check format, lint and schemas; ARGS=--changed checks changed files only
	@$(call install,build lint)
	@tools/build-boringssl.sh || $(call fail,BoringSSL could not be built)
	@tools/lint.sh $(ARGS)

.PHONY: format
format: ## Format all C++ sources in place
	@command -v clang-format >/dev/null || { $(call install,lint); }
	@tools/lint.sh --format

.PHONY: clean
clean: ## Remove what was compiled; keeps build/deps (BoringSSL, npm) and build/run (your database)
	@rm -rf build/dev build/release build/tsan build/tidy build/lint
	@$(call say,removed; 'rm -rf build' would remove dependencies and your database too)

ROUNDS ?= 50
.PHONY: crash
crash: ## Kill the server ROUNDS=50 times under load; counts what is lost (nothing) and repeated
	@$(call install,build)
	@$(call configure,release)
	@$(call compile,release,crash_test_driver)
	@$(call say,killing build/release/bin/webhookd $(ROUNDS) times)
	@build/release/bin/crash_test_driver --rounds $(ROUNDS) $(ARGS) || $(call fail,see what is wrong above)

.PHONY: bazel
bazel: ## Build and test everything with Bazel instead; ARGS="//base/... //tests/base/..." selects
	@$(call install,build bazel)
	@$(call say,building and testing with Bazel)
	@bazel test --jobs=$(JOBS) $(or $(ARGS),//...) || $(call fail,see the messages above)

.PHONY: bazel-fix
bazel-fix: ## Write into the BUILD.bazel files what CMake builds
	@$(call install,build)
	@$(call configure,release)
	@ninja -C build/release --quiet build.ninja
	@tools/bazel_sources.py --build build/release --fix || $(call fail,see what is left above)

SEEDS ?= 2000
.PHONY: simulate
simulate: ## Run the server for simulated days on a failing machine, SEEDS=2000 times; ARGS="--seed N --verbose"
	@$(call install,build)
	@$(call configure,release)
	@$(call compile,release,simulate)
	@$(call say,simulating)
	@build/release/bin/simulate --seeds $(SEEDS) $(ARGS) || $(call fail,see what was violated above)

.PHONY: clients
clients: ## Generate the clients' code from proto/ and build every client; ARGS="go" for one language
	@$(call install,clients)
	@client/build.py $(ARGS) || $(call fail,see the language above)

.PHONY: clients-check
clients-check: ## Fail when a client's generated code is stale or does not compile, or docs/clients.md is stale
	@$(call install,clients)
	@python3 tests/vectors/make_signatures.py --check || $(call fail,run tests/vectors/make_signatures.py)
	@tests/clients/snippets.py --check || $(call fail,run tests/clients/snippets.py)
	@client/build.py --check $(ARGS) || $(call fail,see the language above)

.PHONY: test-clients
test-clients: ## Run every client's examples and tests against the real server; ARGS="go" for one language
	@$(call install,build clients)
	@$(call configure,release)
	@$(call compile,release,webhookd webhookctl webhookd_client webhookd_signature_verifier)
	@$(call say,testing the clients)
	@python3 tests/clients/run.py --webhookd build/release/bin/webhookd --build build/release $(ARGS) || \
	  $(call fail,see the language above)
