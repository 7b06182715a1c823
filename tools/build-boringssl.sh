#!/usr/bin/env bash
# Builds BoringSSL's libcrypto as one static archive that can live beside the system's OpenSSL.
#
#   tools/build-boringssl.sh [--force] [--print-dir]
#
# Result: build/deps/boringssl/include   headers; <openssl/hmac.h> and the others, with every
#                                        function renamed to webhookd_bssl_* by the preprocessor
#         build/deps/boringssl/lib       libcrypto.a; all its C symbols carry that prefix
#         build/deps/boringssl/STAMP     what was built; its first line decides whether to rebuild
#
# Environment: BORINGSSL_SOURCE_DIR  builds this tree instead of Debian's source package: BoringSSL's
#                                    own layout, Android's, or the generated one that gRPC carries.
#                                    The result goes to a directory of its own; see --print-dir.
#              WEBHOOKD_DEPS_DIR     where results go (default: build/deps of this repository)
#              JOBS, CC, CXX         parallel compilations, C and C++ compiler
#
# gRPC and libcurl bring OpenSSL into the process, and BoringSSL defines the same names with another
# ABI. Renaming after compilation, from the symbols the archive really defines, needs neither Go nor
# a second compilation, which BoringSSL's own way of prefixing does.
set -euo pipefail

readonly prefix=webhookd_bssl
readonly debian_suite=bookworm
readonly debian_package=android-platform-external-boringssl
readonly tarball_version=13.0.0+r24
readonly tarball_sha256=583b7aeee1fca68b8244d086cea6fca23bd19d517bd63f0b9de714e048f92a7d
readonly tarball_url=deb.debian.org/debian/pool/main/a/$debian_package/${debian_package}_$tarball_version.orig.tar.xz
readonly compile_flags=(-O2 -g0 -fPIC -DNDEBUG -fvisibility=hidden -ffunction-sections
  -fdata-sections -fno-common -fno-strict-aliasing -fstack-protector-strong
  "-DBORINGSSL_PREFIX=$prefix")

script=$(readlink -f "${BASH_SOURCE[0]}")
root=$(dirname "$(dirname "$script")")
readonly script root
readonly deps_dir=${WEBHOOKD_DEPS_DIR:-$root/build/deps}
readonly jobs=${JOBS:-$(nproc)}
readonly cc=${CC:-cc} cxx=${CXX:-c++}

say() { echo "boringssl: $*" >&2; }
die() {
  say "error: $*"
  exit 1
}

force=false
print_dir=false
for argument in "$@"; do
  case $argument in
    --force) force=true ;;
    --print-dir) print_dir=true ;;
    -h | --help)
      sed -n '2,/^$/{/^set /d;s/^# \{0,1\}//p}' "$script"
      exit 0
      ;;
    *)
      say "unknown argument '$argument'; see --help"
      exit 2
      ;;
  esac
done

source_dir=${BORINGSSL_SOURCE_DIR:-}
if [[ -n $source_dir ]]; then
  [[ -d $source_dir ]] || die "BORINGSSL_SOURCE_DIR=$source_dir is not a directory"
  source_dir=$(readlink -f "$source_dir")
  revision=$(git -C "$source_dir" rev-parse HEAD 2>/dev/null || echo unknown)
  identity="$source_dir@$revision"
  out_dir=$deps_dir/boringssl-$(sha256sum <<<"$source_dir" | cut -c1-8)
else
  identity="debian:$debian_package"
  out_dir=$deps_dir/boringssl
fi
readonly source_dir identity out_dir

fingerprint=$(printf '%s\n' "$identity" "$(uname -m)" "${compile_flags[*]}" |
  cat - "$script" | sha256sum | cut -d' ' -f1)
readonly fingerprint

is_current() {
  [[ -f $out_dir/STAMP && -f $out_dir/lib/libcrypto.a ]] &&
    [[ $(head -n1 "$out_dir/STAMP") == "$fingerprint" ]]
}

if $print_dir; then echo "$out_dir"; fi
if ! $force && is_current; then exit 0; fi

for tool in "$cc" "$cxx" ar nm objcopy flock sha256sum; do
  command -v "$tool" >/dev/null || die "'$tool' is missing; run tools/install-deps.sh build"
done

mkdir -p "$deps_dir"
exec 9>"$deps_dir/.boringssl.lock"
if ! flock -n 9; then
  say "another build is at it; waiting"
  flock 9
fi
if ! $force && is_current; then exit 0; fi

