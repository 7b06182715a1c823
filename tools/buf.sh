#!/usr/bin/env bash
# Runs buf with the given arguments; npm installs it into build/deps/npm when it is not there. After that
# it needs no network: proto/ holds every file that it imports.
set -euo pipefail

readonly version=1.75.0
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
readonly npm_dir=$root/build/deps/npm
readonly buf=$npm_dir/node_modules/.bin/buf

if [[ $("$buf" --version 2>/dev/null) != "$version" ]]; then
  echo "buf: installing @bufbuild/buf $version with npm into build/deps/npm" >&2
  mkdir -p "$npm_dir"
  # Node.js brings certificates of its own; the system's may have those of a proxy as well.
  certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
  NODE_EXTRA_CA_CERTS=$certificates npm install --prefix "$npm_dir" --silent --no-fund --no-audit \
    --no-save --fetch-retries=1 "@bufbuild/buf@$version" </dev/null >&2 || {
    echo "buf: npm could not install it, so the schemas are not checked; is npm's registry reachable?" >&2
    exit 1
  }
fi
exec "$buf" "$@"
