# Everything runs in the project's own environment, .venv, made from the locks (hashes checked): what an installation has, then,
# where it is needed, what only developers need. The demo starts without the second, which is the larger part.
# The set-up reads package indexes from pip's own configuration, so mirrors work.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
STAMP := $(VENV)/.installed

.PHONY: help demo demo-auto test faults soak fuzz audit lint format bench docs api mutants docs-reference lock dist sbom release-check deploy-check clean

help:
	@echo "make demo       the whole thing in a browser: real agent and store; Jenkins, Slack and phones simulated"
	@echo "make demo-auto  the same, played and checked without a person"
	@echo "make test       the tests"
	@echo "make faults     every fault in every phase of a gate's life: the table of docs/reliability.md"
	@echo "make soak       agents killed, everything failing now and then, for SECONDS (600); then who saw what is compared"
	@echo "make fuzz       every parser of outside data, for SECONDS (300) in all: no accident, no hang, no flood of memory"
	@echo "make audit      known vulnerabilities of the locked dependencies, where their source can be reached"
	@echo "make lint       ruff, mypy, import-linter"
	@echo "make api        what programs may ask of the agent, asked right and wrong, held to docs/openapi.json"
	@echo "make docs       the docs as a site, every link checked"
	@echo "make bench      the measurements of docs/performance.md"

$(RUNS): requirements-run.lock requirements-build.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: $(PYTHON) is not installed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: $$($(PYTHON) --version) found. Name another one: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV) (once; less than a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -q -r requirements-run.lock -r requirements-build.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -q -e .
	@touch $@

$(STAMP): $(RUNS) requirements.lock
	@echo "adding what developers need to $(VENV) (once)"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -q -r requirements.lock
	@touch $@

demo: $(RUNS)
	@$(BIN)/jenkins-mfa demo

demo-auto: $(RUNS)
	@$(BIN)/jenkins-mfa demo --auto

test: $(STAMP)
	@$(BIN)/python -m pytest -n auto --dist worksteal

faults: $(STAMP)
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "" tests/faults

SEED ?= 1
soak: SECONDS ?= 600
soak: $(STAMP)
	@SOAK_SECONDS=$(SECONDS) SOAK_SEED=$(SEED) $(BIN)/python -m pytest -s tests/soak

# TARGETS names some of them (tests/fuzz); without it they are all tried, each for its share.
fuzz: SECONDS ?= 300
fuzz: .fuzz/.installed
	@PYTHONPATH=src:tests .fuzz/bin/python tests/fuzz/fuzz_run.py $(SECONDS) $(TARGETS)

.fuzz/.installed: requirements.lock tests/fuzz/atheris.txt
	@$(PYTHON) -m venv .fuzz
	@.fuzz/bin/python -m pip install --disable-pip-version-check --require-hashes -q -r requirements.lock
	@.fuzz/bin/python -m pip install --disable-pip-version-check -q -r tests/fuzz/atheris.txt
	@touch $@

# AUDIT=--if-reachable only says so where the source of advisories does not answer, as CI does.
audit: .audit/.installed
	@.audit/bin/python tests/advisories.py $(AUDIT)

.audit/.installed: tests/advisories.txt
	@$(PYTHON) -m venv .audit
	@.audit/bin/python -m pip install --disable-pip-version-check -q -r tests/advisories.txt
	@touch $@

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP)
	@$(BIN)/python -m benchmarks

# What programs may ask (docs/openapi.json), asked of a running agent, right and wrong. SEED: other requests.
api: .api/.installed
	@PYTHONPATH=src:tests:tests/web .api/bin/python tests/api/api_run.py $(SEED)

.api/.installed: requirements.lock tests/api/schemathesis.txt
	@$(PYTHON) -m venv .api
	@.api/bin/python -m pip install --disable-pip-version-check --require-hashes -q -r requirements.lock
	@.api/bin/python -m pip install --disable-pip-version-check -q -r tests/api/schemathesis.txt
	@touch $@

# The docs as a site, in .site/site.
docs: .docs/.installed
	@.docs/bin/python docs/site/build.py