# A build happens in a directory of its own and is renamed into place when it has passed its checks,
# so that an interrupted one leaves nothing that looks finished. The lock makes leftovers ours.
rm -rf "$deps_dir"/.boringssl-build.*
work=$(mktemp -d "$deps_dir/.boringssl-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
readonly work

# Writes deb-src entries for Debian's own repositories, derived from the machine's `deb` entries. Third-
# party repositories are left out: they do not carry the package, and a broken one must not matter.
debian_source_entries() {
  local own_path="/debian(\\\\.list)?/?\$" # Debian's cloud images name a list of mirrors
  local files=()
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    if [[ -r $file ]]; then files+=("$file"); fi
  done
  if ((${#files[@]})); then
    # deb [option=value ...] URI suite component...
    awk -v own_path="$own_path" -v suite_wanted="$debian_suite" '
      $1 == "deb" {
        i = 2; options = ""
        if ($2 ~ /^\[/) {
          while (i <= NF) { options = options " " $i; if ($i ~ /\]$/) break; i++ }
          i++
        }
        main = 0
        for (j = i + 2; j <= NF; j++) if ($j == "main") main = 1
        if ($i ~ own_path && main && $(i + 1) == suite_wanted) {
          components = ""
          for (j = i + 2; j <= NF; j++) components = components " " $j
          gsub(/arch(itectures)?=[^] ]*/, "", options)
          print "deb-src" options " " $i " " $(i + 1) components
        }
      }' "${files[@]}" >"$work/apt/sources/own.list"
  fi
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -r $file ]] || continue
    # One stanza a record; "Signed-By" may go on over indented lines and is copied as it is.
    awk -v own_path="$own_path" -v suite_wanted="$debian_suite" '
      function flush_stanza() {
        if (types && own && main && suite && !disabled) printf "Types: deb-src\n%s\n", text
        text = ""; types = own = main = suite = disabled = 0
      }
      /^[ \t]*$/ { flush_stanza(); next }
      /^#/ { next }
      tolower($1) == "types:" { for (i = 2; i <= NF; i++) if ($i == "deb") types = 1; next }
      tolower($1) == "architectures:" { next }
      tolower($1) == "enabled:" && tolower($2) ~ /^(no|false|0)$/ { disabled = 1 }
      tolower($1) == "uris:" { for (i = 2; i <= NF; i++) if ($i ~ own_path) own = 1 }
      tolower($1) == "components:" { for (i = 2; i <= NF; i++) if ($i == "main") main = 1 }
      tolower($1) == "suites:" {
        for (i = 2; i <= NF; i++) if ($i == suite_wanted) suite = 1
      }
      { text = text $0 "\n" }
      END { flush_stanza() }' "$file" >"$work/apt/sources/own-$(basename "$file")"
  done
}

# Fetches Debian 12's source package, whose signature apt checks, and unpacks it into $work/tree. The
# system's own apt configuration stays as it is, so this needs no root.
fetch_with_apt() {
  command -v apt-get >/dev/null && command -v dpkg-source >/dev/null || return 1
  local ID='' VERSION_CODENAME=''
  # shellcheck source=/dev/null
  . /etc/os-release
  [[ $ID == debian && $VERSION_CODENAME == "$debian_suite" ]] || return 1
  mkdir -p "$work"/apt/{sources,preferences,lists/partial,cache/archives/partial,download}
  debian_source_entries
  grep -qs '^\(deb-src\|Types\)' "$work"/apt/sources/* || return 1
  local options=(-qq -oDir::Etc::sourcelist=/dev/null "-oDir::Etc::sourceparts=$work/apt/sources"
    "-oDir::State::lists=$work/apt/lists" "-oDir::Cache=$work/apt/cache" -oAcquire::Retries=3
    -oAPT::Get::List-Cleanup=false -oAcquire::Languages=none)
  if ((EUID == 0)); then options+=(-oAPT::Sandbox::User=root); fi
  say "fetching the source package $debian_package with apt"
  if ! apt-get "${options[@]}" update >"$work/apt.log" 2>&1 ||
    ! (cd "$work/apt/download" &&
      apt-get "${options[@]}" source --download-only "$debian_package") >>"$work/apt.log" 2>&1; then
    say "apt could not: $(grep -m1 '^E:' "$work/apt.log" || echo 'it gave no reason')"
    return 1
  fi
  dpkg-source --no-check -x "$work"/apt/download/*.dsc "$work/tree" >"$work/dpkg-source.log" 2>&1 || {
    cat "$work/dpkg-source.log" >&2
    return 1
  }
  source_version=$(basename "$work"/apt/download/*.dsc .dsc)
}

# Fetches the same source by its checksum, on other systems and where apt cannot. Debian's patches
# concern other processors and Debian's own makefiles only.
fetch_tarball() {
  command -v curl >/dev/null || die "curl is needed to fetch BoringSSL; install it, or set BORINGSSL_SOURCE_DIR"
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) die "no BoringSSL source for $(uname -m) outside Debian 12; set BORINGSSL_SOURCE_DIR to a tree" ;;
  esac
  say "fetching $tarball_url"
  # The checksum is what counts, so a proxy or a missing certificate may force plain http.
  local scheme
  for scheme in https http; do
    curl --fail --silent --location --retry 3 -o "$work/source.tar.xz" "$scheme://$tarball_url" && break
  done
  [[ -s $work/source.tar.xz ]] ||
    die "cannot fetch BoringSSL's source; check the network, or set BORINGSSL_SOURCE_DIR to a tree"
  echo "$tarball_sha256  $work/source.tar.xz" | sha256sum --check --status ||
    die "checksum of $tarball_url is wrong"
  rm -rf "$work/tree"
  mkdir "$work/tree"
  tar -xJf "$work/source.tar.xz" -C "$work/tree" --strip-components=1
  source_version=$debian_package-$tarball_version
}

# Prints the values of the given variables of a makefile of `name := \` lists.
makefile_lists() {
  local makefile=$1
  shift
  awk -v wanted=" $* " '
    /^[a-z0-9_]+ *:=/ { inside = index(wanted, " " $1 " ") > 0; sub(/^[^=]*=/, "") }
    inside { line = $0; gsub(/\\/, " ", line); n = split(line, words, " ");
             for (i = 1; i <= n; i++) print words[i] }
    !/\\$/ { inside = 0 }' "$makefile"
}

# Compiles Android's layout, whose lists of sources and assembly are generated already.
compile_android() {
  local tree=$1 arch
  arch=$(uname -m)
  makefile_lists "$tree/sources.mk" crypto_sources crypto_sources_asm "linux_${arch}_sources" |
    grep -v '/crypto/test/' >"$work/sources" || die "$tree/sources.mk lists no sources"
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(ccache); fi
  mkdir "$work/objects"
  local source object compiler commands=$work/commands
  while read -r source; do
    object=$work/objects/$(tr '/' '_' <<<"$source").o
    case $source in
      *.cc) compiler=("$cxx" -std=gnu++17) ;;
      *.S) compiler=("$cc" "-Wa,--noexecstack") ;;
      *) compiler=("$cc" -std=gnu11) ;;
    esac
    printf '%q ' "${launcher[@]}" "${compiler[@]}" "${compile_flags[@]}" "-I$work/no-rename" \
      "-I$tree/src/include" "-I$tree/src/crypto" -c "$tree/$source" -o "$object"
    echo '|| exit 255' # stops xargs at the first error
  done <"$work/sources" >"$commands"
  say "compiling $(wc -l <"$commands") files"
  tr '\n' '\0' <"$commands" | xargs -0 -P "$jobs" -n 1 bash -c || die "compilation failed"
  ar crs "$work/plain.a" "$work"/objects/*.o
}

# Compiles a tree with its own CMake build: BoringSSL's repository (Go and Perl are needed by trees
# older than mid-2024) or the layout with generated files that gRPC and others carry.
compile_with_cmake() {
  local tree=$1
  if ! command -v cmake >/dev/null || ! command -v ninja >/dev/null; then
    die "cmake and ninja are needed to build $tree"
  fi
  local flags="${compile_flags[*]} -I$work/no-rename"
  say "compiling $tree with its own CMakeLists.txt"
  {
    cmake -S "$tree" -B "$work/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF \
      -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON "-DCMAKE_C_COMPILER=$cc" \
      "-DCMAKE_CXX_COMPILER=$cxx" "-DCMAKE_C_FLAGS=$flags" "-DCMAKE_CXX_FLAGS=$flags" \
      "-DCMAKE_ASM_FLAGS=$flags" &&
      cmake --build "$work/cmake" --target crypto -j "$jobs"
  } >"$work/cmake.log" 2>&1 || {
    tail -n 40 "$work/cmake.log" >&2
    die "compilation failed"
  }
  find "$work/cmake" -name libcrypto.a -exec cp {} "$work/plain.a" \;
  [[ -f $work/plain.a ]] || die "$tree built no libcrypto.a"
}

# Prints the C symbols an archive defines for others. C++ names are told apart by an inline namespace
# that BORINGSSL_PREFIX switches on in the headers, so they need no renaming.
global_c_symbols() {
  nm --defined-only --extern-only --format=posix "$1" 2>/dev/null |
    awk 'NF >= 2 && $1 !~ /^_Z/ && $1 !~ /^DW\.ref\./ { print $1 }' | LC_ALL=C sort -u
}

# Renames the archive's symbols and writes headers that rename their uses.
install_renamed() {
  local headers=$1 stage=$2
  mkdir -p "$stage/lib"
  cp -RL "$headers" "$stage/include"
  global_c_symbols "$work/plain.a" | grep -v "^${prefix}_" >"$work/symbols" || true
  awk -v p="$prefix" '{ print $1, p "_" $1 }' "$work/symbols" >"$work/map"
  objcopy --redefine-syms="$work/map" "$work/plain.a" "$stage/lib/libcrypto.a"

  # Only names that the public headers mention become macros: fewer words taken from our own code.
  if [[ -s $work/symbols ]]; then
    cat "$stage"/include/openssl/*.h | tr -cs 'A-Za-z0-9_' '\n' | LC_ALL=C sort -u |
      LC_ALL=C comm -12 - "$work/symbols" >"$work/public"
    {
      echo "// Generated from the symbols of libcrypto.a; do not edit."
      awk -v p="$prefix" '{ print "#define " $1 " " p "_" $1 }' "$work/public"
    } >"$stage/include/boringssl_prefix_symbols.h"
  fi

  # Every BoringSSL header includes base.h first. Defining the prefix there, rather than on command
  # lines, leaves no way to compile against these headers and link against OpenSSL's functions.
  local base=$stage/include/openssl/base.h
  {
    cat <<END
#if defined(OPENSSL_MACROS_H) || defined(OPENSSL_TYPES_H)
#error "OpenSSL's headers are included already; keep BoringSSL's in other source files"
#endif
#ifndef BORINGSSL_PREFIX
#define BORINGSSL_PREFIX $prefix
#endif
END
    cat "$headers/openssl/base.h"
  } >"$base"
}

# Fails unless the archive exports prefixed names only and gives RFC 4231's answer from C++.
check_result() {
  local stage=$1 bare
  bare=$(global_c_symbols "$stage/lib/libcrypto.a" | grep -v "^${prefix}_" | head -n 5 || true)
  [[ -z $bare ]] || die "symbols without prefix are left: $bare"
  cat >"$work/check.cc" <<'END'
#include <openssl/curve25519.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <cstdio>
#include <cstring>
int main() {
  unsigned char mac[32], seed[32], pub[32], key[64], signature[64];
  unsigned length = 0;
  if (!HMAC(EVP_sha256(), "Jefe", 4,
            reinterpret_cast<const unsigned char*>("what do ya want for nothing?"), 28, mac, &length))
    return 1;
  if (!RAND_bytes(seed, sizeof seed)) return 1;
  ED25519_keypair_from_seed(pub, key, seed);
  if (!ED25519_sign(signature, mac, sizeof mac, key)) return 1;
  if (!ED25519_verify(mac, sizeof mac, signature, pub)) return 1;
  for (unsigned i = 0; i < length; ++i) std::printf("%02x", mac[i]);
}
END
  "$cxx" -std=c++17 -I"$stage/include" "$work/check.cc" "$stage/lib/libcrypto.a" -pthread \
    -o "$work/check" || die "a program cannot be linked against the result"
  [[ $("$work/check") == 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843 ]] ||
    die "the result computes a wrong HMAC"
}

started=$SECONDS
source_version=$identity
tree=$source_dir
if [[ -z $tree ]]; then
  tree=$work/tree
  fetch_with_apt || fetch_tarball
fi

# While compiling, the renaming headers that BORINGSSL_PREFIX asks for are empty.
mkdir "$work/no-rename"
touch "$work/no-rename/boringssl_prefix_symbols.h" "$work/no-rename/boringssl_prefix_symbols_asm.h"

if [[ -f $tree/sources.mk && -d $tree/src/include/openssl ]]; then
  compile_android "$tree"
  headers=$tree/src/include
elif [[ -f $tree/CMakeLists.txt && -d $tree/include/openssl ]]; then
  compile_with_cmake "$tree"
  headers=$tree/include
elif [[ -f $tree/CMakeLists.txt && -d $tree/src/include/openssl ]]; then
  compile_with_cmake "$tree"
  headers=$tree/src/include
else
  die "$tree is no BoringSSL tree: it has neither include/openssl nor src/include/openssl"
fi

stage=$work/stage
mkdir "$stage"
install_renamed "$headers" "$stage"
check_result "$stage"
{
  echo "$fingerprint"
  echo "source:   $source_version"
  echo "flags:    ${compile_flags[*]}"
  echo "compiler: $("$cc" --version | head -n1)"
  echo "machine:  $(uname -m)"
} >"$stage/STAMP"

if [[ -e $out_dir ]]; then mv "$out_dir" "$work/replaced"; fi
mv "$stage" "$out_dir"
say "built $out_dir in $((SECONDS - started)) s"
