# Each target sets up .venv by itself; a person on a fresh machine types only `make app` or `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
WEIGHTS ?= ../shared/weights
RUNS ?= .maskcls/runs

.DEFAULT_GOAL := help
.PHONY: help app app-https test check models knee bench soak clean

help: ## What can be made here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: $(VENV)/.app ## Set up and open the app on http://localhost:8501
	$(BIN)/streamlit run app.py

app-https: $(VENV)/.app ## The same by https with a certificate of its own, for phones on this network
	$(BIN)/python -m maskcls.certificate .maskcls/https
	$(BIN)/streamlit run app.py --server.sslCertFile .maskcls/https/cert.pem --server.sslKeyFile .maskcls/https/key.pem

test: $(VENV)/.dev ## Run all tests; the browser tests skip without Chromium
	$(BIN)/python -m pytest -m "not browser" -n auto --maxprocesses 4 --dist loadfile
	$(BIN)/python -m pytest -m browser

check: $(VENV)/.dev ## Linter, formatter and type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

models: $(VENV)/.app ## Train the shipped models again from $(DATA) and $(WEIGHTS); goes on where it stopped
	$(BIN)/python -m maskcls.training.finder --data $(DATA) --weights $(WEIGHTS) --run $(RUNS)/finder
	$(BIN)/python -m maskcls.training.classifier --data $(DATA) --weights $(WEIGHTS) --run $(RUNS)/classifier
	$(BIN)/python -m maskcls.training.ship --data $(DATA) --weights $(WEIGHTS) --runs $(RUNS)

knee: $(VENV)/.app ## Train and measure smaller and larger classifiers, an hour or more; goes on where it stopped
	$(BIN)/python -m maskcls.training.knee --data $(DATA) --weights $(WEIGHTS) --run $(RUNS)/knee

bench: $(VENV)/.app ## Time our way of a picture against the tutorials' way
	$(BIN)/python -m maskcls benchmark

soak: $(VENV)/.dev ## Ten minutes of a Live stream: memory and threads of the server
	$(BIN)/python -m maskcls benchmark --soak 10

clean: ## Remove .venv and caches; what people made under .maskcls stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "maskcls needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@ $(VENV)/.app