.docs/.installed: docs/site/requirements.txt
	@$(PYTHON) -m venv .docs
	@.docs/bin/python -m pip install --disable-pip-version-check --require-hashes -q -r docs/site/requirements.txt
	@touch $@

# For maintainers: change the policy core in every small way, and see that a test fails (docs/testing.md).
mutants: .mutants/.installed
	@PYTHONPATH=src:tests .mutants/bin/python tests/mutants.py $(FILES)

.mutants/.installed: requirements.lock tests/mutants.txt
	@$(PYTHON) -m venv .mutants
	@.mutants/bin/python -m pip install --disable-pip-version-check --require-hashes -q -r requirements.lock
	@.mutants/bin/python -m pip install --disable-pip-version-check -q -r tests/mutants.txt
	@touch $@

# For maintainers: write docs/cli.md, the tables of docs/policy.md, docs/audit.md and docs/reliability.md, and the files in docs/policy-cookbook.md anew.
docs-reference: $(STAMP)
	@cp src/jenkins_mfa/data/policy.schema.json docs/
	@UPDATE_DOCS=1 $(BIN)/python -m pytest -q tests/test_policy_reference.py tests/test_policy_cookbook.py tests/faults/test_fault_table.py tests/test_audit_page.py tests/test_cli_page.py

# For maintainers: resolve the newest versions that pyproject.toml allows.
lock:
	$(COMPILE) --group dev --extra otel -o requirements.lock pyproject.toml
	$(COMPILE) --extra otel --constraints requirements.lock -o requirements-run.lock pyproject.toml
	$(COMPILE) --constraints requirements.lock --group build -o requirements-build.lock
	$(COMPILE) -o docs/site/requirements.txt docs/site/requirements.in

COMPILE = uv pip compile --universal --generate-hashes --no-annotate --no-header -q

# For maintainers: both distributions, in dist/. The same commit gives the same bytes.
dist: $(RUNS)
	@rm -rf dist
	@$(BIN)/python -m hatchling build -d dist

# For maintainers: what an installation from the locks consists of, in CycloneDX's form.
sbom: dist .release/.installed
	@rm -rf .release/site
	@.release/bin/uv venv -q --no-project --python $(BIN)/python .release/site
	@.release/bin/uv pip install -q --python .release/site --require-hashes -r requirements-run.lock
	@.release/bin/uv pip install -q --python .release/site --no-deps dist/*.whl
	@sed "s/^dynamic = .*/version = \"$$($(BIN)/python -m hatchling version)\"/" pyproject.toml >.release/pyproject.toml
	@.release/bin/cyclonedx-py environment --pyproject .release/pyproject.toml --output-reproducible --of JSON -o dist/jenkins-mfa.cdx.json .release/site

# For maintainers: dist/ is installed where nothing is, as people will do it, and the demo is played there.
release-check: dist .release/.installed
	@$(BIN)/python -m pytest -m release tests/release

.release/.installed: tests/release/tools.txt
	@$(PYTHON) -m venv .release
	@.release/bin/python -m pip install --disable-pip-version-check -q -r tests/release/tools.txt
	@touch $@

# For maintainers: images, compose file, chart, queries and workflow, as far as can be seen without Docker and Kubernetes.
deploy-check: .deploy/.installed
	@.deploy/bin/hadolint deploy/docker/Dockerfile deploy/compose/jenkins/Dockerfile
	@.deploy/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose/compose.yaml
	@.deploy/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/release.yml
	@.deploy/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@.deploy/bin/zizmor --offline --quiet .github
	@.deploy/bin/python -m pytest -q -c /dev/null --rootdir . --noconftest -p no:cacheprovider tests/deploy/chart_check.py tests/deploy/queries_check.py

.deploy/.installed: tests/deploy/tools.txt
	@$(PYTHON) -m venv .deploy
	@.deploy/bin/python -m pip install --disable-pip-version-check -q -r tests/deploy/tools.txt
	@touch $@

clean:
	rm -rf $(VENV) .mutants .fuzz .audit .docs .site .api .release .deploy dist .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
