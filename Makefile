# Two commands do it all: `make run` (the main job: laptop scale, offline, CPU) and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
SNAKEMAKE := $(BIN)/snakemake
export PATH := $(CURDIR)/$(BIN):$(PATH)

# A file of settings on top of config/config.yaml: `make run CONFIG=config/cifar10.yaml`; and the folder that its results
# go to, asked for once and only where it is needed.
CONFIG ?=
SETTINGS := $(if $(CONFIG),--configfile "$(CONFIG)")
RESULTS = $(eval RESULTS := $$(shell "$(BIN)/whichtask" config check "$(or $(CONFIG),config/config.yaml)" | sed -n 's/^results: //p'))$(RESULTS)

.PHONY: setup run test lint format smoke figures benchmarks operations reference reference-gpu lock audit status report docs clean help

help:
	@echo "make run, figures, status, report, reference: at laptop scale, or with CONFIG=FILE as config/cifar10.yaml"
	@echo "make run      website, headline figures and claims: data, scores, discovery, splits"
	@echo "make figures  every figure and claim: also ablations, regulated discovery, ground truth"
	@echo "make test     lint, types, tests, and the whole workflow at smoke scale"
	@echo "make smoke    the whole workflow at smoke scale, into results/smoke"
	@echo "make lint     ruff, mypy, snakefmt, snakemake --lint"
	@echo "make benchmarks  speed as ratios, in under 6 minutes; FULL=1: more rounds; renews numbers in pages"
	@echo "make operations  what the larger scales come to, counted from their configurations"
	@echo "make reference   keep the run's tables and figures in results/reference/; renew numbers in pages"
	@echo "make reference-gpu MINUTES=25  as much of the paper scale as fits, cheapest first; tables in results/reference/"
	@echo "make status   what is done, running, left, and about how long the rest takes"
	@echo "make report   results/report.html: every figure with its caption, the claims, what was run"
	@echo "make docs     the documentation site, into build/docs; fails at any warning"
	@echo "make audit    known vulnerabilities of the pinned packages; needs the network"
	@echo "make clean    remove results (not results/reference) and caches"

# The lock file pins every package; whichtask itself is installed so that edits to src/ take effect.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "whichtask needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

setup: $(READY)

# Of a file that is wrong, the check says more than Snakemake does.
CHECK = $(if $(CONFIG),$(BIN)/whichtask config check "$(CONFIG)" >/dev/null)

run: $(READY)
	$(CHECK)
	$(SNAKEMAKE) --cores all headline $(SETTINGS)
	@echo
	@sed -n 's/^\([0-9].*\)/claims: \1/p' "$(RESULTS)/claims_headline.md"
	@echo
	@echo "look at: $(RESULTS)/site/index.html (whichtask site --results $(RESULTS) --open)"
	@echo "figures: $(RESULTS)/figures/    tables: $(RESULTS)/agreement/, $(RESULTS)/similarity/"
	@echo "tasks:   $(RESULTS)/tasks/      claims: $(RESULTS)/claims_headline.md"

figures: $(READY)
	$(CHECK)
	$(SNAKEMAKE) --cores all $(SETTINGS)
	@echo
	@sed -n 's/^\([0-9].*\)/claims: \1/p' "$(RESULTS)/claims.md"
	@echo "look at: $(RESULTS)/site/index.html (whichtask site --results $(RESULTS) --open)"
	@echo "figures: $(RESULTS)/figures/    claims: $(RESULTS)/claims.md, $(RESULTS)/claims.csv"

smoke: $(READY)
	$(SNAKEMAKE) --cores all --configfile config/smoke.yaml

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow benchmarks
	$(BIN)/mypy
	$(SNAKEMAKE) --lint

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow benchmarks

test: lint
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Keep the small tables and figures of a run in git, and put the numbers of the laptop's into README and docs.
REFERENCE := results/reference/$(if $(CONFIG),$(basename $(notdir $(CONFIG))),laptop)
reference: figures
	mkdir -p "$(REFERENCE)"
	$(BIN)/whichtask config check "$(or $(CONFIG),config/config.yaml)" > "$(REFERENCE)/config.yaml"
	cp "$(RESULTS)"/run.json "$(RESULTS)"/claims.csv "$(RESULTS)"/claims.md "$(REFERENCE)"
	cp "$(RESULTS)"/figures/*.png "$(RESULTS)"/figures/*.csv "$(RESULTS)"/figures/*.gif "$(REFERENCE)"
	$(BIN)/whichtask status $(SETTINGS) --seconds "$(REFERENCE)/seconds.csv"
	cp "$(RESULTS)"/discovery/*/discovered/history.csv "$(REFERENCE)/discovery_history.csv"
	$(BIN)/python docs/_ext/site_numbers.py --write

