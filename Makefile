# Python, pip, make and git are all that is needed; every target sets up what it stands on.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help deps demo test test-long check format bench bench-redact bench-server train-emotion train-emotion-folds train-attributes clean

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

# The environment is made anew whenever what it is made from has changed.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mien needs Python 3.11 or later; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

# command:package of what make deps installs
DEPS := initdb:postgresql chromium:chromium

deps:            ## install what only Debian packages, as root: PostgreSQL and Chromium, for tests of the service
	@missing=; for each in $(DEPS); do \
		ls /usr/lib/postgresql/*/bin/$${each%%:*} >/dev/null 2>&1 || command -v $${each%%:*} >/dev/null || missing="$$missing $${each##*:}"; \
	done; \
	if [ -z "$$missing" ]; then echo "PostgreSQL and Chromium are there"; \
	elif [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "Not installed:$$missing. Their tests are skipped. As root on Debian, make deps installs them." >&2; \
	else apt-get update --quiet=2 && DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends $$missing >/dev/null; fi

demo: $(READY)   ## fetch the weights, analyse a real clip and a photo, say what was found
	@$(BIN)/mien demo

# Two processes share the files of tests out.
test: $(READY)   ## all tests but the long ones
	$(BIN)/python -m pytest -m "not long" --numprocesses 2 --dist loadfile

test-long: $(READY)  ## soak, fuzz and kill tests; the tail of the output is kept in bench/
	set -o pipefail; $(BIN)/python -m pytest -m long --numprocesses 2 --dist loadfile 2>&1 | tee bench/test-long.log.new; status=$$?; \
	grep -v "^rootdir:" bench/test-long.log.new | tail -n 30 > bench/test-long.txt; rm bench/test-long.log.new; exit $$status
test-long: SHELL := /bin/bash

check: $(READY)  ## format, lint, strict types, imports, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.check

format: $(READY) ## format and mend what can be mended without thought
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## speed and accuracy tables; kept in bench/ with the date
	$(BIN)/python -m bench.speed --keep

# The peer is deface, in an environment of its own.
PEER := .venv-peer/bin/python
$(PEER):
	$(PYTHON) -m venv .venv-peer
	$(PEER) -m pip install --quiet --disable-pip-version-check deface==1.5.0 onnx onnxruntime

bench-redact: $(READY) $(PEER)  ## coverage and speed of redaction beside deface; kept in bench/
	$(BIN)/python -m bench.redaction.evaluate --peer $(PEER) --keep

bench-server: $(READY)  ## requests a second of the service, and what identify costs; kept in bench/
	$(BIN)/python -m bench.server.run --keep
	$(BIN)/python -m bench.server.identify --keep
	$(BIN)/python -m bench.gallery.index_speed --keep

# Training needs PyTorch, in an environment of its own, and the data folder in MIEN_TRAINING_DATA.
TRAINING := .venv-training/bin/python
RUNS := runs
# Further options of trainings; --bfloat16 is faster on processors made for it.
TRAIN :=
CARD := src/mien/models/cards/emotion.md
ATTRIBUTES := src/mien/models/cards/attributes.md
CATALOGUE := src/mien/models/catalogue.toml
$(TRAINING):
	$(PYTHON) -m venv .venv-training
	$(TRAINING) -m pip install --quiet --disable-pip-version-check torch numpy pillow onnx onnxruntime

train-emotion: $(READY) $(TRAINING)  ## train the expression network from scratch to ONNX; resumes
	$(TRAINING) -m training.emotion.train --dlib "$$($(BIN)/python -m training.emotion.dlib_file $(RUNS))" --out $(RUNS)/first --stages 96x32 --rate 1.2e-3 --strength 0.8 --draw-power 0.15 --seed 21 $(TRAIN)
	$(TRAINING) -m training.emotion.train --start $(RUNS)/first/best.pt --teacher $(RUNS)/first/best.pt --teacher-share 0.6 --out $(RUNS)/second --stages 104x8 --rate 6e-4 --strength 0.8 --draw-power 0.15 --seed 22 --one-way $(TRAIN)
	$(TRAINING) -m training.emotion.average $(RUNS)/second/best.pt=0.5 $(RUNS)/first/best.pt=0.5 --out $(RUNS)/mean/best.pt
	$(TRAINING) -m training.emotion.train --dlib "$$($(BIN)/python -m training.emotion.dlib_file $(RUNS))" --out $(RUNS)/other --stages 104x32 --rate 1.2e-3 --strength 0.9 --draw-power 0.15 --seed 31 --one-way $(TRAIN)
	$(TRAINING) -m training.emotion.train --start $(RUNS)/mean/best.pt --teacher $(RUNS)/first/best.pt $(RUNS)/other/best.pt --teacher-share 0.7 --out $(RUNS)/third --stages 104x8 --rate 7e-4 --strength 0.9 --draw-power 0.15 --seed 41 --one-way $(TRAIN)
	$(TRAINING) -m training.emotion.average $(RUNS)/third/best.pt=0.4 $(RUNS)/first/best.pt=0.6 --out $(RUNS)/last/best.pt
	$(TRAINING) -m training.emotion.export --weights $(RUNS)/last/best.pt --out src/mien/models/weights/emotion.onnx
	$(TRAINING) -m training.emotion.evaluate --model src/mien/models/weights/emotion.onnx --out $(RUNS)/evaluation.json
	$(TRAINING) -m training.emotion.card --figures $(RUNS)/evaluation.json --card $(CARD) --catalogue $(CATALOGUE)
	$(BIN)/python -m bench.emotion.doubt --json $(RUNS)/doubt.json
	$(TRAINING) -m training.emotion.card --figures $(RUNS)/evaluation.json --doubt $(RUNS)/doubt.json --card $(CARD) --catalogue $(CATALOGUE)

train-emotion-folds: $(READY) $(TRAINING)  ## after it: five networks, for the figures of rare expressions; resumes
	$(TRAINING) -m training.emotion.folds --dlib "$$($(BIN)/python -m training.emotion.dlib_file $(RUNS))" --out $(RUNS)/folds/first --stages 96x10 --rate 1.2e-3 --strength 0.6 --draw-power 0.2 $(TRAIN)
	$(TRAINING) -m training.emotion.folds --start $(RUNS)/folds/first --out $(RUNS)/folds/second --stages 96x16 --rate 1e-3 --strength 0.8 --draw-power 0.3 $(TRAIN)
	$(TRAINING) -m training.emotion.folds --start $(RUNS)/folds/second --out $(RUNS)/folds/third --stages 96x8 --rate 8e-4 --strength 0.9 --draw-power 0.45 $(TRAIN)
	$(TRAINING) -m training.emotion.card --figures $(RUNS)/evaluation.json --folds $(RUNS)/folds/third/folds.json --card $(CARD) --catalogue $(CATALOGUE)

train-attributes: $(READY) $(TRAINING)  ## train the attribute network from scratch to ONNX; resumes
	$(BIN)/python -m training.attributes.occluders.fit --to $(RUNS)/meshes.npz
	$(BIN)/python -m training.attributes.occluders.write $(RUNS)/occluders/train --meshes $(RUNS)/meshes.npz --part train --seed 101 --count 10000
	$(BIN)/python -m training.attributes.occluders.write $(RUNS)/occluders/test --meshes $(RUNS)/meshes.npz --part test --seed 102 --count 2000
	$(TRAINING) -m training.attributes.train --dlib "$$($(BIN)/python -m training.emotion.dlib_file $(RUNS))" --out $(RUNS)/plain --stages 64x4,72x3
	$(TRAINING) -m training.attributes.train --start $(RUNS)/plain/best.pt --made $(RUNS)/occluders/train --out $(RUNS)/covered --stages 72x4 --rate 1e-3
	$(TRAINING) -m training.attributes.train --start $(RUNS)/covered/best.pt --made $(RUNS)/occluders/train --out $(RUNS)/larger --stages 88x3 --rate 1e-3 --seed 2
	$(TRAINING) -m training.attributes.train --start $(RUNS)/larger/best.pt --made $(RUNS)/occluders/train --out $(RUNS)/longer --stages 88x4,96x8 --rate 1e-3
	$(BIN)/python -m training.attributes.happiness --meshes $(RUNS)/meshes.npz --out $(RUNS)/happiness.npz
	for part in eyes:8 mouth:12 hair:7; do \
		$(TRAINING) -m training.attributes.train_closeup $${part%:*} --happiness $(RUNS)/happiness.npz --out $(RUNS)/closeups/$${part%:*} --stages 112x$${part#*:} || exit 1; \
	done
	$(TRAINING) -m training.attributes.export --weights $(RUNS)/longer/best.pt --closeups $(RUNS)/closeups --one-way --side 104 --out src/mien/models/weights/attributes.onnx
	$(TRAINING) -m training.attributes.evaluate --model src/mien/models/weights/attributes.onnx --made $(RUNS)/occluders/test --out $(RUNS)/attributes.json
	$(TRAINING) -m training.attributes.card --figures $(RUNS)/attributes.json --card $(ATTRIBUTES) --catalogue $(CATALOGUE)
	$(BIN)/python -m training.attributes.framing --faces 200 --out $(RUNS)/framing.json
	$(TRAINING) -m training.attributes.card --figures $(RUNS)/attributes.json --framing $(RUNS)/framing.json --card $(ATTRIBUTES)

clean:           ## remove the environment and all caches
	rm -rf $(VENV) .venv-peer build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
