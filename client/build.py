#!/usr/bin/env python3
"""Generates the clients' code from proto/ and builds every client.

    client/build.py [--check] [LANGUAGE...]     python, go, typescript, java; all by default

Python, Go and TypeScript keep their generated code in the repository, in folders named gen, so that
each can be installed straight from it; Maven and CMake generate Java's and C++'s while they build.
--check writes nothing there: it fails when what is there is not what would be generated.

The tools have the versions below and go to build/deps/clients; nothing else on the machine changes.
"""

import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
TOOLS = ROOT / "build" / "deps" / "clients"
PACKAGES = ROOT / "build" / "clients"  # what could be published: wheel, npm package, jar

# One protoc for all, so that the machine's own does not matter: that of grpcio-tools.
PYTHON_TOOLS = ["grpcio-tools==1.67.1", "mypy-protobuf==3.6.0", "build==1.2.2", "mypy==1.13.0",
                "types-grpcio==1.0.0.20250703", "types-protobuf==5.29.1.20250403"]  # fmt: skip
# The last that Debian 12's Go 1.19 compiles.
GO_TOOLS = ["google.golang.org/protobuf/cmd/protoc-gen-go@v1.33.0",
            "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.3.0"]  # fmt: skip

PYTHON_GEN = ROOT / "client" / "python" / "src" / "webhookd" / "gen"
GO_GEN = ROOT / "client" / "go" / "gen"
TYPESCRIPT_GEN = ROOT / "client" / "typescript" / "src" / "gen"
# Git refuses to say anything about a tree that belongs to somebody else.
GO_FLAGS = f"{os.environ.get('GOFLAGS', '')} -buildvcs=false".strip()
GO_MODULE = "github.com/determined-ai/webhookd/client/go"


class BuildError(Exception):
    """What went wrong, for people."""


def run(*command, cwd=ROOT, **environment):
    if command[0] == "go":
        environment.setdefault("GOFLAGS", GO_FLAGS)
    command = [str(part) for part in command]
    result = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if result.returncode != 0:
        raise BuildError(f"{' '.join(command)} (in {cwd}) failed:\n{result.stdout}")
    return result.stdout


def say(message):
    print(f"==> {message}", flush=True)


def once(name, versions, install):
    """Runs `install` unless its stamp says that these versions are there."""
    stamp = TOOLS / f"{name}.versions"
    text = "\n".join(versions) + "\n"
    if not stamp.exists() or stamp.read_text() != text:
        say(f"installing {len(versions)} packages for {name}")
        TOOLS.mkdir(parents=True, exist_ok=True)
        install()
        stamp.write_text(text)


def python():
    """The interpreter that has PYTHON_TOOLS."""
    folder = TOOLS / "python"

    def install():
        run(sys.executable, "-m", "venv", "--clear", folder)
        run(folder / "bin" / "pip", "install", "--quiet", *PYTHON_TOOLS)

    once("python", PYTHON_TOOLS, install)
    return folder / "bin" / "python"


def go_tools():
    def install():
        for tool in GO_TOOLS:
            run("go", "install", tool, cwd=TOOLS, GOBIN=str(TOOLS / "bin"), GOFLAGS="")

    once("go", GO_TOOLS, install)
    return TOOLS / "bin"


def node_modules():
    """The folder of what client/typescript/package-lock.json names."""
    folder = ROOT / "client" / "typescript"
    lock = (folder / "package-lock.json").read_text()

    def install():
        # Node.js brings certificates of its own; the system's may have those of a proxy as well.
        certificates = os.environ.get("NODE_EXTRA_CA_CERTS", "/etc/ssl/certs/ca-certificates.crt")
        run("npm", "ci", "--no-fund", "--no-audit", cwd=folder, NODE_EXTRA_CA_CERTS=certificates)

    if not (folder / "node_modules" / ".package-lock.json").exists():
        (TOOLS / "npm.versions").unlink(missing_ok=True)
    names = re.findall(r'"node_modules/([^"]+)": \{\s*"version": "([^"]+)"', lock)
    once("npm", [f"{name}@{version}" for name, version in names], install)
    return folder / "node_modules"


def protos(*folders):
    return sorted(
        str(path.relative_to(PROTO)) for name in folders for path in (PROTO / name).rglob("*.proto")
    )


def protoc(*arguments, include=PROTO, **environment):
    run(python(), "-m", "grpc_tools.protoc", f"-I{include}", *arguments, **environment)


