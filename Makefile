# `make help` lists what there is. Needs Python 3.11 to 3.13 with venv; everything else is installed into .venv.
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
RUN := .venv/bin
KERNELS := src/swath/core/selection/libkernels.so
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv

.DEFAULT_GOAL := help
.PHONY: help setup native web web-check web-dev bucket-servers clients label-studio demo test test-slow test-all browser screenshots check format api lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.installed $(KERNELS) ## make .venv with everything Swath needs

$(UV):
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else "Swath needs Python 3.11 to 3.13; %s is %d.%d (set PYTHON=python3.x)" % (sys.executable, v[0], v[1]))'
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet 'uv>=0.5,<1'

# The compiler is large (400 MB): it stays out of .venv.
native: $(KERNELS) ## compile the kernels of the selection, if their sources have changed

$(KERNELS): $(wildcard native/*.c native/*.h) native/build.py | .tools/native/.installed
	.tools/native/bin/python native/build.py

.tools/native/.installed: native/requirements.txt | $(UV)
	$(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .tools/native
	$(UV) pip install --quiet --python .tools/native/bin/python -r $<
	@touch $@

.venv/.installed: pyproject.toml uv.lock | $(UV) $(KERNELS)
	SWATH_WEB=skip $(UV) sync --locked --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

web: ## build the web app, where it is not built yet and there is Node
	@$(PYTHON) web/build.py

# Where Node is missing the app is not checked; continuous integration must have it.
WEB_PACKAGES := web/node_modules/.package-lock.json
$(WEB_PACKAGES): web/package.json web/package-lock.json
	cd web && npm ci --silent --ignore-scripts && touch node_modules/.package-lock.json

web-check: ## format, lint, types, tests, size of the web app; that its types are those of openapi.json
	@if command -v npm > /dev/null || [ "$$CI" = true ]; then $(MAKE) --no-print-directory web-check-with-node; else echo "the web app is not checked: there is no npm"; fi

.PHONY: web-check-with-node
web-check-with-node: $(WEB_PACKAGES)
	cd web && npm run --silent format:check && npm run --silent lint && npm run --silent typecheck && npm run --silent test
	cd web && cp src/api/schema.d.ts node_modules/.cache/schema.d.ts.kept && npm run --silent api > /dev/null \
	&& diff -q node_modules/.cache/schema.d.ts.kept src/api/schema.d.ts > /dev/null || { echo "web/src/api/schema.d.ts is not that of openapi.json: it has been made anew"; exit 1; }
	$(PYTHON) web/build.py --mode require
	cd web && npm run --silent budget -- ../src/swath/server/webapp_dist

web-dev: setup $(WEB_PACKAGES) ## serve the web app from its sources, in front of a Swath on port 8750 (or SWATH_SERVER)
	cd web && npm run dev

# The official clients that old scripts use, each in an environment of its own: tests drive them, nothing imports them.
CLIENTS := 1.2.25 1.5.23

clients: $(CLIENTS:%=.tools/clients/%/.installed) ## install the official clients, which tests of old scripts drive

.tools/clients/%/.installed: tests/support/official_clients/requirements-%.txt | $(UV)
	$(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .tools/clients/$*
	$(UV) pip install --quiet --no-deps --python .tools/clients/$*/bin/python -r $<
	@touch $@

bucket-servers: .tools/bucket-servers/.python-installed .tools/bucket-servers/.node-installed ## install the servers that tests of buckets talk to

# Where they cannot be had, their tests are skipped; continuous integration must have them.
SERVERS := tests/support/bucket_servers
GO_ON_WITHOUT := { echo "the tests that need it are skipped"; [ "$$CI" != true ]; }
.tools/bucket-servers/.python-installed: $(SERVERS)/requirements.txt | $(UV)
	@mkdir -p .tools/bucket-servers
	{ $(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .tools/bucket-servers/python \
	&& $(UV) pip install --quiet --python .tools/bucket-servers/python -r $< && touch $@; } || $(GO_ON_WITHOUT)

.tools/bucket-servers/.node-installed: $(SERVERS)/package.json $(SERVERS)/package-lock.json
	@mkdir -p .tools/bucket-servers
	{ cp $^ .tools/bucket-servers/ && cd .tools/bucket-servers \
	&& npm ci --silent --omit=optional --ignore-scripts --no-audit --no-fund && touch $(@F); } || $(GO_ON_WITHOUT)

label-studio: .tools/label-studio/.installed ## install the converter of Label Studio, which checks exports in tests

.tools/label-studio/.installed: tests/support/label_studio/requirements.txt | $(UV)
	{ $(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .tools/label-studio \
	&& $(UV) pip install --quiet --no-deps --python .tools/label-studio/bin/python -r $< && touch $@; } || $(GO_ON_WITHOUT)

demo: setup web ## make the demo datasource and do the object-level run on it
	@rm -rf demo
	$(RUN)/swath demo-data demo/vehicles_dataset
	$(RUN)/swath run demo/vehicles_dataset --task vehicles_object_detections --n-samples 0.1 --home demo/home --output demo/result
	@echo && echo "See it in the web app: $(RUN)/swath up --home demo/home"

test: setup clients bucket-servers label-studio ## run the tests
	$(RUN)/pytest -n 4 --dist worksteal -m "not slow"

test-slow: setup web clients bucket-servers label-studio ## run the tests that `make test` leaves out
	$(RUN)/pytest -n 2 --dist worksteal -m slow

test-all: setup web clients bucket-servers label-studio ## run the tests, the slow ones too
	$(RUN)/pytest -n 2 --dist worksteal

browser: setup web ## run the tests that open the web app in Chromium
	$(RUN)/pytest -n 2 --dist loadfile tests/browser

screenshots: setup web ## take the pictures of the web app that the pages show
	$(RUN)/python web/screenshots.py

check: setup web-check ## format, lint, types, import contracts, lock file, description of the interface, web app
	$(RUN)/ruff format --check src tests benchmarks models native web hatch_build.py
	$(RUN)/ruff check src tests benchmarks models native web hatch_build.py
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache
	$(UV) lock --check --quiet
	$(RUN)/python -m swath.server.openapi | diff -q openapi.json - > /dev/null || { echo "openapi.json is not that of the code: run make api"; exit 1; }

format: setup ## format the code and fix what can be fixed
	$(RUN)/ruff format src tests benchmarks models native web hatch_build.py
	$(RUN)/ruff check --fix src tests benchmarks models native web hatch_build.py

api: setup ## write openapi.json, the description of the HTTP interface
	$(RUN)/python -m swath.server.openapi > openapi.json.new
	mv openapi.json.new openapi.json

lock: | $(UV) ## renew uv.lock after pyproject.toml changed
	$(UV) lock

clean: ## remove what was installed and made
	rm -rf .venv .tools demo web/node_modules src/swath/server/webapp_dist $(KERNELS)
