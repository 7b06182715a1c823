#!/usr/bin/env python3
"""Installs a build folder under a temporary prefix and uses what is there: package_test.py BUILD

The programs run; the examples of client/cpp build as a project of their own against the CMake package, and
again with pkg-config alone; what they built reports to the installed server and verifies signatures.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "client" / "cpp" / "examples"
sys.path.insert(0, str(HERE.parent / "vectors"))
from make_signatures import BODY, both

KEY = "testsigningkey"
PASSWORD = "a password of the test"


def run(*command, expect=0, **options):
    """Its output; ends the test when the command ends with anything but `expect`."""
    command = [str(part) for part in command]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120, **options
    )
    if result.returncode != expect:
        sys.exit(f"{shlex.join(command)} ended with {result.returncode}, not {expect}:\n{result.stdout.decode()}")
    return result.stdout.decode()


def build_with_cmake(prefix, version, folder):
    run("cmake", "-G", "Ninja", "-S", HERE / "project", "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DEXAMPLES={EXAMPLES}", f"-DVERSION={version}", "-DCMAKE_BUILD_TYPE=Debug")  # fmt: skip
    run("cmake", "--build", folder)


def build_with_pkg_config(prefix, version, folder):
    folder.mkdir()
    files = next(prefix.rglob("pkgconfig"), None)
    if files is None:
        sys.exit("no pkg-config files are installed")
    path = [str(files), os.environ.get("PKG_CONFIG_PATH", "")]
    environment = {**os.environ, "PKG_CONFIG_PATH": ":".join(filter(None, path))}
    for program, module, standard in (
        ("report", "webhookd-client", "c++20"),
        ("verify", "webhookd-signature-verifier", "c++17"),
    ):
        found = run("pkg-config", "--modversion", module, env=environment).strip()
        if found != version:
            sys.exit(f"pkg-config says that {module} is {found}, not {version}")
        flags = run("pkg-config", "--cflags", "--libs", module, env=environment).split()
        compiler = os.environ.get("CXX", "c++")
        run(compiler, f"-std={standard}", EXAMPLES / f"{program}.cc", "-o", folder / program, *flags)


@contextlib.contextmanager
def server(program, folder):
    """The address of a server with an empty database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DET_")}
    environment["DET_SECURITY_INITIAL_USER_PASSWORD"] = PASSWORD
    log = folder / "webhookd.log"
    with open(log, "wb") as errors:
        process = subprocess.Popen(
            [program, "--config-file=", "--port=0", f"--storage-path={folder / 'webhookd.db'}"],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    try:
        for line in process.stdout:
            if match := re.search(r" listening on ([^ ,]+)", line):
                yield match[1]
                return
        sys.exit(f"the installed webhookd ended instead of starting:\n{log.read_text()}")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def service_token(webhookctl, address):
    """A token of scope ingest, made by the installed program."""
    login = urllib.request.Request(f"http://{address}/api/v1/auth/login",
                                   json.dumps({"username": "admin", "password": PASSWORD}).encode())  # fmt: skip
    with urllib.request.urlopen(login, timeout=30) as answer:
        administrator = json.load(answer)["token"]
    output = run(webhookctl, "--server", address, "--json", "token", "create", "--scope", "ingest",
                 env={**os.environ, "WEBHOOKCTL_TOKEN": administrator})  # fmt: skip
    return json.loads(output)["secret"]


def check_report(program, address, token):
    refused = run(program, address, "whd_wrong", expect=1)
    if "UNAUTHENTICATED" not in refused:
        sys.exit(f"{program} should have said that the token is wrong, and said:\n{refused}")
    output = run(program, address, token)
    if output.count("stored ") != 2:
        sys.exit(f"{program} should have stored two events and said:\n{output}")


def check_verify(program):
    headers = [part for pair in both(timestamp=int(time.time())) for part in pair]
    run(program, KEY, *headers, input=BODY)
    run(program, "another key", *headers, input=BODY, expect=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="CMake's build folder, in which everything is built")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="webhookd-package-") as name:
        folder = Path(name)
        prefix = folder / "prefix"
        run("cmake", "--install", arguments.build, "--prefix", prefix)

        version = run(prefix / "bin" / "webhookd", "--version").split()[1]
        run(prefix / "bin" / "webhookctl", "--version")
        print(f"the programs of version {version} are installed")

        descriptors = prefix / "share" / "webhookd" / "webhookd.binpb"
        for proto in (prefix / "share" / "webhookd" / "proto").rglob("*.proto"):
            name = proto.relative_to(prefix / "share" / "webhookd" / "proto")
            run("protoc", f"--descriptor_set_in={descriptors}", f"--descriptor_set_out={os.devnull}", name)
        print("webhookd.binpb describes every installed .proto file")

        build_with_cmake(prefix, version, folder / "cmake")
        build_with_pkg_config(prefix, version, folder / "pkg-config")
        print("the examples build with find_package and with pkg-config")

        with server(prefix / "bin" / "webhookd", folder) as address:
            token = service_token(prefix / "bin" / "webhookctl", address)
            for how in ("cmake", "pkg-config"):
                check_report(folder / how / "report", address, token)
                check_verify(folder / how / "verify")
        print("they report to the installed server, take what is genuine and refuse what is not")


if __name__ == "__main__":
    main()
