# The targets install what they need; see scripts/setup.
PYTHON := .venv/bin/python
IMAGE  := build/guest
IMAGES := build/image

.PHONY: setup image images guest demo lab console stop test lint bench clean test-image smoke-image bench-image pictures-image

setup:
	@scripts/setup

guest: setup                ## the lab's guest, made once and cached
	@$(PYTHON) -m appliance.lab.machines.image $(IMAGE)

image: setup                ## one appliance's image in build/image: make image ROLE=oma|vma [VENDOR_KEY=public key]
	@scripts/setup-image
	@$(PYTHON) -m image build $(ROLE) $(if $(VENDOR_KEY),--vendor-key '$(VENDOR_KEY)')

images:                     ## both appliances' images
	@$(MAKE) --no-print-directory image ROLE=oma
	@$(MAKE) --no-print-directory image ROLE=vma

demo: guest                 ## migrate a running VM between two sites on this machine
	@$(PYTHON) -m appliance.demo run

lab: guest                  ## start the two sites and leave them running
	@$(PYTHON) -m appliance.demo lab

console: guest              ## the OMA's console on the two sites, started if they do not run
	@$(PYTHON) -m appliance.demo console

stop:                       ## end what make lab started
	@$(PYTHON) -m appliance.demo stop

lint: setup
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

test: lint guest
	@scripts/test

test-image: images guest        ## build both appliances and boot them; pictures in build/image/shots
	@scripts/setup-image virt-v2v
	@$(PYTHON) -m pytest tests/image --images $(IMAGES)

smoke-image: setup          ## build the OMA's image and boot it to its set-up
	@scripts/setup-image
	@$(PYTHON) -m image build oma --quick
	@$(PYTHON) -m pytest tests/image/test_boot_first.py --images $(IMAGES) --durations 2 -k leads_to_the_set_up

bench-image: images         ## sizes and times of the images, in build/bench.json
	@$(PYTHON) -m tests.image.figures $(IMAGES) build/bench.json

pictures-image:             ## boot the OMA's image and take the documentation's pictures of it
	@$(PYTHON) -m tests.image.pictures $(IMAGES) docs/pictures

bench: setup                ## results in build/bench.json
	@$(PYTHON) -m bench

clean:                      ## everything that was built, but not the Python environment
	@if [ -d build/demo ] && [ -x $(PYTHON) ]; then $(PYTHON) -m appliance.demo stop; fi
	rm -rf build .pytest_cache .mypy_cache .ruff_cache
