#!/usr/bin/env python3
"""Runs every example of every client against the real server and checks what arrived.

    tests/clients/run.py --webhookd PATH [--build DIR] [PART...]

Parts are python, go, typescript, java, c++ and outages; all by default, but C++ only with --build: a project
of its own is built against what CMake installs from that build folder.

For each language: its own tests (the shared vectors); its receiver and the programs that report, as
docs/clients.md shows them; forged, stale and altered requests to the receiver; what each error says, with
the wrong name or token and servers that are silent or lose answers; and a stream through a proxy that cuts
connections before a server that is killed, after which every event must be stored once. outages.py says
what happens in the last part, which all languages take at once.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is
from languages import LANGUAGES, cpp, python_environment, start

# What follows needs what is installed there.
RUNS_INSIDE = os.environ.get("WEBHOOKD_CLIENTS_ENVIRONMENT") == sys.prefix
if RUNS_INSIDE:
    import grpc
    from fake_servers import forgetful_server, silent_server, unused_address
    from hostile_requests import hostile_requests, post
    from outages import check_outages
    from server import (
        KEY, TIMEOUT, Api, Failure, LossyProxy, Server, check, check_equal, wait_for, write_certificate,
    )  # fmt: skip
    from webhookd import client

STREAM_COUNT = 400
AGAIN = "the event may be stored: report it again with idempotency key"


def say(text):
    print(f"  {text}", flush=True)


def run(language, command, *arguments, environment=None, stdin=None):
    process = start(language, [*command, *arguments], environment, talks=stdin is not None)
    try:
        output, errors = process.communicate(stdin, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise Failure(f"{command[-1]} did not end within {TIMEOUT} s:\n{output}{errors}") from None
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
        check(self._authenticates, "this server asks nobody who they are")
        check(self._serves_rest, "this server speaks no REST")

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
        token_ends = self._token_that_ends() if self._authenticates else None
        for mode in self._modes:
            with unused_address() as address:
                self._report("nobody listens", address, mode, "error UNAVAILABLE maybe", AGAIN, deadline=1)
            self._report("too large", self._server.address, mode, "error INVALID_ARGUMENT not-stored",
                         "bytes; at most 4194304", size=5 * 1024 * 1024)  # fmt: skip
            self._report("refused by the server", self._server.address, mode,
                         "error INVALID_ARGUMENT not-stored", "idempotency_key", key="k" * 256)  # fmt: skip
            if self._authenticates:
                self._report("wrong token", self._server.address, mode, "error UNAUTHENTICATED not-stored",
                             "invalid credentials", token="whd_wrong")  # fmt: skip
            rest = mode in self._language.rest_modes
            with silent_server(rest) as address:
                self._report("no answer", address, mode, "error DEADLINE_EXCEEDED maybe", AGAIN, deadline=1)
            with forgetful_server(rest) as address:
                self._report("answer lost, then refused", address, mode, "error UNAUTHENTICATED maybe",
                             "invalid credentials", AGAIN)  # fmt: skip
            with forgetful_server(rest, grpc.StatusCode.ALREADY_EXISTS) as address:
                self._report("answer lost, then the key is another's", address, mode,
                             "error ALREADY_EXISTS not-stored", "the key belongs to another event")  # fmt: skip
        self._tls()
        if token_ends:
            token_ends()
        if self._authenticates and self._language.name == "python":
            self._token_ends_in_mid_stream()

    def _report(self, what, address, mode, expected, *words,
                deadline=60, size=20, token=None, roots=None, key=None):  # fmt: skip
        """Has the driver report one event, under a key of its own unless one is given, and checks how its line
        begins and which words are in it; of a tuple of them, one must be. On a slow machine the deadline may be
        over before anything else is."""
        # What fetch trusts in Node.js is not for the program to say.
        environment = {"NODE_EXTRA_CA_CERTS": str(roots)} if roots and mode == "fetch" else None
        code, output, errors = run(
            self._language, self._language.driver, address, token or self._api.token or "-", mode,
            "1" if key is None else "-", str(deadline), str(size), *([roots] if roots else []),
            environment=environment, stdin=None if key is None else f"{key}\n",
        )  # fmt: skip
        check(code == 0, f"{what}: the driver ended with {code}: {errors}")
        line = output.strip()
        if line.startswith("error DEADLINE_EXCEEDED ") and not expected.startswith("error DEADLINE_EXCEEDED "):
            check(deadline < TIMEOUT, f"{what} ({mode}): {line}")
            self._report(what, address, mode, expected, *words, deadline=4 * deadline, size=size, token=token, roots=roots,
                         key=key)  # fmt: skip
            return
        check(line.startswith(f"{expected} "), f"{what} ({mode}): {line!r} does not begin with {expected!r}")
        for word in words:
            choice = (word,) if isinstance(word, str) else word
            check(any(w in line.lower() for w in map(str.lower, choice)),
                  f"{what} ({mode}): {word!r} is not in {line!r}")  # fmt: skip
        say(f"{what} ({mode}): {line[:250]}")

    def _tls(self):
        other_name = ("hostname", "peer name", "ip sans", "altnames", "alternative names")
        not_trusted = ("certificate", "certification path")
        with self._tls_server("DNS:localhost") as (port, roots, token):
            for mode in self._modes:
                self._report("TLS", f"https://localhost:{port}", mode, "stored", token=token, roots=roots)
                self._report("TLS, another name", f"https://127.0.0.1:{port}", mode,
                             "error UNAVAILABLE maybe", other_name, AGAIN, token=token, deadline=2,
                             roots=roots)  # fmt: skip
        # localhost may be two addresses, and some clients tell of the one where nobody listens.
        with self._tls_server("IP:127.0.0.1") as (port, _, token):
            for mode in self._modes:
                self._report("TLS, not trusted", f"https://127.0.0.1:{port}", mode,
                             "error UNAVAILABLE maybe", not_trusted, AGAIN, token=token, deadline=2)  # fmt: skip

    @contextlib.contextmanager
    def _tls_server(self, name):
        """Gives its port, its root certificates and a token."""
        with tempfile.TemporaryDirectory(prefix="webhookd-tls-") as folder:
            certificate, key = write_certificate(Path(folder), name)
            flags = [f"--security-tls-cert={certificate}", f"--security-tls-key={key}"]
            server = Server(self._server.program, Path(folder), flags)
            try:
                port = server.address.rsplit(":", 1)[1]
                api = Api(f"{name.split(':')[1]}:{port}", certificate.read_bytes())
                api.sign_in()
                api.close()
                yield port, certificate, api.token
            finally:
                server.kill()

    def _token_that_ends(self):
        """Reports with a token; what it returns does so again when the token has expired."""

        def report_in_time(token):
            for mode in self._modes:
                self._report("token that expires", self._server.address, mode, "stored", token=token)

        token, expires_at, _ = self._with_token(report_in_time, 20)

        def again():
            wait_for("the token's end", lambda: time.time() > expires_at)
            for mode in self._modes:
                self._report("expired token", self._server.address, mode, "error UNAUTHENTICATED not-stored",
                             "invalid credentials", token=token)  # fmt: skip

        return again

    def _with_token(self, do, seconds):
        """Does what takes less than `seconds` with a token that lasts as long, or longer on a slow machine; gives the
        token, when it expires, and what `do` returned."""
        while True:
            token, expires_at = self._api.create_token(seconds)
            try:
                return token, expires_at, do(token)
            except (Failure, client.ReportError):
                if time.time() < expires_at:
                    raise
                seconds *= 4

    def _token_ends_in_mid_stream(self):
        experiment = client.Experiment(id=1, state=client.State.STATE_COMPLETED)
        report = client.ReportExperimentStateRequest(experiment=experiment)
        with contextlib.ExitStack() as stack:

            def open_stream(token):
                c = stack.enter_context(client.EventClient(self._server.address, token))
                stream = stack.enter_context(c.open_stream())
                stream.report(report).result(TIMEOUT)
                return stream

            _, expires_at, stream = self._with_token(open_stream, 2)
            wait_for("the token's end", lambda: time.time() > expires_at)
            error = stream.report(report).exception(TIMEOUT)
        check_equal("the error after the token's end", str(error), "UNAUTHENTICATED: invalid credentials")
        say(f"token that expires in mid-stream: {error}")


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
    parser.add_argument("parts", nargs="*", choices=[[], *LANGUAGES, "c++", "outages"], metavar="PART")
    arguments = parser.parse_args()
    if arguments.build:
        arguments.build = arguments.build.resolve()
    if not RUNS_INSIDE:
        python = python_environment()
        os.environ["WEBHOOKD_CLIENTS_ENVIRONMENT"] = str(python.parent.parent)
        os.execv(python, [str(python), *sys.argv])
    webhookd = arguments.webhookd.resolve()

    def run_part(name):
        if name == "c++":
            test_installed(arguments.build)
        elif name == "outages":
            languages = [make() for make in LANGUAGES.values()]
            if arguments.build:
                languages.append(cpp(arguments.build))
            check_outages(webhookd, languages, say)
        else:
            test(LANGUAGES[name], webhookd)

    failed = []
    for name in arguments.parts or [*LANGUAGES, *["c++"] * bool(arguments.build), "outages"]:
        print(f"==> {name}", flush=True)
        started = time.monotonic()
        try:
            run_part(name)
            say(f"passed in {time.monotonic() - started:.0f} s")
        except Exception as error:  # the other parts are tried all the same
            print(f"  FAILED: {type(error).__name__}: {error}", flush=True)
            failed.append(name)
    if failed:
        print(f"clients: {', '.join(failed)} failed")
        return 1
    print("clients: everything held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
