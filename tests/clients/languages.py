"""How the examples and drivers of each language are built and started."""

import importlib.util
import os
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
    rest_reports: list = field(default_factory=list)  # as reports and modes, for a server with REST
    rest_modes: list = field(default_factory=list)
    cwd: Path = ROOT
    environment: dict = field(default_factory=dict)


def python_environment():
    """An interpreter in which the wheel is installed, as users install it, with what the tests need."""
    folder = ROOT / "build" / "deps" / "clients" / "run"
    wheel = build.build_python(check=None)
    if not (folder / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=None)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "standardwebhooks==1.0.0"], check=None)
    pip = [folder / "bin" / "pip", "install", "--quiet"]
    subprocess.run([*pip, wheel], check=None)
    subprocess.run([*pip, "--force-reinstall", "--no-deps", wheel], check=None)
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
    )  # fmt: skip


def go():
    folder = CLIENT / "go"
    build.build_go(check=None)
    out = ROOT / "build" / "clients" / "go"
    out.mkdir(parents=True, exist_ok=True)
    for name in ("report", "receiver", "driver"):
        source = "./internal/driver" if name == "driver" else f"./examples/{name}"
        build.run("go", "build", "-o", out / name, source, cwd=folder)
    tests = [["go", "test", "./..."]]
    # The client works with Go 1.19; that project's library needs 1.21.
    if tuple(map(int, build.run("go", "env", "GOVERSION")[2:].split(".")[:2])) >= (1, 21):
        tests.append(
            ["env", "--chdir", ROOT / "tests" / "clients" / "standard_webhooks_go", "go", "test", "./..."]
        )
    else:
        print("  Go is too old for the Standard Webhooks project's library, which is not tried", flush=True)
    return Language(
        name="go",
        reports=[[out / "report"]],
        receiver=[out / "receiver"],
        driver=[out / "driver"],
        tests=tests,
        cwd=folder,
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
        tests=[["node", "--test", folder / "dist" / "tests" / "signature.test.js",
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
        tests=[[*run, "ai.determined.webhookd.SignatureVerifierTest"]],
        cwd=folder,
    )


LANGUAGES = {"python": python, "go": go, "typescript": typescript, "java": java}


def start(language, command, environment=None):
    return subprocess.Popen(
        [str(part) for part in command], cwd=language.cwd, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **language.environment, **(environment or {})},
    )  # fmt: skip
