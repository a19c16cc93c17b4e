# make demo | make test | make check | make bench | make setup | make clean: each makes .venv first where it is missing.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test check format bench lock clean

setup: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "passerby needs Python 3.11 or newer; say which: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	@echo "Installing the pinned packages (about 5.5 GB with PyTorch; a minute or two) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/passerby demo --out demo

# two processes of one thread each; the tests of one file share what they set up
test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --quiet --durations 5 --numprocesses 2 --dist loadfile

check: setup
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format src tests benchmarks examples
	$(BIN)/ruff check --fix src tests benchmarks examples

# make bench BENCH=--large, or BENCH="growth reranking_hard"; then benchmarks/performance.py writes docs/performance.md
bench: setup
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python benchmarks/run.py $(BENCH)

# needs uv; torch and torchvision belong together, and torch 2.13.0 does not go with torchvision's registry build
lock:
	mkdir -p build
	printf 'torch==2.11.0\ntorchvision==0.26.0\n' > build/constraints
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-annotate --no-header --constraints build/constraints --output-file requirements.lock

clean:
	rm -rf .venv demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
