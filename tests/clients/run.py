#!/usr/bin/env python3
"""Runs every example of every client against the real server and checks what arrived.

    tests/clients/run.py --webhookd PATH [--build DIR] [LANGUAGE...]

Languages are python, go, typescript and java; all by default, and then with --build C++, too: a project of
its own is built against what CMake installs from that build folder.

For each language: its own tests (the shared vectors); its receiver and the programs that report, as
docs/clients.md shows them; forged, stale and altered requests to the receiver; and a stream through a
proxy that cuts connections before a server that is killed, after which every event must be stored once.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is
from languages import LANGUAGES, python_environment, start

# What follows needs what is installed there.
RUNS_INSIDE = os.environ.get("WEBHOOKD_CLIENTS_ENVIRONMENT") == sys.prefix
if RUNS_INSIDE:
    from hostile_requests import hostile_requests, post
    from server import KEY, TIMEOUT, Api, Failure, LossyProxy, Server, check, check_equal, wait_for

STREAM_COUNT = 400


def say(text):
    print(f"  {text}", flush=True)


def run(language, command, *arguments, timeout=120):
    process = start(language, [*command, *arguments])
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise Failure(f"{command[-1]} did not end within {timeout} s:\n{output}{errors}") from None
    return process.returncode, output, errors


def run_well(language, command, *arguments):
    code, output, errors = run(language, command, *arguments)
    check(code == 0, f"{' '.join(map(str, command))} ended with {code}:\n{output}{errors}")
    return output.splitlines()


class Receiver:
    """A receiver example: what it says of each request."""

    def __init__(self, language, *keys):
        self._process = start(language, [*language.receiver, *keys])
        self.lines = []
        first = self._process.stdout.readline()
        if not first.startswith("listening on "):
            self._process.kill()
            raise Failure(f"the receiver did not start: {first}{self._process.stderr.read()}")
        self.port = int(first.split()[-1])
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def close(self):
        self._process.kill()
        self._reader.join()
        self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()


class Examples:
    """Everything for one language against one server."""

    def __init__(self, language, server):
        self._language = language
        self._server = server
        self._api = Api(server.address)
        self._authenticates = self._api.sign_in()
        self._serves_rest = server.serves_rest()
        self._modes = language.modes + language.rest_modes * self._serves_rest
        if language.rest_modes and not self._serves_rest:
            say("this server speaks no REST, so what needs it is not tried")

    def close(self):
        self._api.close()

    @property
    def modes(self):
        return self._modes

    def own_tests(self):
        for command in self._language.tests:
            run_well(self._language, command)
        say(f"its own tests hold ({len(self._language.tests)} programs)")

    def report_and_receive(self):
        receiver = Receiver(self._language, KEY, "the key before")
        try:
            webhook = self._api.create_webhook(
                f"{self._language.name} example", f"http://127.0.0.1:{receiver.port}/hook",
                "RUNNING", "COMPLETED",
            )  # fmt: skip
            reported = []
            for command in self._language.reports + self._language.rest_reports * self._serves_rest:
                lines = run_well(self._language, command, self._server.address, self._api.token)
                check_equal(f"what {Path(str(command[-1])).name} printed", [l.split()[0] for l in lines],
                            ["stored"] * 2)  # fmt: skip
                reported += zip(("RUNNING", "COMPLETED"), (line.split()[1] for line in lines))
            expected = sorted(
                f"200 EXPERIMENT_STATE_CHANGE cifar10_pytorch_const {state} {event_id}"
                for state, event_id in reported
            )
            wait_for("the events at the receiver", lambda: len(receiver.lines) >= len(expected))
            check_equal("what the receiver took", sorted(receiver.lines), expected)
            say(f"{len(expected)} events were reported, delivered, verified and parsed")
            self._api.delete_webhook(webhook)

            for name, status, headers, body in hostile_requests():
                check_equal(f"the answer to: {name}", post(receiver.port, headers, body), status)
            say(f"{len(hostile_requests())} genuine, forged, stale and altered requests were told apart")
        finally:
            receiver.close()

    def lose_nothing(self, mode):
        name = f"{self._language.name} {mode}"
        count = 40 if mode in ("unary", "fetch") else STREAM_COUNT
        webhook = self._api.create_webhook(name, "http://127.0.0.1:9/unused", "COMPLETED")
        proxy = LossyProxy(self._server, answers_before_cut=2000 if mode != "fetch" else 300)
        try:
            process = start(self._language, [*self._language.driver, proxy.address, self._api.token or "-",
                                             mode, count, "60", "20"])  # fmt: skip
            lines = []
            reader = threading.Thread(target=lambda: lines.extend(process.stdout))
            reader.start()
            wait_for("the first lost connection", lambda: proxy.cuts >= 1)
            self._server.kill()
            time.sleep(0.3)
            self._server.start()
            errors = process.stderr.read()
            reader.join()
            check_equal(f"the driver's exit code ({errors})", process.wait(), 0)
        finally:
            proxy.close()
            process.kill()
            process.stdout.close()
            process.stderr.close()
        self._api.close()
        self._api = Api(self._server.address)
        self._api.sign_in()
        answered = [line.split()[1] for line in lines if line.startswith("stored ")]
        check_equal(f"the answers of {name}: {lines[:3]}", len(answered), count)
        stored = [delivery.event_id for delivery in self._api.deliveries(webhook)]
        check_equal(f"the number of stored events of {name}", len(stored), count)
        check_equal(f"the stored events of {name}", set(stored), set(answered))
        self._api.delete_webhook(webhook)
        say(f"{mode}: {count} reports over {proxy.connections} connections, {proxy.cuts} cut with answers "
            "on their way, and a kill -9: each event is stored once and answered")  # fmt: skip

    def bad_input(self):
        driver = self._language.driver

        def one(what, address, mode, deadline, size, token, expected, words):
            code, output, errors = run(self._language, driver, address, token or "-", mode, "1", deadline,
                                       size)  # fmt: skip
            check(code == 0, f"{what}: the driver ended with {code}: {errors}")
            line = output.strip()
            check(any(line.startswith(f"error {e} ") for e in expected), f"{what}: {line!r}")
            for word in words:
                check(word in line, f"{what}: {word!r} is not in {line!r}")
            say(f"{what} ({mode}): {line[:150]}")

        token = self._api.token
        for mode in self._modes:
            one("nobody listens", "127.0.0.1:9", mode, "1", "20", token,
                ["UNAVAILABLE maybe"], ["report it again with idempotency key"])  # fmt: skip
            one("too large", self._server.address, mode, "5", str(5 * 1024 * 1024), token,
                ["INVALID_ARGUMENT not-stored"], ["bytes; at most 4194304"])  # fmt: skip
            one("refused by the server", self._server.address, mode, "5", "5000", token,
                ["INVALID_ARGUMENT not-stored"], [])  # fmt: skip
            if self._authenticates:
                one("wrong token", self._server.address, mode, "5", "20", "whd_wrong",
                    ["UNAUTHENTICATED not-stored"], [])  # fmt: skip


def test(make, webhookd):
    language = make()
    with tempfile.TemporaryDirectory(prefix="webhookd-clients-") as folder:
        server = Server(webhookd, Path(folder))
        examples = None
        try:
            examples = Examples(language, server)
            examples.own_tests()
            examples.report_and_receive()
            examples.bad_input()
            for mode in examples.modes:
                examples.lose_nothing(mode)
            check_equal("webhookd's exit code after SIGTERM", server.stop(), 0)
        except Failure:
            say(f"the end of the server's log:\n{server.log_tail()}")
            raise
        finally:
            if examples is not None:
                examples.close()
            server.kill()


def test_installed(build):
    script = Path(__file__).parents[1] / "package" / "package_test.py"
    result = subprocess.run([sys.executable, script, build], capture_output=True, text=True, check=False)
    check(result.returncode == 0, result.stdout + result.stderr)
    for line in result.stdout.splitlines():
        say(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--webhookd", required=True, type=Path, help="the server's program")
    parser.add_argument("--build", type=Path, help="CMake's build folder, to test what it installs")
    parser.add_argument("languages", nargs="*", choices=[[], *LANGUAGES], metavar="LANGUAGE")
    arguments = parser.parse_args()
    if arguments.build:
        arguments.build = arguments.build.resolve()
    if not RUNS_INSIDE:
        python = python_environment()
        os.environ["WEBHOOKD_CLIENTS_ENVIRONMENT"] = str(python.parent.parent)
        os.execv(python, [str(python), *sys.argv])
    failed = []
    for name in arguments.languages or LANGUAGES:
        print(f"==> {name}", flush=True)
        started = time.monotonic()
        try:
            test(LANGUAGES[name], arguments.webhookd.resolve())
            say(f"passed in {time.monotonic() - started:.0f} s")
        except Exception as error:  # the other languages are tested all the same
            print(f"  FAILED: {type(error).__name__}: {error}", flush=True)
            failed.append(name)
    if arguments.build and not arguments.languages:
        print("==> c++", flush=True)
        try:
            test_installed(arguments.build)
        except Failure as error:
            print(f"  FAILED: {error}", flush=True)
            failed.append("c++")
    if failed:
        print(f"clients: {', '.join(failed)} failed")
        return 1
    print("clients: everything held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
