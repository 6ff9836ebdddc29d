# Everything that tkit does on a fresh machine: `make study` runs the main job, `make test` the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHARED ?= ../shared

.PHONY: study gate pin test lint lab notebooks site docs dataset default-bundles benchmark benchmark-javascript benchmark-hold benchmark-lab peers templates filter-lists services campaigns weak sizes coverage clean

study: $(VENV)/.runtime
	$(BIN)/tkit study --dataset data/dataset -o out/study
	$(BIN)/tkit audit data/sample -o out/audit.html

# The study again, held against the pinned floors; `pin` raises them and refuses to lower one.
gate: $(VENV)/.runtime
	$(BIN)/tkit study --dataset data/dataset -o out/study --gate data/floors.json

pin: $(VENV)/.runtime
	$(BIN)/tkit study --dataset data/dataset -o out/study --pin data/floors.json
	$(BIN)/tkit study --dataset data/dataset -o out/quick --quick --folds 3 --pin tests/study/floors.json

# Two cores run both at once: what mostly waits for browsers and engines, and what mostly computes.
WAITING := tests/test_notebooks.py tests/export
PYTEST := $(BIN)/coverage run -m pytest -q --durations=20

test: $(VENV)/.dev lint
	$(BIN)/coverage erase
	$(PYTEST) $(WAITING) & waiting=$$!; \
	$(PYTEST) $(addprefix --ignore=,$(WAITING)); others=$$?; \
	wait $$waiting && exit $$others
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(VENV)/.dev
	$(BIN)/jupyter lab --notebook-dir=notebooks

notebooks: $(VENV)/.dev
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace notebooks/*.ipynb

site: $(VENV)/.dev
	$(BIN)/python docs/site.py notebooks out/site

# What is generated, each by one command. Run them in this order after a change of the features.
dataset: $(VENV)/.dev
	$(BIN)/tkit dataset build --shared $(SHARED) -o data/dataset --card data/README.md

default-bundles: $(VENV)/.runtime
	for vantage in url element message campaign; do \
	  $(BIN)/tkit train --vantage $$vantage -o tkit/default/$$vantage || exit 1; done

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

benchmark: $(VENV)/.dev
	$(BIN)/python benchmarks/extract.py $(SHARED)/corpora/*.tar.xz --page docs/speed.md

peers: $(VENV)/.dev
	$(BIN)/python benchmarks/peers.py --shared $(SHARED) -o docs/peers.md

templates: $(VENV)/.dev
	$(BIN)/tkit templates build --shared $(SHARED) -o tkit/templates/trackers.json

filter-lists: $(VENV)/.dev
	$(BIN)/python benchmarks/filter_lists.py --shared $(SHARED) -o docs/filter-lists.md

services: $(VENV)/.dev
	$(BIN)/python benchmarks/services.py --shared $(SHARED) -o docs/services.md

campaigns: $(VENV)/.dev
	$(BIN)/python benchmarks/campaigns.py --corpora $(SHARED)/corpora

weak: $(VENV)/.dev
	$(BIN)/python benchmarks/weak.py --corpora $(SHARED)/corpora
	$(BIN)/python benchmarks/weak_training.py --corpora $(SHARED)/corpora

benchmark-javascript: $(VENV)/.dev
	$(BIN)/python benchmarks/javascript.py --corpora $(SHARED)/corpora

sizes: $(VENV)/.dev
	$(BIN)/python benchmarks/size.py

benchmark-hold: $(VENV)/.dev
	$(BIN)/python benchmarks/hold.py

benchmark-lab: $(VENV)/.dev
	$(BIN)/python benchmarks/lab.py

coverage: $(VENV)/.dev
	$(BIN)/python benchmarks/coverage.py --corpora $(SHARED)/corpora

$(VENV)/.runtime: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tkit needs Python 3.11 or newer: make PYTHON=python3.x")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .coverage* out .mypy_cache .pytest_cache .ruff_cache .hypothesis
