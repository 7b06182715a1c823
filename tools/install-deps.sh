#!/usr/bin/env bash
# Installs what webhookd needs and this machine lacks, on Debian 12 and its relatives.
#
#   tools/install-deps.sh [--list] [GROUP...]       groups: build (default), test, bench, lint, clients,
#                                                   bazel
#
# When nothing is missing it says nothing and takes no time. It installs through apt as root or with a
# sudo that asks for no password; otherwise it prints the one line to run and fails. On a distribution
# without apt it checks what is there and names what is not. --list prints the groups' packages.

# shellcheck disable=SC2034  # the lists are read through name references
set -euo pipefail

# A package, or package:command when any program of that name will do, wherever it came from.
readonly build_packages=(
  g++:g++ cmake:cmake ninja-build:ninja pkgconf:pkg-config ccache:ccache
  protobuf-compiler:protoc protobuf-compiler-grpc:grpc_cpp_plugin
  libgrpc++-dev libprotobuf-dev libabsl-dev libssl-dev zlib1g-dev
  libsqlite3-dev libcurl4-openssl-dev libre2-dev libyaml-cpp-dev libjemalloc-dev
  libcli11-dev nlohmann-json3-dev
  # A linker several times as fast; tools/cmake/Options.cmake takes it when it is there.
  mold:mold
  # CMake configures the tests and benchmarks with everything else.
  libgtest-dev libgmock-dev libbenchmark-dev libboost-dev rapidjson-dev
  # BoringSSL's source package is fetched and unpacked with these.
  dpkg-dev:dpkg-source ca-certificates curl:curl
  # tests/end_to_end/demo.py, which `make demo` runs.
  python3:python3
  # The page that the server serves.
  nodejs:node npm:npm
)
# CLANG_VERSION stands for the distribution's default version.
readonly test_packages=(
  # The sanitizers; llvm names functions in their reports.
  clang:clang libclang-rt-CLANG_VERSION-dev llvm:llvm-symbolizer
  # tests/compat/install.sh fetches clients of webhookd with pip and go.
  python3:python3 python3-venv golang-go:go
  # The page and its tests in a real browser; with its usual font the pictures are everywhere the same.
  nodejs:node npm:npm chromium:chromium fonts-inter
)
# What the benchmarks compare with.
readonly bench_packages=(wrk:wrk curl:curl)
# client/build.py and tests/clients/run.py: compilers and package managers of four languages.
readonly clients_packages=(
  python3:python3 python3-venv golang-go:go nodejs:node npm:npm
  default-jdk-headless:javac maven:mvn ca-certificates openssl:openssl
)
# Another build beside CMake; any Bazel will do.
readonly bazel_packages=(bazel-bootstrap:bazel)
readonly lint_packages=(
  clang:clang clang-format:clang-format libclang-rt-CLANG_VERSION-dev shellcheck:shellcheck
  # tools/clang_tidy.sh and tools/buf.sh fetch clang-tidy and buf with pip and npm.
  python3:python3 python3-venv nodejs:node npm:npm
)

# What the same things are called where apt does not say: commands and pkg-config modules.
readonly build_modules=(grpc++ protobuf sqlite3 libcurl re2 yaml-cpp jemalloc CLI11
  gtest gmock benchmark)
readonly test_modules=()
readonly bench_modules=()
readonly clients_modules=()
readonly bazel_modules=()
readonly lint_modules=()

say() { echo "install-deps: $*" >&2; }

list=false
groups=()
for argument in "$@"; do
  case $argument in
    build | test | bench | lint | clients | bazel) groups+=("$argument") ;;
    --list) list=true ;;
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
if ((${#groups[@]} == 0)); then groups=(build); fi

entries=()
modules=()
for group in "${groups[@]}"; do
  declare -n group_packages=${group}_packages group_modules=${group}_modules
  entries+=("${group_packages[@]}")
  modules+=("${group_modules[@]}")
done

ID=unknown ID_LIKE='' PRETTY_NAME='this system'
if [[ -r /etc/os-release ]]; then
  # shellcheck source=/dev/null
  . /etc/os-release
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  missing=()
  for entry in "${entries[@]}"; do
    command_name=${entry#*:}
    case $entry in
      dpkg-dev:* | ccache:*) continue ;; # good to have, not needed
      *:*) ;;
      *) continue ;;
    esac
    if ! command -v "$command_name" >/dev/null && [[ " ${missing[*]} " != *" $command_name "* ]]; then
      missing+=("$command_name")
    fi
  done
  if command -v pkg-config >/dev/null; then
    for module in "${modules[@]}"; do
      pkg-config --exists "$module" || missing+=("$module (a library's development files)")
    done
  fi
  if ((${#missing[@]} == 0)); then exit 0; fi
  say "$PRETTY_NAME has no apt, so nothing is installed for you. Missing:"
  printf '  %s\n' "${missing[@]}" >&2
  say "docs/install.md says which packages of your distribution bring them"
  exit 1
fi

wanted=()
for entry in "${entries[@]}"; do
  package=${entry%%:*}
  if [[ $package == *CLANG_VERSION* ]]; then
    # Asking apt's database is slow, so only when the answer is not in an installed clang.
    clang_version=$(dpkg-query -W -f='${Depends}' clang 2>/dev/null | grep -o 'clang-[0-9]*' ||
      apt-cache depends clang 2>/dev/null | grep -o 'clang-[0-9]*' || echo clang-14)
    package=${package/CLANG_VERSION/$(head -n1 <<<"${clang_version#clang-}")}
  fi
  if ! $list && [[ $entry == *:* ]] && command -v "${entry#*:}" >/dev/null; then continue; fi
  wanted+=("$package")
done
if $list; then
  printf '%s\n' "${wanted[@]}" | sort -u
  exit 0
fi

missing=()
if ((${#wanted[@]})); then
  # A package may be installed for several architectures; one of them is enough.
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${wanted[@]}" 2>/dev/null || true) "
  for package in "${wanted[@]}"; do
    if [[ $installed != *" installed:$package "* && " ${missing[*]} " != *" $package "* ]]; then
      missing+=("$package")
    fi
  done
fi
if ((${#missing[@]} == 0)); then exit 0; fi

case " $ID $ID_LIKE " in
  *" debian "* | *" ubuntu "*) ;;
  *) say "note: $PRETTY_NAME is not Debian; these names are Debian's (docs/install.md)" ;;
esac

as_root=()
if ((EUID != 0)); then
  if ! sudo -n true 2>/dev/null; then
    refresh=''
    if ! apt-cache show "${missing[@]}" >/dev/null 2>&1; then refresh="sudo apt-get update && "; fi
    say "${#missing[@]} packages are missing, and installing them needs root. Run this, then try again:"
    echo "${refresh}sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi

# A machine that has just booted may still be updating itself, hence the wait for dpkg's lock.
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

say "installing with apt: ${missing[*]}"
updated=false
if ! apt-cache show "${missing[@]}" >/dev/null 2>&1; then
  say "refreshing apt's package lists"
  apt update
  updated=true
fi
if ! apt install --no-install-recommends "${missing[@]}"; then
  if $updated; then
    say "error: apt could not install them; its message is above"
    exit 1
  fi
  say "refreshing apt's package lists and trying once more"
  apt update
  apt install --no-install-recommends "${missing[@]}" || {
    say "error: apt could not install them; its message is above"
    exit 1
  }
fi
say "done"
