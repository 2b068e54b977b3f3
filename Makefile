# Acquire: everything a newcomer types. Needs Debian (or another Linux) with Python 3.11 to 3.13; the rest is fetched.
#
# The environment is .venv in this folder. uv, not pip, fills it, since uv can leave out the 470 MB GPU library that xgboost
# asks for (pyproject.toml, [tool.uv]). A stamp in .venv makes the second run instant.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
DECLARED := pyproject.toml constraints.txt

# One thread per process: two that wait for each other burn several times the CPU on a small machine.
export OMP_NUM_THREADS ?= 1
export OMP_WAIT_POLICY ?= PASSIVE
# The environment of the caller must not leak into ours.
unexport PYTHONPATH
unexport PYTHONHOME
unexport VIRTUAL_ENV

# $(call need,TEST,PACKAGES): where TEST fails, install Debian's PACKAGES, or name them to somebody who may not.
define need
if ! { $(1); } >/dev/null 2>&1; then missing="$$missing $(2)"; fi
endef
define install_missing
if [ -n "$$missing" ]; then
  if [ "$$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing on this machine:$$missing. Install them (Debian: sudo apt-get install$$missing) and run make again." >&2
    exit 1
  fi
  echo "Installing$$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq </dev/null
  apt-get install -y -qq --no-install-recommends $$missing </dev/null >/dev/null
fi
endef

help: ## Show this list
	@echo "make TARGET [ARGS=...]"
	grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

demo: $(VENV)/.runs ## A made-up market, a plan for it, and the dashboard; ARGS="--no-serve" stops before serving
	@exec $(BIN)/acquire demo $(ARGS)

test: $(VENV)/.checks machine ## Style, types, import contracts and tests: what must hold before a change lands
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadscope $(ARGS)

proof: $(VENV)/.checks machine ## The full-length proofs, which take longer than a change may wait
	@$(BIN)/pytest -m proof -s $(ARGS)

bench: $(VENV)/.runs ## Print the benchmark tables of the docs
	@for benchmark in benchmarks/[a-z]*.py; do
	  [ -e "$$benchmark" ] || { echo "There is no benchmark yet."; break; }
	  $(BIN)/python "$$benchmark" $(ARGS)
	done

pins: $(VENV)/.checks ## Rewrite constraints.txt with the newest versions that pyproject.toml allows
	@{
	  echo "# Exact versions of everything that .[dev] needs, for Python 3.11. Written by make pins."
	  $(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --no-config --no-header --no-annotate --upgrade --quiet
	} > constraints.new
	mv constraints.new constraints.txt

clean: ## Remove the environment and all caches; plans and databases stay
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What the tests need from the machine beside Python: a browser, what its driver is linked to, Chinese letters, a database.
machine: $(BIN)/uv
	@missing=""
	$(call need,command -v chromium,chromium)
	$(call need,$(BIN)/python -c 'import ctypes; ctypes.CDLL("libatomic.so.1")',libatomic1)
	$(call need,test -n "$$(fc-list :lang=zh-cn)",fontconfig fonts-noto-cjk)
	$(call need,command -v initdb || ls /usr/lib/postgresql/*/bin/initdb,postgresql)
	$(install_missing)

# A Python that can make environments, with uv in it. libgomp is what the model library is linked to.
$(BIN)/uv: constraints.txt
	@python=""
	for candidate in $(PYTHON) python3.11 python3 python3.12 python3.13; do
	  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
	    python=$$candidate
	    break
	  fi
	done
	if [ -z "$$python" ]; then
	  echo "Missing on this machine: Python 3.11 to 3.13. Install it, or name it: make PYTHON=/path/to/python3.11" >&2
	  exit 1
	fi
	missing=""
	$(call need,"$$python" -c 'import ensurepip; import venv',python3-venv)
	$(call need,"$$python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")',libgomp1)
	$(install_missing)
	"$$python" -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt uv
	touch $@

# The stamps: what `acquire` needs to run, and on top of it what the checks need.
$(VENV)/.runs: $(BIN)/uv $(DECLARED)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e .
	touch $@

$(VENV)/.checks: $(VENV)/.runs
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e ".[dev]"
	touch $@

.PHONY: help demo test proof bench pins clean machine
