#!/usr/bin/env python3
"""Installs the C++ client from a build folder, builds a separate project against it, with CMake and with
pkg-config, and runs that: install_test.py BUILD [--server HOST:PORT]"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "client" / "cpp" / "examples"
sys.path.insert(0, str(HERE.parent / "vectors"))
from make_signatures import BODY, both


def run(*command, **options):
    result = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {result.returncode}:\n{result.stdout.decode()}")
    return result.stdout.decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path, help="CMake's build folder; webhookd_client must be built")
    parser.add_argument("--server", help="HOST:PORT to report to")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prefix = folder / "prefix"
        run("cmake", "--install", arguments.build, "--component", "client", "--prefix", prefix)
        project = folder / "project"
        run("cmake", "-S", HERE / "install_project", "-B", project, f"-DCMAKE_PREFIX_PATH={prefix}",
            f"-DEXAMPLES={EXAMPLES}", "-DCMAKE_BUILD_TYPE=Debug")  # fmt: skip
        run("cmake", "--build", project)
        print("a CMake project builds against what is installed")

        pkg_config = next(prefix.rglob("pkgconfig"))
        # The prefix of the configuration stands in the file; this one is another.
        flags = run("pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs",
                    "webhookd-signature-verifier", env={**os.environ, "PKG_CONFIG_PATH": str(pkg_config)}).split()  # fmt: skip
        run("c++", "-std=c++17", EXAMPLES / "verify.cc", "-o", folder / "verify", *flags)
        print("a C++17 program builds with pkg-config")

        headers = [part for pair in both(timestamp=int(time.time())) for part in pair]
        for program in (project / "verify", folder / "verify"):
            run(program, "testsigningkey", *headers, input=BODY)
            wrong = subprocess.run([program, "another key", *headers], input=BODY, capture_output=True, check=False)
            if wrong.returncode != 1:
                sys.exit("a request that another key signed was taken")
        print("the verifier takes what is genuine and refuses what is not")
        if arguments.server:
            output = run(project / "report", arguments.server)
            if output.count("stored ") != 2:
                sys.exit(f"the report failed: {output}")
            print("the installed client reported two events")


if __name__ == "__main__":
    main()
