# The short commands in front of CMake, npm and busted. Each sets up what it needs; see deployment/setup.
#
#   make run      serve on http://localhost:8000           ARGS="--port 8001" adds flags
#   make test     every test                               SUITES="lint unit" picks some
#   make bench    the benchmarks, beside others             FULL=1 for longer; RECORD=1 writes bench/RESULTS.md; ONLY=fanout
#   make lint     formatting, includes, clang-tidy, luacheck
#   make format   formats the C sources
#   make build    build/auralis
#   make editor   the page's code editor (run does it too; the page works without)
#   make decoders FLAC and Opus for browsers without WebCodecs (likewise)
#   make clean    removes what was built and installed below this folder

SHELL := /bin/bash
JOBS  ?= $(shell nproc)
ARGS  ?=
# A build under make must not look for make's job server.
BUILD  = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL deployment/build

.PHONY: all run test bench lint format build editor decoders setup setup-test clean
all: build

setup:
	@deployment/setup run

setup-test:
	@deployment/setup run test

build: setup
	@JOBS=$(JOBS) $(BUILD) release auralis

editor:
	@deployment/setup editor
	@deployment/editor

decoders:
	@deployment/setup editor
	@deployment/decoders

run: build
	@$(MAKE) -s editor || echo 'make run: going on without the code editor'
	@$(MAKE) -s decoders || echo 'make run: going on without the decoders'
	@mkdir -p var
	@XDG_STATE_HOME=$(CURDIR)/var exec build/auralis serve $(ARGS)

test: setup-test
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL JOBS=$(JOBS) tests/run $(SUITES)

bench: setup-test
	@deployment/setup bench || echo 'make bench: going on with what is installed'
	@JOBS=$(JOBS) $(BUILD) release all
	@bench/run build $(if $(ONLY),--only $(ONLY)) $(if $(RECORD),--record)

lint: setup-test
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL JOBS=$(JOBS) tests/run lint tidy luacheck

format: setup-test
	@git ls-files -z -- '*.c' '*.h' | xargs -0 clang-format -i

clean:
	rm -rf build build-* tests/node_modules client/*/bundle.js