# Under six minutes on an idle core; FULL=1: more rounds and tasks, and meta-gradients of 25 and 50 steps.
FULL ?=
benchmarks: $(READY)
	$(BIN)/python -m benchmarks.training --rounds $(if $(FULL),7,3)
	$(BIN)/python -m benchmarks.meta_gradient --rounds $(if $(FULL),3,1 --cases "5 steps" "10 steps")
	$(BIN)/python -m benchmarks.discovery --steps $(if $(FULL),150,8)
	$(BIN)/python -m benchmarks.equal_error --tasks $(if $(FULL),4,2)
	$(BIN)/python -m benchmarks.gbi --rounds $(if $(FULL),7,2)
	$(BIN)/python -m benchmarks.growth --rounds $(if $(FULL),3,1)
	$(BIN)/python -m benchmarks.workflow "$(RESULTS)"
	$(BIN)/python -m benchmarks.picture
	$(BIN)/python docs/_ext/site_numbers.py --write

# What the larger scales come to, counted from their configurations; the pages' numbers of GPU-hours are these.
operations: $(READY)
	$(BIN)/python -m benchmarks.operations --configfile config/paper.yaml --out results/reference/operations_paper.csv \
	  headline ablations all
	$(BIN)/python -m benchmarks.operations --configfile config/workstation.yaml \
	  --out results/reference/operations_workstation.csv headline all
	$(BIN)/python -m benchmarks.operations --configfile config/paper.yaml --configfile config/paper/fast.yaml \
	  --out results/reference/operations_paper_fast.csv headline
	$(BIN)/python docs/_ext/site_numbers.py --write

# After a change of the dependencies in pyproject.toml: install them in a fresh $(VENV), then pin what came.
lock:
	$(BIN)/pip list --format=freeze | grep -viE '^(whichtask|pip|setuptools|wheel)==' | sed 's/+cpu//' | sort -f > requirements.lock
	sed '/- pip:/q' environment.yml > environment.new && sed 's/^/      - /' requirements.lock >> environment.new
	mv environment.new environment.yml

# What a GPU that is lent for a while can do of the papers' headline; type it again to go on.
MINUTES ?= 25
GPU_CONFIG := $(or $(CONFIG),config/paper.yaml)
reference-gpu: $(READY)
	$(BIN)/python -m benchmarks.reference_gpu --minutes "$(MINUTES)" --configfile "$(GPU_CONFIG)" \
	  --out "results/reference/gpu_$(basename $(notdir $(GPU_CONFIG)))"

status: $(READY)
	$(BIN)/whichtask status $(SETTINGS)

# Of what there is: after `make figures` everything, after `make run` the headlines.
report: $(READY)
	$(SNAKEMAKE) $(if $(wildcard $(RESULTS)/claims.csv),all,headline) $(SETTINGS) --report "$(RESULTS)/report.html"

# -E: Sphinx does not see what changed outside docs/.
docs: $(READY)
	$(BIN)/sphinx-build -E -W --keep-going -n -q -b html docs build/docs
	@echo "documentation: build/docs/index.html"

# Known vulnerabilities of the pinned packages. In an environment of its own, so that the lock file stays as it is;
# --strict: a package that nobody answers for is a failure.
AUDIT := .venv-audit
audit:
	@test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv $(AUDIT) && \
	  $(AUDIT)/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	@$(AUDIT)/bin/pip-audit --strict --requirement requirements.lock --no-deps --disable-pip --progress-spinner off || { \
	  echo "audit: a vulnerability is known, or PyPI could not be asked about a package; the lines above say which" >&2; exit 1; }

clean:
	find results -mindepth 1 -maxdepth 1 ! -name reference -exec rm -rf {} +
	rm -rf .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis .venv-audit build