def generate_python(out):
    services = [p for p in protos("determined", "webhookd") if "\nservice " in (PROTO / p).read_text()]
    plugins = f"{TOOLS / 'python' / 'bin'}:{os.environ['PATH']}"
    protoc(f"--python_out={out}", f"--pyi_out={out}", *protos("determined", "webhookd"))
    protoc(f"--grpc_python_out={out}", f"--mypy_grpc_out={out}", *services, PATH=plugins)
    # Determined's own package is called determined, so ours must not be found under that name.
    absolute = re.compile(r"(?<![\w./])(determined|webhookd)((?:\.\w+)+_pb2)\b")
    imported = re.compile(r"^from (determined|webhookd)(\.[\w.]+ import \w+_pb2)", re.MULTILINE)
    for path in [*out.rglob("*.py"), *out.rglob("*.pyi")]:
        text = path.read_text()
        text = imported.sub(r"from webhookd.gen.\1\2", text)
        text = absolute.sub(r"webhookd.gen.\1\2", text)
        path.write_text(text)
    for folder in [out, *(path for path in out.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text("")


def generate_go(out):
    # A Go program can hold one file and one message of a name only, and a Determined master holds
    # Determined's. So ours are called webhookd.determined.… in Go; on the wire nothing changes.
    with tempfile.TemporaryDirectory() as name:
        staged = Path(name)
        mapping = []
        for proto in protos("determined", "webhookd"):
            text = (PROTO / proto).read_text()
            if proto.startswith("determined/"):
                text = re.sub(r"^package determined\.", "package webhookd.determined.", text,
                              flags=re.MULTILINE)  # fmt: skip
            text = text.replace('import "determined/', 'import "webhookd/determined/')
            target = staged / (f"webhookd/{proto}" if proto.startswith("determined/") else proto)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            folder = os.path.dirname(proto)
            package = "".join(folder.split("/")[-2:])  # apiv1, as Determined and buf name them
            mapping.append(
                f"M{target.relative_to(staged)}={GO_MODULE}/gen/{folder};{package}"
            )
        shutil.copytree(PROTO / "google", staged / "google")
        for plugin in ("go", "go-grpc"):
            options = ",".join([f"module={GO_MODULE}/gen", *mapping])
            files = sorted(str(p.relative_to(staged)) for p in (staged / "webhookd").rglob("*.proto"))
            protoc(f"--plugin={go_tools()}/protoc-gen-{plugin}", f"--{plugin}_out={out}",
                   f"--{plugin}_opt={options}", *files, include=staged)  # fmt: skip
    for path in out.rglob("*_grpc.pb.go"):
        text = path.read_text()
        path.write_text(text.replace('"webhookd.determined.', '"determined.')
                        .replace('"/webhookd.determined.', '"/determined.'))  # fmt: skip


def generate_typescript(out):
    plugin = node_modules() / ".bin" / "protoc-gen-es"
    protoc(f"--plugin=protoc-gen-es={plugin}", f"--es_out={out}",
           "--es_opt=target=ts,import_extension=js", *protos("determined", "webhookd", "google"))  # fmt: skip


def differences(left, right, relative=""):
    """The files that are not the same in two folders."""
    comparison = filecmp.dircmp(left, right, ignore=["__pycache__"])
    result = [os.path.join(relative, n) for n in comparison.left_only + comparison.right_only]
    _, different, odd = filecmp.cmpfiles(left, right, comparison.common_files, shallow=False)
    result += [os.path.join(relative, n) for n in different + odd]
    for name in comparison.common_dirs:
        result += differences(left / name, right / name, os.path.join(relative, name))
    return result


def generate(language, make, folder, check):
    """`check` None: what is there is taken as it is."""
    if check is None:
        return
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "gen"
        out.mkdir()
        make(out)
        folder.mkdir(parents=True, exist_ok=True)
        stale = differences(out, folder)
        if not stale:
            say(f"{language}: generated code is current")
        elif check:
            listing = "\n  ".join(sorted(stale)[:20])
            raise BuildError(
                f"{folder.relative_to(ROOT)} is stale; run 'make clients'. Files that differ:\n  {listing}"
            )
        else:
            shutil.rmtree(folder)
            shutil.copytree(out, folder)
            say(f"{language}: generated code is written ({len(stale)} entries changed)")


def package_folder(language):
    folder = PACKAGES / language
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def build_python(check):
    generate("python", generate_python, PYTHON_GEN, check)
    folder = package_folder("python")
    run(python(), "-m", "mypy", "--strict", "--python-version=3.9", "-p", "webhookd",
        f"--cache-dir={TOOLS / 'mypy'}", MYPYPATH="src", cwd=ROOT / "client" / "python")  # fmt: skip
    run(python(), "-m", "build", "--wheel", "--outdir", folder, ROOT / "client" / "python")
    return next(folder.glob("*.whl"))


def build_go(check):
    generate("go", generate_go, GO_GEN, check)
    module = ROOT / "client" / "go"
    run("go", "build", "./...", cwd=module)
    run("go", "vet", "./...", cwd=module)
    unformatted = run("gofmt", "-l", ".", cwd=module).strip()
    if unformatted:
        raise BuildError(f"gofmt -w client/go would change {unformatted.split()}")
    return module


def build_typescript(check):
    node_modules()
    generate("typescript", generate_typescript, TYPESCRIPT_GEN, check)
    folder = package_folder("typescript")
    source = ROOT / "client" / "typescript"
    shutil.rmtree(source / "dist", ignore_errors=True)
    run("npm", "run", "--silent", "build", cwd=source)
    run("npm", "pack", "--silent", "--pack-destination", folder, cwd=source)
    return next(folder.glob("*.tgz"))


def build_java(check):
    del check  # generated anew in every build
    folder = package_folder("java")
    run("mvn", "--batch-mode", "--quiet", "package", cwd=ROOT / "client" / "java")
    for jar in (ROOT / "client" / "java" / "target").glob("*.jar"):
        shutil.copy(jar, folder)
    return next(folder.glob("*.jar"))


BUILDERS = {
    "python": build_python,
    "go": build_go,
    "typescript": build_typescript,
    "java": build_java,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail when generated code is stale")
    parser.add_argument("languages", nargs="*", choices=[[], *BUILDERS], metavar="LANGUAGE")
    arguments = parser.parse_args()
    failed = []
    for language in arguments.languages or BUILDERS:
        try:
            built = BUILDERS[language](arguments.check)
            say(f"{language}: builds ({built.relative_to(ROOT)})")
        except (BuildError, OSError) as error:
            print(f"==> {language} failed: {error}", file=sys.stderr, flush=True)
            failed.append(language)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
