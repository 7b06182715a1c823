#!/usr/bin/env bash
# Checks what no compiler checks: format, clang-tidy, schemas, shell and Python scripts.
#
#   tools/lint.sh [--changed]     everything, or only the files that differ from the last commit
#   tools/lint.sh --format        formats the C++ sources in place, and checks nothing
#
# All steps run, also after one has failed; the exit code says whether all passed. Results of
# clang-tidy are kept by content in build/lint, so an unchanged tree takes seconds.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
readonly jobs=${JOBS:-$(nproc)}

changed=false
format=false
for argument in "$@"; do
  case $argument in
    --changed) changed=true ;;
    --format) format=true ;;
    -h | --help)
      sed -n '2,/^$/{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "lint: unknown argument '$argument'; see --help" >&2
      exit 2
      ;;
  esac
done

# Sources are found through git, which refuses a folder of another user unless told that it is meant.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$PWD
git rev-parse --is-inside-work-tree >/dev/null || {
  echo "lint: this needs a git clone; it finds the files to check through git" >&2
  exit 1
}

# Prints the files that match the given patterns: tracked or new, ignored ones left out.
files() {
  if $changed; then
    {
      git diff --name-only --diff-filter=d HEAD -- "$@" 2>/dev/null || git ls-files -- "$@"
      git ls-files --others --exclude-standard -- "$@"
    } | sort -u
  else
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u
  fi | while read -r file; do
    if [[ -f $file ]]; then echo "$file"; fi
  done
}

mapfile -t cpp_files < <(files '*.cc' '*.h')
mapfile -t cpp_sources < <(files '*.cc')
mapfile -t cpp_headers < <(files '*.h')
mapfile -t shell_files < <(files '*.sh' '.ci/run' '.ci/stages')
mapfile -t python_files < <(files '*.py')
mapfile -t proto_files < <(files '*.proto' 'proto/buf.yaml' 'proto/released/*')

if $format; then
  echo "==> clang-format: ${#cpp_files[@]} files"
  if ((${#cpp_files[@]})); then clang-format -i "${cpp_files[@]}"; fi
  exit 0
fi

failures=0
summary=()

# step NAME COUNT COMMAND...: runs a check of COUNT files and notes how it ended and how long it took.
# A check that cannot be made has failed.
step() {
  local name=$1 count=$2 started=$SECONDS result code=0
  shift 2
  if ((count == 0)); then
    summary+=("$(printf '%-13s nothing to check' "$name")")
    return
  fi
  echo "==> $name: $count files"
  "$@" || code=$?
  if ((code == 0)); then
    result=passed
  else
    result=FAILED
    failures=$((failures + 1))
  fi
  summary+=("$(printf '%-13s %s  %d files, %d s' "$name" "$result" "$count" $((SECONDS - started)))")
}

check_format() {
  printf '%s\0' "${cpp_files[@]}" |
    xargs -0 -P "$jobs" -n 16 clang-format --dry-run -Werror --ferror-limit=1 || {
    echo "'make format' fixes this"
    return 1
  }
}

# A build folder of its own: clang-tidy reads clang's command lines, and no precompiled headers.
# Nothing is compiled in it, but sources and headers that others include are generated.
check_tidy() {
  local build=build/tidy generated
  tools/clang_tidy.sh --version >/dev/null || return 1
  if [[ ! -f $build/build.ninja || CMakeLists.txt -nt $build/build.ninja ]]; then
    cmake -S . -B $build -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Debug \
      -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DWEBHOOKD_PCH=OFF \
      -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null || return 1
    touch $build/build.ninja
  fi
  ninja -C $build --quiet build.ninja || return 1
  mapfile -t generated < <(ninja -C $build --quiet -t targets rule CUSTOM_COMMAND |
    grep -E '\.(h|cc|inc)$')
  if ((${#generated[@]})); then ninja -C $build --quiet -j "$jobs" "${generated[@]}" || return 1; fi
  python3 tools/clang_tidy.py --build $build --cache build/lint/tidy --jobs "$jobs" "$@"
}

check_protos() {
  if [[ ! -f proto/buf.yaml ]]; then
    echo "proto/buf.yaml is missing"
    return 1
  fi
  tools/buf.sh lint proto || return 1

  local released
  released=$(find proto/released -name '*.binpb' | sort -V | tail -n1)
  if [[ -z $released ]]; then
    echo "proto/released holds no API to compare with; tools/release_api.sh writes it"
    return 1
  fi
  tools/buf.sh breaking proto --against "$released" || {
    echo "the API differs from $released in a way that breaks clients of that release"
    return 1
  }
}

check_python() {
  PYTHONPYCACHEPREFIX=build/lint/pycache python3 -m py_compile "$@"
}

for tool in clang-format clang++ cmake ninja npm shellcheck python3; do
  command -v "$tool" >/dev/null || {
    echo "lint: '$tool' is missing; run tools/install-deps.sh build lint" >&2
    exit 1
  }
done

# A changed header is checked through the sources that include it, so all of them are asked; those
# that do not include it are unchanged and cost nothing.
if ((${#cpp_headers[@]})) && $changed; then
  mapfile -t cpp_sources < <(changed=false && files '*.cc')
fi

step clang-format ${#cpp_files[@]} check_format
step buf ${#proto_files[@]} check_protos
step shellcheck ${#shell_files[@]} shellcheck -x "${shell_files[@]}"
step python ${#python_files[@]} check_python "${python_files[@]}"
step clang-tidy ${#cpp_sources[@]} check_tidy "${cpp_sources[@]}"

echo
printf '%s\n' "${summary[@]}"
if ((failures)); then
  echo "lint: $failures of ${#summary[@]} steps failed"
  exit 1
fi
echo "lint: nothing failed"
