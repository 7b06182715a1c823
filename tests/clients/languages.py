"""How the examples and drivers of each language are built and started."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "client"

_spec = importlib.util.spec_from_file_location("client_build", CLIENT / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)


@dataclass
class Language:
    name: str
    reports: list  # commands to which HOST:PORT and TOKEN are appended
    receiver: list  # a command to which the keys are appended
    driver: list  # a command to which HOST:PORT TOKEN MODE COUNT DEADLINE BYTES [ROOTS] are appended
    tests: list  # commands of the language's own tests: the vectors, mostly
    modes: list = field(default_factory=lambda: ["stream", "unary"])
    more_modes: list = field(default_factory=list)  # that differ from modes in how they wait only
    rest_reports: list = field(default_factory=list)  # as reports and modes, for a server with REST
    rest_modes: list = field(default_factory=list)
    cwd: Path = ROOT
    environment: dict = field(default_factory=dict)


def python_environment():
    """An interpreter in which the wheel is installed, as users install it, with what the tests need."""
    folder = ROOT / "build" / "deps" / "clients" / "run"
    wheel = build.build_python(check=None)
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "standardwebhooks==1.0.0"], check=True)
    pip = [folder / "bin" / "pip", "install", "--quiet"]
    subprocess.run([*pip, wheel], check=True)
    subprocess.run([*pip, "--force-reinstall", "--no-deps", wheel], check=True)
    return folder / "bin" / "python"


def python():
    folder = CLIENT / "python"
    return Language(
        name="python",
        reports=[[sys.executable, folder / "examples" / "report.py"],
                 [sys.executable, folder / "examples" / "report_asyncio.py"]],
        receiver=[sys.executable, folder / "examples" / "receiver.py"],
        driver=[sys.executable, folder / "tests" / "driver.py"],
        tests=[[sys.executable, "-m", "unittest", "discover", "-s", folder / "tests", "-q"],
               [sys.executable, ROOT / "tests" / "clients" / "standard_webhooks.py"]],
        modes=["stream", "asyncio", "unary"],
        more_modes=["asyncio-unary"],
    )  # fmt: skip


def standard_webhooks_go():
    """The command that tries the Standard Webhooks project's Go library on the shared vectors."""
    folder = ROOT / "tests" / "clients" / "standard_webhooks_go"
    command = ["env", "--chdir", folder, "go", "test"]
    version = build.run("go", "env", "GOVERSION").strip()[2:].split(".")[:2]
    if tuple(map(int, version)) >= (1, 21):
        return [*command, "./..."]

    # That library says that it needs Go 1.21, for nothing but errors.Join in the text of one error.
    out = ROOT / "build" / "clients" / "standard_webhooks_go"
    out.mkdir(parents=True, exist_ok=True)
    module = re.sub(r"^go .*$", f"go {'.'.join(version)}", (folder / "go.mod").read_text(), flags=re.MULTILINE)
    (out / "go.mod").write_text(module)
    shutil.copy(folder / "go.sum", out / "go.sum")
    alternative = f"-modfile={out / 'go.mod'}"
    name = re.search(r"^require (\S+)", module, re.MULTILINE).group(1)
    build.run("go", "mod", "download", alternative, cwd=folder)
    library = Path(build.run("go", "list", alternative, "-m", "-f", "{{.Dir}}", name, cwd=folder).strip())
    source = library / "go" / "webhook.go"
    (out / "webhook.go").write_text(
        source.read_text().replace("errors.Join(err, ErrInvalidHeaders)", "ErrInvalidHeaders")
    )
    overlay = out / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {str(source): str(out / "webhook.go")}}))
    return [*command, "-vet=off", alternative, f"-overlay={overlay}", "./..."]  # vet knows no overlay


def go():
    folder = CLIENT / "go"
    build.build_go(check=None)
    out = ROOT / "build" / "clients" / "go"
    out.mkdir(parents=True, exist_ok=True)
    for name in ("report", "receiver", "driver"):
        source = "./internal/driver" if name == "driver" else f"./examples/{name}"
        build.run("go", "build", "-o", out / name, source, cwd=folder)
    return Language(
        name="go",
        reports=[[out / "report"]],
        receiver=[out / "receiver"],
        driver=[out / "driver"],
        tests=[["go", "test", "./..."], standard_webhooks_go()],
        cwd=folder,
        environment={"GOFLAGS": build.GO_FLAGS},
    )  # fmt: skip


def typescript():
    folder = CLIENT / "typescript"
    build.build_typescript(check=None)
    return Language(
        name="typescript",
        reports=[["node", folder / "dist" / "examples" / "report.js"]],
        rest_reports=[["node", folder / "dist" / "examples" / "report_fetch.js"]],
        rest_modes=["fetch"],
        receiver=["node", folder / "dist" / "examples" / "receiver.js"],
        driver=["node", folder / "dist" / "tests" / "driver.js"],
        tests=[["node", "--expose-gc", "--test", folder / "dist" / "tests" / "signature.test.js",
                folder / "dist" / "tests" / "rest.test.js"]],
        cwd=folder,
    )  # fmt: skip


def java():
    folder = CLIENT / "java"
    build.build_java(check=None)
    classpath = f"{folder / 'target' / 'test-classes'}:{folder / 'target' / 'classes'}:" + (
        folder / "target" / "classpath"
    ).read_text().strip()
    run = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath]
    return Language(
        name="java",
        reports=[[*run, "ai.determined.webhookd.examples.Report"]],
        receiver=[*run, "ai.determined.webhookd.examples.Receiver"],
        driver=[*run, "ai.determined.webhookd.Driver"],
        tests=[],  # Maven has run them
        cwd=folder,
    )


LANGUAGES = {"python": python, "go": go, "typescript": typescript, "java": java}


def cpp(build_folder):
    """Its driver alone: tests/client/cpp and tests/package have the rest."""
    build.run("cmake", "--build", build_folder, "--target", "client_driver")
    return Language(name="c++", reports=[], receiver=[], tests=[], driver=[build_folder / "bin" / "client_driver"])


def start(language, command, environment=None, talks=False):
    """`talks`: its standard input is a pipe."""
    return subprocess.Popen(
        [str(part) for part in command], cwd=language.cwd, stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **language.environment, **(environment or {})},
    )  # fmt: skip
