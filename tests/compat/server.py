"""What the tests in this folder share: a webhookd of one's own, and requests to it.

A test file is run as `python FILE_test.py --webhookd PATH`; WEBHOOKD_BIN can name the path too.
Only the standard library is used here.
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "compat"  # where install.sh and generate.sh put things

sys.path.insert(0, str(HERE.parent / "end_to_end"))

from receiver import Receiver  # noqa: E402  (found by the line above)

TIMEOUT = 300  # seconds, for each thing that is waited for: a stop of last resort, which a busy machine does not reach
PASSWORD = "Correct-Horse-7"
SIGNING_KEY = "compat-signing-key"

# Settings of whoever runs the tests must not change them, nor a proxy come between.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("DET_") and not name.lower().endswith("_proxy")
}


class Failure(Exception):
    """Something that the tests need did not work."""


class Program:
    """A program that serves until it is stopped, and says on one of its outputs where."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self._lines = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [str(part) for part in command],
            env=environment or ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for_line(self, find):
        """The first result of find(line) that is not None; Failure if the program ends first."""
        seen = 0
        with self._changed:
            while True:
                while seen < len(self._lines):
                    line = self._lines[seen]
                    seen += 1
                    if line is None:
                        raise Failure(f"{self.name} ended instead of serving:\n{self.log()}")
                    found = find(line)
                    if found is not None:
                        return found
                if not self._changed.wait(TIMEOUT):
                    raise Failure(f"{self.name} was silent for {TIMEOUT} s:\n{self.log()}")

    def stop(self):
        """Stops it as an operator does and returns its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {TIMEOUT} s:\n{self.log()}") from None
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._reader.join()
            self._process.stdout.close()

    def log(self):
        return "\n".join(line for line in self._lines[-40:] if line is not None)

    def _read(self):
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._lines.append(None)
            self._changed.notify_all()


class Webhookd(Program):
    """A webhookd with an empty database on a free port; the users' password is PASSWORD."""

    def __init__(self, *flags):
        self._folder = tempfile.TemporaryDirectory(prefix="webhookd-compat-")
        environment = dict(
            ENVIRONMENT,
            DET_WEBHOOKS_SIGNING_KEY=SIGNING_KEY,
            DET_SECURITY_INITIAL_USER_PASSWORD=PASSWORD,
        )
        command = [
            webhookd_path(),
            "--config-file=",
            "--port=0",
            f"--storage-path={self._folder.name}/webhookd.db",
            "--egress-allow=127.0.0.0/8",  # denied by default; the receivers are there
            "--log-format=json",
            *flags,
        ]
        super().__init__("webhookd", command, environment)
        try:
            self.address = self.wait_for_line(_address_of_log_line)
        except Failure:
            super().stop()
            self._folder.cleanup()
            raise

    @property
    def url(self):
        return f"http://{self.address}"

    def stop(self):
        try:
            code = super().stop()
        finally:
            self._folder.cleanup()
        if code != 0:
            raise Failure(f"webhookd ended with {code}:\n{self.log()}")
        return code


def _address_of_log_line(line):
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry["address"] if entry.get("message") == "listening" else None


@dataclass
class Answer:
    """An HTTP response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Failure(f"no JSON ({error}): {self.body[:500]!r}") from None


def request(address, method, path, body=None, headers=()):
    """Sends one HTTP/1.1 request, written just as given, on a connection of its own.

    `body` is bytes, str or None; `headers` a dict or pairs. A body gets a Content-Length unless a
    header says how long it is.
    """
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    names = {name.lower() for name, _ in pairs}
    data = body.encode() if isinstance(body, str) else body
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in pairs:
            connection.putheader(name, value)
        if not names & {"content-length", "transfer-encoding"} and (
            data is not None or method in ("POST", "PUT", "PATCH")
        ):
            connection.putheader("Content-Length", str(len(data or b"")))
        connection.endheaders()
        try:
            if data:
                connection.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was sent; the answer says why
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def login(address, username="admin", password=PASSWORD):
    """A new token."""
    body = json.dumps({"username": username, "password": password})
    answer = request(address, "POST", "/api/v1/auth/login", body)
    if answer.status != 200:
        raise Failure(f"login answered {answer.status}: {answer.body!r}")
    return answer.json["token"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def webhook_json(name, url, **fields):
    """A webhook of type Default that fires when an experiment completes, as REST takes it."""
    return {
        "name": name,
        "url": url,
        "mode": "WEBHOOK_MODE_WORKSPACE",
        "webhookType": "WEBHOOK_TYPE_DEFAULT",
        "triggers": [
            {
                "triggerType": "TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE",
                "condition": {"state": "COMPLETED"},
            }
        ],
        **fields,
    }


def run(command, environment=None, check=True):
    """Runs a client to its end; returns what subprocess.run does."""
    result = subprocess.run(
        [str(part) for part in command],
        env=environment or ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT,
        check=False,
    )
    if check and result.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise Failure(f"{shown}\nended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result


class CompatTest(unittest.TestCase):
    """A test case whose class has one server and one receiver for all its tests, which send to paths of their own."""

    FLAGS = ()

    @classmethod
    def setUpClass(cls):
        cls.receiver = Receiver(SIGNING_KEY)
        cls.addClassCleanup(cls.receiver.close)
        cls.server = Webhookd(*cls.FLAGS)
        cls.addClassCleanup(cls.server.stop)

    def run(self, result=None):
        outcome = super().run(result)
        if outcome is not None and any(
            test is self for test, _ in outcome.failures + outcome.errors
        ):
            print(
                f"--- the server's log at the end of {self.id()}:\n{self.server.log()}", flush=True
            )
        return outcome

    def rest(self, method, path, body=None, token=None, headers=()):
        """A request to the server; `body` may be anything that becomes JSON."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        pairs = dict(headers)
        if token is not None:
            pairs.update(bearer(token))
        return request(self.server.address, method, path, body, pairs)


_arguments = None


def webhookd_path():
    path = _arguments.webhookd if _arguments else os.environ.get("WEBHOOKD_BIN", "")
    if not path or not Path(path).exists():
        raise Failure(f"there is no webhookd at '{path}'; give --webhookd PATH or WEBHOOKD_BIN")
    return path


def main(count_rows=None):
    """Runs the calling file's tests. `count_rows` says how many rows of data they went through."""
    global _arguments
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--webhookd", default=os.environ.get("WEBHOOKD_BIN", ""))
    _arguments, rest = parser.parse_known_args()
    program = unittest.main(argv=[sys.argv[0], *rest], exit=False, verbosity=2)
    if count_rows is not None:
        print(f"{count_rows()} rows ran")
    sys.exit(not program.result.wasSuccessful() or program.result.testsRun == 0)
