# Chengxin: a stranger needs `make demo` and `make test`; the rest is for people who change the code.
#
#   make demo                          install into .venv, build the rehearsal city, serve (Ctrl-C stops everything)
#   make demo ARGS="--no-serve"        the same, ending after the receipts
#   make demo PYTHON=python3.12        with this Python (3.11 or later)
#   make test                          every test, on both cores
#   make fuzz                          the parsers' tests with 20,000 texts each
#   make soak                          the life of a fact, 2,000 lives of 50 steps
#   make chaos                         50 processes of an installation killed under load

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test fuzz soak chaos lint types layers lock clean

# The first Python that is new enough; PYTHON=… chooses another.
PYTHON ?= $(shell for one in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && break; done)
BIN := .venv/bin
# On a terminal pip shows how far it is; in a log it keeps quiet.
PIP := $(BIN)/python -m pip --disable-pip-version-check $(shell test -t 2 || echo --quiet)
ARGS ?=
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

help:
	@sed -n '3,9s/^# *//p' Makefile

demo: .venv/.runtime
	$(BIN)/chengxin demo $(ARGS)

test: .venv/.development
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

fuzz: .venv/.development
	CHENGXIN_FUZZ_EXAMPLES=20000 $(BIN)/python -m pytest -n 2 --timeout 3600 tests/fuzz $(ARGS)

# The two figures may be set: CHENGXIN_SOAK_EXAMPLES=20000 make soak.
soak: .venv/.development
	CHENGXIN_SOAK_EXAMPLES=$${CHENGXIN_SOAK_EXAMPLES:-2000} CHENGXIN_SOAK_STEPS=$${CHENGXIN_SOAK_STEPS:-50} \
		$(BIN)/python -m pytest --timeout 86400 tests/life $(ARGS)

chaos: .venv/.development
	$(BIN)/python tools/chaos.py $(ARGS)

lint: .venv/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.development
	$(BIN)/mypy

layers: .venv/.development
	$(BIN)/lint-imports

# Could an installation go on serving while it migrates? squawk over the SQL of every newer migration.
migrations: .venv/.development
	$(BIN)/python tools/check_migrations.py

# What the platform is made of, from the lock, in CycloneDX 1.6: build/sbom.cdx.json.
sbom: .venv/.development
	$(BIN)/python tools/check_dependencies.py sbom

# Known holes in what the lock names; says clearly when the service that knows them was not reached.
audit: .venv/.development
	$(BIN)/python tools/check_dependencies.py audit

# Lock files carry hashes and no download address.
lock:
	$(LOCK) requirements/build.in -o requirements/build.lock
	$(LOCK) requirements/runtime.in -o requirements/runtime.lock
	$(LOCK) -c requirements/runtime.lock requirements/development.in -o requirements/development.lock
	$(LOCK) requirements/benchmarks.in -o requirements/benchmarks.lock

# The data folder var stays: `make clean` never takes data away.
clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +

.venv/.runtime: requirements/build.lock requirements/runtime.lock pyproject.toml | .venv/.made
	@echo "安装依赖 Installing the locked dependencies …" >&2
	$(PIP) install --require-hashes -r requirements/build.lock -r requirements/runtime.lock
	$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.development: requirements/build.lock requirements/development.lock pyproject.toml | .venv/.made
	@echo "安装依赖 Installing the locked dependencies …" >&2
	$(PIP) install --require-hashes -r requirements/build.lock -r requirements/development.lock
	$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@ .venv/.runtime

.venv/.made:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "错误：需要 Python 3.11 或更高版本，请安装后用 make demo PYTHON=python3.11 重试" >&2; \
		echo "Error: Python 3.11 or later is needed: install it and try again with make demo PYTHON=python3.11" >&2; \
		exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "错误：$(PYTHON) 缺少 venv 模块，请安装 python3-venv 后重试" >&2; \
		echo "Error: $(PYTHON) lacks the venv module: install python3-venv and try again" >&2; \
		exit 2; }
	"$(PYTHON)" -m venv --clear .venv
	@touch $@
