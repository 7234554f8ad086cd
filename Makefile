# Everything a developer runs. Each target does its own set-up in .venv: Python 3.11 or later and make are enough.
#   make test ARGS="-k retry"   passes ARGS on        COVERAGE=1 make test   measures coverage
#   make PYTHON=python3.13 …    names the interpreter  make lock ARGS=--upgrade  takes newer releases

VENV := .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check
# A lock names all there is to install. Left to resolve what it names with extras, an older pip asks for the newest
# release, which has no hash here.
LOCKED := --require-hashes --no-deps
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)

# Pyright's wrapper would ask the network for its newest release.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

# Leaves the first interpreter that runs, fits the locks and can make a venv in $$python; a pyenv shim may exist and not run.
define FIND_PYTHON
for python in $(PYTHONS) none; do \
  "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && break; \
done; \
if [ "$$python" = none ]; then \
  echo "Python 3.11 to 3.14 with its venv module is needed; none of these is one: $(PYTHONS)." >&2; \
  echo "Install it (on Debian and Ubuntu: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3 …" >&2; \
  exit 1; \
fi
endef

# A venv whose interpreter has gone, or moved, is no venv.
$(shell [ ! -e $(VENV) ] || $(PY) -c '' 2>/dev/null || rm -f $(VENV)/*.ok)

.PHONY: help demo test pythons minimal proof lint types audit mutants fuzz bench score wheel lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/runtime.ok ## See every outcome: the sandbox, the server and a client, no key needed
	@$(PY) -m outboundsync_mcp demo $(ARGS)

test: $(VENV)/dev.ok ## Run the tests
ifdef COVERAGE
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m pytest -q -n auto $(ARGS)
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report
else
	@$(PY) -m pytest -q -n auto $(ARGS)
endif

pythons: ## Run the tests under every supported Python that this machine has
	@for version in 3.11 3.12 3.13 3.14; do \
	  if python$$version -c '' 2>/dev/null; then \
	    echo "== Python $$version" && $(MAKE) --no-print-directory PYTHON=python$$version VENV=.cache/python-$$version test || exit 1; \
	  else \
	    echo "== Python $$version: not here"; \
	  fi; \
	done

minimal: .cache/env-minimal/ok ## Run the tests with the oldest versions that pyproject.toml allows; they need Python 3.11
	@.cache/env-minimal/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@.cache/env-minimal/bin/python -m pytest -q -n auto $(ARGS)

# Parts of the proof: conformance, clients, faults, host_programs, lifecycle and examples, or all.
#   make proof PARTS="conformance clients"
PARTS := conformance clients faults host_programs lifecycle examples
proof: $(VENV)/dev.ok ## Run the server under other makers' clients, hosts and agents; installs them into .cache/
	@$(PY) -m pytest -q -m proof -n 2 --dist loadscope \
	  $(patsubst tests/proof/test_examples.py,tests/examples,$(PARTS:%=tests/proof/test_%.py)) $(ARGS)

lint: $(VENV)/dev.ok ## Check style and formatting
	@$(PY) -m ruff check --quiet
	@$(PY) -m ruff format --check --quiet

types: $(VENV)/dev.ok ## Check types, strictly
	@$(PY) -m pyright $(ARGS)

audit: .cache/env-audit/ok ## Look for known vulnerabilities in what the locks name (asks PyPI), and for weak workflows
	@.cache/env-audit/bin/zizmor --offline --quiet .github
	@for lock in requirements-dev.txt requirements-audit.txt; do \
	  .cache/env-audit/bin/pip-audit --strict --disable-pip --require-hashes -r $$lock || exit 1; \
	done

mutants: .cache/env-mutants/ok ## Change the code one place at a time and see whether the tests notice; takes hours
	@.cache/env-mutants/bin/python -m tests.mutants $(ARGS)

fuzz: .cache/env-fuzz/ok ## Let coverage guide a million inputs into the reader, the redaction and the parsers; takes an hour
	@.cache/env-fuzz/bin/python -m tests.fuzz $(ARGS)

bench: $(VENV)/dev.ok ## Measure start, round trip and memory against a bare server
	@$(PY) -m tests.bench $(ARGS)

score: $(VENV)/dev.ok ## Score diagnose_error on the corpus of recorded errors
	@$(PY) -m tests.corpus.score $(ARGS)

wheel: $(VENV)/dev.ok ## Build the sdist and the wheel into dist/
	@rm -rf dist
	@$(PY) -m build --no-isolation --outdir dist >/dev/null
	@ls dist

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header --quiet

lock: ## Write the lock files anew from pyproject.toml
	@$(FIND_PYTHON); \
	tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && "$$python" -m venv "$$tmp" && \
	"$$tmp/bin/python" -m pip install -qq --disable-pip-version-check uv && \
	"$$tmp"/bin/$(LOCK) pyproject.toml --group dev --output-file requirements-dev.txt $(ARGS) && \
	"$$tmp"/bin/$(LOCK) pyproject.toml --constraint requirements-dev.txt --output-file requirements.txt $(ARGS) && \
	"$$tmp"/bin/$(LOCK) --group build --constraint requirements-dev.txt --output-file requirements-build.txt $(ARGS) && \
	"$$tmp"/bin/$(LOCK) --group audit --output-file requirements-audit.txt $(ARGS) && \
	"$$tmp"/bin/$(LOCK) pyproject.toml --group mutants --constraint requirements-dev.txt --output-file requirements-mutants.txt $(ARGS) && \
	"$$tmp"/bin/$(LOCK) pyproject.toml --group fuzz --constraint requirements-dev.txt --output-file requirements-fuzz.txt $(ARGS) && \
	"$$tmp"/bin/$(LOCK) pyproject.toml --group dev --resolution lowest-direct --output-file requirements-minimal.txt $(ARGS)

clean: ## Remove everything that these targets made
	rm -rf $(VENV) .cache dist build htmlcov .coverage .coverage.* .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Environments beside .venv, each of one lock.
.cache/env-%/ok: requirements-%.txt
	@$(FIND_PYTHON); \
	echo "Setting up $(@D) with $$("$$python" --version) …" >&2; \
	rm -rf $(@D) && "$$python" -m venv $(@D)
	@$(@D)/bin/python -m pip install -qq --disable-pip-version-check $(LOCKED) -r $<
	@touch $@

# A stamp is missing while pip works, so what an interrupted run left is thrown away and made again.
$(VENV)/runtime.ok: requirements.txt
	@$(FIND_PYTHON); \
	echo "Setting up $(VENV) with $$("$$python" --version) …" >&2; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@$(PIP_INSTALL) $(LOCKED) -r requirements.txt -r requirements-build.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.ok: $(VENV)/runtime.ok requirements-dev.txt pyproject.toml
	@echo "Installing the development tools …" >&2
	@rm -f $(VENV)/runtime.ok
	@$(PIP_INSTALL) $(LOCKED) -r requirements-dev.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/runtime.ok $@
