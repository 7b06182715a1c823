#!/usr/bin/env bash
# Installs the clients that tests/compat tries against webhookd, into build/compat.
#
#   tests/compat/install.sh [--force]
#
# Result: build/compat/venv   Python packages of requirements.txt: Determined's own client, gRPC, …
#         build/compat/bin    programs of go/go.mod: grpcurl and the plugins of protoc
# The libraries that go/client and go/gateway are built with are fetched and compiled too, so that
# the tests themselves need no network. What is already there is left alone.
#
# Environment: PYTHON, GO     the interpreter (3.11 or newer) and the go command (1.19 or newer)
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
readonly here root
readonly result=$root/build/compat
python=${PYTHON:-python3}
go=${GO:-go}

say() { echo "compat: $*" >&2; }
die() {
  say "error: $*"
  exit 1
}

force=false
for argument in "$@"; do
  case $argument in
    --force) force=true ;;
    -h | --help)
      sed -n '2,/^$/{/^set /d;s/^# \{0,1\}//p}' "$0"
      exit 0
      ;;
    *)
      say "unknown argument '$argument'; see --help"
      exit 2
      ;;
  esac
done

command -v "$python" >/dev/null || die "there is no $python; tools/install-deps.sh test installs it"
command -v "$go" >/dev/null || die "there is no $go command; tools/install-deps.sh test installs it"

mkdir -p "$result"
# Two runs at once, of two builds of the same tree, would write the same files.
exec 9>"$result/.lock"
flock 9

# stamped NAME TEXT: whether the part NAME was finished from just this TEXT.
stamped() { ! $force && [[ -f $result/$1.stamp && $(<"$result/$1.stamp") == "$2" ]]; }

python_packages() {
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$("$python" --version 2>&1) is too old: the pinned packages need 3.11; set PYTHON to a newer one"
  say "installing Python packages into build/compat/venv"
  rm -rf "${result:?}/venv"
  "$python" -m venv "$result/venv" ||
    die "no virtual environment could be made; on Debian the package python3-venv is needed"
  "$result/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --no-deps --requirement "$here/requirements.txt" ||
    die "pip could not install requirements.txt; its message is above"
  "$result/venv/bin/python" -m pip check --disable-pip-version-check >/dev/null ||
    die "the versions in requirements.txt do not fit together; see build/compat/venv/bin/pip check"
}

go_programs() {
  say "installing Go programs into build/compat/bin"
  rm -rf "${result:?}/bin"
  mkdir -p "$result/bin"
  # Of the file tools.go each imported package is installed or, if it is a library, compiled.
  local -a programs=() libraries=()
  local package
  while read -r package; do
    case $package in
      */cmd/* | */protoc-gen-*) programs+=("$package") ;;
      *) libraries+=("$package") ;;
    esac
  done < <(sed -n 's/^\t_ "\(.*\)"$/\1/p' tools/tools.go)
  for package in "${programs[@]}"; do
    local name=${package##*/}
    # The two plugins of grpc-gateway have one name.
    if [[ $package == */grpc-gateway/protoc-gen-grpc-gateway ]]; then name+=-v1; fi
    "$go" build -o "$result/bin/$name" "$package" ||
      die "go could not build $package; its message is above"
  done
  "$go" build "${libraries[@]}" || die "go could not build what the tests' programs need"
}

python_text=$("$python" --version 2>&1)$'\n'$(sha256sum "$here/install.sh" "$here/requirements.txt")
if ! stamped venv "$python_text"; then
  rm -f "$result/venv.stamp"
  python_packages
  echo "$python_text" >"$result/venv.stamp"
fi

cd "$here/go"
# The go command must neither fetch another version of itself nor change go.mod.
# Git refuses to say anything about a tree that belongs to somebody else.
export GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off
go_text=$("$go" version)$'\n'$(sha256sum "$here/install.sh" go.mod go.sum tools/tools.go)
if ! stamped go "$go_text"; then
  rm -f "$result/go.stamp"
  go_programs
  echo "$go_text" >"$result/go.stamp"
fi
