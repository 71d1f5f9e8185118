# Each target makes .venv and installs what it needs: on a fresh machine with Python ≥ 3.11, venv and
# make, `make demo` and `make test` are the only commands to know.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests at the same time. They wait more than they compute, so three of them keep two cores busy.
JOBS ?= 3
# Each process runs its share of the tests in order. When it is done, it takes some from the others.
PYTEST = $(BIN)/pytest -n $(JOBS) --dist worksteal
INSTALL := sh tools/install.sh "$(PYTHON)" $(VENV)

.PHONY: help demo run worker test test-dtypes coverage check format bench demo-model screenshot constraints clean
.DEFAULT_GOAL := help

help:
	@echo "make demo         the whole bot in a local web page: no token, no model download"
	@echo "make run          the bot; needs TELEGRAM_BOT_TOKEN in the environment or in .env"
	@echo "make worker       a worker for the NATS server at NATS_URL"
	@echo "make check        format, lint, types, imports, translations"
	@echo "make format       formats the code, and fixes what ruff can fix"
	@echo "make test         all tests; some of them with ARGS=tests/bot"
	@echo "make test-dtypes  the model's tests, as on processors with and without bfloat16"
	@echo "make coverage     all tests, and which lines they reach"
	@echo "make bench        measures speed and memory, and writes docs/benchmarks.md"
	@echo "make demo-model   trains the bundled model again"
	@echo "make screenshot   takes the README's picture of the page"
	@echo "make constraints  brings constraints.txt up to date"
	@echo "make clean        removes what these commands made"

# Installed once, and again when the dependencies change.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(INSTALL) all "clipbot and what it needs, PyTorch among it,"
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@$(INSTALL) test "what the tests need"
	@touch $@

demo: $(VENV)/installed
	@$(BIN)/clipbot playground $(ARGS)

run: $(VENV)/installed
	@$(BIN)/clipbot run

worker: $(VENV)/installed
	@$(BIN)/clipbot worker

test: $(VENV)/installed-test
	$(PYTEST) $(ARGS)

# On processors with instructions for bfloat16, other code runs. The variable simulates both kinds:
# see inference/model/precision/bfloat16.py. Without such instructions bfloat16 is slow, hence the
# longer timeout.
test-dtypes: $(VENV)/installed-test
	CLIPBOT_NATIVE_BFLOAT16=on $(PYTEST) --timeout 400 tests/inference $(ARGS)
	CLIPBOT_NATIVE_BFLOAT16=off $(PYTEST) --timeout 400 tests/inference $(ARGS)

# Not a part of `make test`: tracing every branch, in child processes too, takes much time.
coverage: $(VENV)/installed-test
	$(PYTEST) --cov --cov-report=term $(ARGS)

check: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check_translations

format: $(VENV)/installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/installed-bench: $(VENV)/installed
	@$(INSTALL) bench "what the benchmark compares with"
	@touch $@

# Without ARGS it measures everything and writes docs/benchmarks.md. ARGS replaces that option.
bench: $(VENV)/installed-bench
	$(BIN)/clipbot bench $(or $(ARGS),--page docs/benchmarks.md)

demo-model: $(VENV)/installed-test
	$(BIN)/python -m training $(ARGS)

# The README's picture of the page; needs a Chromium.
screenshot: $(VENV)/installed-test
	$(BIN)/python -m tools.screenshot docs/playground.jpg

# Brings all pins up to date. torch's own is kept: its CPU and CUDA builds share a version.
constraints: $(VENV)/installed-test
	@echo "Looking for newer versions; this takes a few minutes …"
	$(BIN)/python -m pip --disable-pip-version-check -q install pip-tools
	echo "torch==2.13.0" > $(VENV)/torch.txt
	$(BIN)/pip-compile -q --upgrade --extra all --extra bench --extra gpu --extra test -c $(VENV)/torch.txt \
		--strip-extras --no-annotate --no-header --unsafe-package clipbot \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		-o $(VENV)/constraints.txt pyproject.toml
	( echo "# Made by \`make constraints\`." ; \
		sed -e 's/+cpu$$//' -e '/^#/d' -e '/^clipbot/d' -e '/^$$/d' -e '/^\(pip\|setuptools\|wheel\)==/d' $(VENV)/constraints.txt ) > constraints.txt

clean:
	rm -rf $(VENV) dist build test-output .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
