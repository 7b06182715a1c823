#!/usr/bin/env bash
# Runs clang-tidy with the given arguments; pip installs it into build/deps/clang-tidy when it is not there.
# Debian's own is of 2022 and looks through gRPC's and protobuf's headers once a check and file, which takes
# more than twice as long in all.
set -euo pipefail

readonly version=23.1.4
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
readonly venv=$root/build/deps/clang-tidy
# The program itself: the package's own wrapper starts Python first.
program() { echo "$venv"/lib/python3*/site-packages/clang_tidy/data/bin/clang-tidy; }

if [[ $("$(program)" --version 2>/dev/null) != *"version $version"* ]]; then
  echo "clang-tidy: installing clang-tidy $version with pip into build/deps/clang-tidy" >&2
  rm -rf "$venv"
  python3 -m venv "$venv" >&2 || {
    echo "clang-tidy: no virtual environment could be made; on Debian the package python3-venv is needed" >&2
    exit 1
  }
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    "clang-tidy==$version" </dev/null >&2 || {
    echo "clang-tidy: pip could not install it; is PyPI reachable?" >&2
    rm -rf "$venv"
    exit 1
  }
fi
exec "$(program)" "$@"
