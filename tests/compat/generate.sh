#!/usr/bin/env bash
# Generates clients from proto/ as anybody would, and builds those written in Go.
#
#   tests/compat/generate.sh
#
# Result: build/compat/python        modules by grpcio-tools
#         build/compat/go            a Go module: messages and stubs under the import paths that the
#                                    protos name, and gateways by grpc-gateway 1 and 2
#         build/compat/bin/client    go/client
#         build/compat/bin/gateway   go/gateway
# Needs what install.sh installs and nothing from the network; quick when proto/ is unchanged.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
readonly here root
readonly result=$root/build/compat
readonly bin=$result/bin work=$result/go
readonly determined=github.com/determined-ai/determined webhookd=github.com/determined-ai/webhookd

die() {
  echo "compat: error: $*" >&2
  exit 1
}

[[ -f $result/venv.stamp && -f $result/go.stamp ]] || die "tests/compat/install.sh was not run"
exec 9>"$result/.lock"
flock 9

cd "$root/proto"
mapfile -t protos < <(find determined webhookd -name '*.proto' | sort)

# A stamp with all that goes in; comparing it is quicker than asking the compilers.
inputs=$(sha256sum "$result/venv.stamp" "$result/go.stamp" "$here/generate.sh" "${protos[@]}" \
  "$here"/go/go.{mod,sum} "$here"/go/{client,gateway}/*.go)
if [[ -f $result/generated.stamp && $(<"$result/generated.stamp") == "$inputs" ]]; then exit 0; fi
rm -rf "$result/generated.stamp" "$result/python" "$work"

echo "compat: generating Python from ${#protos[@]} files"
mkdir -p "$result/python"
"$result/venv/bin/python" -m grpc_tools.protoc -I. --python_out="$result/python" \
  --grpc_python_out="$result/python" "${protos[@]}"
# Determined's own package has the same name. What is first on the path and a package wins.
touch "$result/python/determined/__init__.py"

echo "compat: generating Go"
mkdir -p "$work/gateway2"
protoc -I. --plugin="$bin/protoc-gen-go" --plugin="$bin/protoc-gen-go-grpc" \
  --go_out="$work" --go-grpc_out="$work" "${protos[@]}"
# The plugin of version 1 is older than proto3's `optional` and does not say that it copes with it, as
# it does. What is missing is field 2 of its answer, supported_features; fields may stand in any order.
printf '#!/bin/sh\n"%s" && printf "\\020\\001"\n' "$bin/protoc-gen-grpc-gateway-v1" >"$work/plugin-v1"
chmod +x "$work/plugin-v1"
for package in determined webhookd; do
  mapfile -t files < <(grep -rl '^service ' "$package" | sort)
  # Gateways of version 1 stand in the package of the messages; those of version 2 have their own.
  protoc -I. --plugin=protoc-gen-grpc-gateway="$work/plugin-v1" --grpc-gateway_out="$work" "${files[@]}"
  protoc -I. --plugin=protoc-gen-grpc-gateway="$bin/protoc-gen-grpc-gateway" \
    --grpc-gateway_out=standalone=true:"$work/gateway2" "${files[@]}"
done

echo "compat: building Go programs"
cd "$work"
export GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off GOPROXY=off
cp -r "$here"/go/{go.mod,go.sum,client,gateway} .
for module in "$determined" "$webhookd"; do
  printf 'module %s\n\ngo 1.19\n' "$module" >"$module/go.mod"
  "${GO:-go}" mod edit -require="$module@v0.0.0" -replace="$module=./$module"
done
"${GO:-go}" build -o "$bin/" ./client ./gateway

echo "$inputs" >"$result/generated.stamp"
