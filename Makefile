# make demo · make web · make environment · make test · make test-full · make lint · make bench · make screenshots · make space OUT=… · make locks · make image-digest · make sbom OUT=… · make clean
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 7860
SERVE ?= yes
ARENA ?= .arena

export OMP_NUM_THREADS ?= 1
export RAY_USAGE_STATS_ENABLED = 0
export GRADIO_ANALYTICS_ENABLED = False
export VLLM_NO_USAGE_STATS = 1
# Kept bytecode: without it each process that is started compiles our modules anew.
unexport PYTHONDONTWRITEBYTECODE

# Test files run beside each other, each in one process from its start to its end.
PARALLEL := --numprocesses 2 --dist loadfile

LOCKS := evaluator/requirements-cpu.txt requirements.txt tests/requirements.txt
PIP := -m pip --disable-pip-version-check --quiet

.PHONY: demo web environment test test-full lint bench screenshots space locks image-digest sbom clean

# The demo: everything on this machine, evaluated for real, then served.
demo: .venv/.ready
	.venv/bin/python -m demo $(ARENA)
	@if [ "$(SERVE)" != no ]; then ARENA=$(ARENA) PORT=$(PORT) exec .venv/bin/python app.py; fi

# The web app alone, from the Space's requirements: no torch.
web: .venv-web/.ready
	ARENA=$(ARENA) PORT=$(PORT) exec .venv-web/bin/python app.py

# The evaluator on a CPU, with the web app and the tools: the lock files, installed into .venv.
environment: .venv/.ready

# All but the full sweeps. TESTS=unit, integration or slow: that cost class. Any other TESTS are what pytest is given.
test: .venv/.ready .venv-web/.ready .venv/.chromium
ifeq ($(strip $(TESTS)),)
	.venv/bin/pytest $(PARALLEL) -m "not full"
else ifeq ($(strip $(TESTS)),unit)
	.venv/bin/pytest $(PARALLEL) -m unit
else ifneq ($(filter $(TESTS),integration slow),)
	.venv/bin/pytest $(PARALLEL) -m "$(TESTS) and not full"
else
	.venv/bin/pytest $(TESTS)
endif

# Every test there is, the sweeps whole.
test-full: .venv/.ready .venv-web/.ready .venv/.chromium
	.venv/bin/pytest $(PARALLEL)

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv/.ready .venv/.chromium
	for file in check scoring.metrics scoring.exact_match scoring.screen scoring.statistics scoring.leaks evaluator.overhead evaluator.schedule evaluator.pipeline evaluator.retrieval evaluator.search_agent web.visits web.hub web.rush web.slow_clients web.cold_pages web.checks; do echo "== $$file"; .venv/bin/python -m benchmarks.$$file; done

# Chromium of each page, phone and desktop, light and dark, of the arena in $(ARENA).
screenshots: .venv/.ready .venv/.chromium
	.venv/bin/python -m tests.browser.screenshots screenshots

# What a Space on the Hub is made of, in the new folder $(OUT): the image's files, its recipe, and the Space's card.
space:
	@if [ -z "$(OUT)" ] || [ -e "$(OUT)" ]; then echo 'Name a new folder: make space OUT=DIR'; exit 1; fi
	mkdir -p "$(OUT)"
	awk '/^FROM/ {stage++} stage == 1 || /^ARG PYTHON_IMAGE=/' Dockerfile > "$(OUT)/Dockerfile"
	git ls-files -z $$(awk '$$1 == "COPY" {print $$2}' "$(OUT)/Dockerfile") | xargs -0 cp --parents -t "$(OUT)"
	cp deploy/space/README.md "$(OUT)/README.md"

# $(call require_python,VERSIONS,NEWEST MINOR VERSION)
define require_python
@[ -n "$(PYTHON)" ] || { echo 'Python $(1) is needed, and there is no python3: set PYTHON=/path/to/python3.11'; exit 1; }
@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, $(2)) or sys.exit("Python $(1) is needed, this is %d.%d: set PYTHON=/path/to/python3.11" % v)'
endef

