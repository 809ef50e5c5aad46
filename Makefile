# Every command does its own set-up first; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types format bench bench-rules load simulate-faults chaos fuzz parts lock docs

BIN := .venv/bin
JOBS := 4
# Files of tests that run side by side, each with a Kafka and a Redis of its own. Many of them mostly
# wait, for a session to time out or a timer to ring: in the order of their names the longest start
# early, in xdist's own order they would be the last.

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## a .venv in the root that holds the `loyalty` command
	@scripts/setup.sh

parts: setup
	@scripts/parts.sh

demo: setup ## watch the worker on live sample traffic; EVENTS=5000 ends by itself with totals
	@$(BIN)/loyalty demo $(if $(EVENTS),--events $(EVENTS)) $(ARGS)

test: parts lint types ## everything: style, types, and all tests, with a real Kafka and a real Redis
	@echo "==> Tests"
	@$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## style and format
	@echo "==> Style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## strict types
	@echo "==> Types"
	@$(BIN)/mypy .

format: setup ## mend style and format where that is mechanical
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

simulate-faults: setup ## lanes, budgets and timers under crashes, zombies and lost writes: seeded histories
	@$(BIN)/python -m tests.simulation.run $(ARGS)

chaos: parts ## workers, brokers and Redis killed, frozen, cut off; FAULTS=1000 SEED=7, verified
	@$(BIN)/python -m tests.chaos.run --faults $(or $(FAULTS),60) $(if $(SEED),--seed $(SEED)) $(ARGS)

fuzz: setup ## mutated records, rule files and settings, every one accounted for; RECORDS=1000000
	@$(BIN)/python -m tests.fuzz.run --records $(or $(RECORDS),100000) $(ARGS)

bench: parts ## this worker against four others, on a real Kafka and a real Redis
	@$(BIN)/python -m benchmarks.run $(ARGS)

bench-rules: setup ## evaluation alone, next to loops over lambdas and asteval; about two minutes
	@$(BIN)/python -m benchmarks.rules $(ARGS)

load: parts ## an hour's load compressed, a hot client, a heap in one partition, 1,000 organizations
	@$(BIN)/python -m benchmarks.load $(ARGS)

docs: setup ## write the generated documents anew
	@$(BIN)/python -m config.document >docs/settings.md
	@$(BIN)/python -m worker.cli.variables >docs/variables.md
	@$(BIN)/typer worker.cli.application utils docs --name loyalty --title "Command line" --output docs/cli.md

lock: setup ## resolve the dependencies anew: for everybody, and for the image
	@$(BIN)/uv pip compile -q --universal --all-extras --generate-hashes pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --extra demo --generate-hashes -c requirements.lock pyproject.toml -o requirements-runtime.lock
