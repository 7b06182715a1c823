#!/usr/bin/env bash
# Keeps the API of proto/ as that of a release: proto/released/VERSION.binpb, with which `make lint`
# compares every later change. VERSION is CMakeLists.txt's.
#
#   tools/release_api.sh              at a release; refuses to change what is there
#   tools/release_api.sh --replace    while that version is not out yet
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

replace=false
case ${1:-} in
  '') ;;
  --replace) replace=true ;;
  -h | --help)
    sed -n '2,/^$/{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  *)
    echo "release_api: unknown argument '$1'; see --help" >&2
    exit 2
    ;;
esac

version=$(sed -n 's/^project(webhookd VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
if [[ -z $version ]]; then
  echo "release_api: CMakeLists.txt names no version in project(webhookd VERSION ...)" >&2
  exit 1
fi
readonly file=proto/released/$version.binpb
if [[ -e $file ]] && ! $replace; then
  echo "release_api: $file is there; a released API stays as it is. Raise the version first, or" \
    "use --replace while $version is not out yet" >&2
  exit 1
fi
mkdir -p proto/released
tools/buf.sh build proto --exclude-source-info -o "$file"
echo "release_api: wrote $file"