.venv/.ready: $(LOCKS)
	$(call require_python,3.11,11)
	@command -v g++ >/dev/null || { echo 'g++ is needed: DeepSpeed compiles one extension (Debian: apt-get install g++)'; exit 1; }
	@$(PYTHON) deploy/install_environment.py .venv $(LOCKS)
	@touch $@

.venv-web/.ready: requirements.txt
	$(call require_python,3.11 to 3.13,13)
	@$(PYTHON) deploy/install_environment.py .venv-web requirements.txt
	@touch $@

# A browser for the tests: the one that is there, else Debian's where this is Debian and we may.
.venv/.chromium: .venv/.ready
	@if ! command -v chromium >/dev/null && [ -z "$${CHROMIUM:-}" ]; then \
	  if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium fonts-noto-core fonts-noto-cjk >/dev/null; \
	  else echo 'The browser tests need Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM=/path/to/chromium. They will fail without.'; fi; fi
	touch $@

# New lock files from the .in files, all in step with each other, with the hash of every file that pip may install. The build
# of PyTorch for CPUs differs by machine and has none: its version is checked after the installation.
locks: .venv/.ready
	.venv/bin/python $(PIP) install --require-hashes -r deploy/uv.txt
	UV=.venv/bin/uv; ALL=$$(mktemp); \
	COMPILE="$$UV pip compile --quiet --python-version 3.11 --no-header --no-annotate"; CPU="--override evaluator/overrides-cpu.txt"; \
	export UV_FIND_LINKS="$${UV_FIND_LINKS:-$${PIP_FIND_LINKS:-}}"; \
	$$COMPILE $$CPU evaluator/requirements-cpu.in requirements.in tests/requirements.in -o $$ALL >/dev/null; \
	$$COMPILE $$CPU --generate-hashes --universal -c $$ALL requirements.in -o requirements.txt >/dev/null; \
	$$COMPILE $$CPU --generate-hashes -c $$ALL evaluator/requirements-cpu.in -o evaluator/requirements-cpu.txt >/dev/null; \
	$$COMPILE $$CPU --generate-hashes -c $$ALL tests/requirements.in -o tests/requirements.txt >/dev/null; \
	sed -i '/^torch==.*+cpu/,/[^\\]$$/{/^ /d;s/ *\\$$//}' evaluator/requirements-cpu.txt; \
	echo uv | $$COMPILE --generate-hashes - -o deploy/uv.txt >/dev/null; \
	$$COMPILE --generate-hashes evaluator/requirements-gpu.in -o evaluator/requirements-gpu.txt >/dev/null

# The digest of the base image, from its registry into the Dockerfile; commit the change.
image-digest:
	@tag=$$(sed -n 's/^ARG PYTHON_IMAGE=\([^@]*\).*/\1/p' Dockerfile); \
	digest=$$(docker buildx imagetools inspect "$$tag" --format '{{.Manifest.Digest}}'); \
	[[ $$digest =~ ^sha256:[0-9a-f]{64}$$ ]] || { echo "The registry's answer is no digest: $$digest"; exit 1; }; \
	sed -i "s|^ARG PYTHON_IMAGE=.*|ARG PYTHON_IMAGE=$$tag@$$digest|" Dockerfile; grep '^ARG PYTHON_IMAGE=' Dockerfile

# What the environments of the evaluator and the web app are made of, as CycloneDX documents in the folder $(OUT).
sbom: .venv/.ready
	mkdir -p "$(or $(OUT),sbom)"
	.venv/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --of JSON -o "$(or $(OUT),sbom)/environment.json" .venv/bin/python
	for name in requirements.txt evaluator/requirements-gpu.txt; do \
	  .venv/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml --of JSON -o "$(or $(OUT),sbom)/$$(basename "$$name" .txt).json" "$$name"; \
	done

clean:
	rm -rf .venv .venv-web .arena sbom screenshots
