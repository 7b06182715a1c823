#!/usr/bin/env python3
"""Shows the way of an event, from a report to verified requests at a receiver, and checks it all.

    demo.py --webhookd PATH --webhookctl PATH

Starts a server with an empty database and a receiver, creates a Default and a Slack webhook,
reports a completed and an errored experiment, prints what arrives, and cleans up. Exits with 0 only
if everything was as it should be. Only the standard library is used.
"""

import argparse
import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

sys.dont_write_bytecode = True  # the source tree stays as it is

from receiver import Receiver

TIMEOUT = 300  # seconds, for each thing that is waited for

COMPLETED = {
    "id": 41,
    "name": "Prüfung naïve façade · 画像認識の実験 🎉",
    "slots_per_trial": 2,
    "resource_pool": "default",
    "workspace": "Équipe Lumière",
    "project": "プロジェクト",
}
ERRORED = {
    "id": 42,
    "name": 'تجربة التعرّف على الصور 🧪 <b> & "quotes"',
    "slots_per_trial": 8,
    "resource_pool": "gpu-köln",
    "workspace": "مساحة العمل",
    "project": "проект 42",
}


class DemoError(Exception):
    """Something was not as it should be."""


def check(holds, message):
    if not holds:
        raise DemoError(message)


def check_equal(what, actual, expected):
    check(actual == expected, f"{what} is {actual!r}; it should be {expected!r}")


def pretty(value, width, indent=""):
    """JSON for people: what fits into a line of `width` columns stands in one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= width or not isinstance(value, (dict, list)) or not value:
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {pretty(v, width - 2, deeper)}" for k, v in value.items()]
        first, last = "{}"
    else:
        parts = [pretty(v, width - 2, deeper) for v in value]
        first, last = "[]"
    return f"{first}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{last}"


class Output:
    """Prints, in colour on a terminal."""

    def __init__(self):
        self._color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.reconfigure(errors="backslashreplace")

    def step(self, text):
        print(self._paint("1", f"\n▸ {text}") if self._color else f"\n> {text}", flush=True)

    def command(self, arguments):
        shown = " ".join(a if a and " " not in a and '"' not in a else f"'{a}'" for a in arguments)
        print("  " + self._paint("2", f"$ webhookctl {shown}"), flush=True)

    def fact(self, text):
        print("  " + self._paint("32", "✓ " if self._color else "ok ") + text, flush=True)

    def block(self, text):
        for line in text.splitlines():
            print("    " + self._paint("36", line), flush=True)

    def failure(self, text):
        print(self._paint("31", f"\ndemo: {text}"), flush=True)

    def _paint(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self._color else text


class Server:
    """A webhookd of its own, with an empty database."""

    def __init__(self, program, folder, key):
        self._log_path = folder / "webhookd.log"
        # Settings of whoever runs the demo must not change it.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DET_")}
        environment["DET_WEBHOOKS_SIGNING_KEY"] = key
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    "--config-file=",
                    "--port=0",
                    f"--storage-path={folder / 'webhookd.db'}",
                    "--egress-allow=127.0.0.0/8",  # denied by default; the receiver is there
                    "--security-authn-type=none",  # nobody else reaches it
                ],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
            )
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read_output)
        self._reader.start()

    def wait_until_listening(self):
        """Returns its address, HOST:PORT."""
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                line = self._lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise DemoError(f"webhookd did not say where it listens within {TIMEOUT} s") from None
            check(line is not None, "webhookd ended instead of starting")
            if " listening on " in line:
                return line.split(" listening on ")[1].split(",")[0].strip()

    def stop(self):
        """Stops it as an operator does and returns its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            raise DemoError(f"webhookd did not end within {TIMEOUT} s of SIGTERM") from None

    def kill(self):
        """Makes sure that it is gone."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def log_tail(self):
        lines = self._log_path.read_text(encoding="utf-8", errors="backslashreplace").splitlines()
        return "\n".join(lines[-30:])

    def _read_output(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)
        self._process.stdout.close()


class Webhookctl:
    """Runs webhookctl against a server."""

    def __init__(self, program, address, output):
        self._program = program
        self._address = address
        self._output = output

    def run(self, *arguments, stdin=""):
        """Returns what it printed; DemoError when it fails."""
        self._output.command(arguments)
        result = subprocess.run(
            [self._program, "--server", self._address, *(a.encode() for a in arguments)],
            input=stdin.encode(),
            capture_output=True,
            timeout=2 * TIMEOUT,
            check=False,
        )
        check(
            result.returncode == 0,
            f"webhookctl {' '.join(arguments)} ended with {result.returncode}: "
            f"{result.stderr.decode()}{result.stdout.decode()}",
        )
        return result.stdout.decode()

    def json(self, *arguments, **options):
        return json.loads(self.run("--json", *arguments, **options))


class Demo:
    def __init__(self, output, server, webhookctl, receiver, folder, key):
        self._output = output
        self._server = server
        self._webhookctl = webhookctl
        self._receiver = receiver
        self._folder = folder
        self._key = key
        self._end_time = int(time.time())
        self._webhook_ids = {}
        self._event_ids = {}

    def run(self):
        self._create_webhooks()
        self._report()
        self._receive()
        self._check_deliveries()
        self._clean_up()

    def _create_webhooks(self):
        self._output.step("Two webhooks: one of each type")
        for kind in ("default", "slack"):
            created = self._webhookctl.json(
                "webhook", "create", "--name", f"demo {kind}", "--type", kind,
                "--url", f"{self._receiver.url}/{kind}", "--on", "COMPLETED", "--on", "ERROR",
            )  # fmt: skip
            self._webhook_ids[kind] = created["webhook"]["id"]
            self._output.fact(f"webhook {created['webhook']['id']} → {created['webhook']['url']}")

    def _report(self):
        self._output.step("Two experiments end: reported as a Determined master does")
        result = self._webhookctl.json(
            "report", "experiment-state", "--state", "COMPLETED",
            "--id", str(COMPLETED["id"]), "--name", COMPLETED["name"],
            "--start", str(self._end_time - 41), "--end", str(self._end_time),
            "--occurred-at", str(self._end_time),
            "--slots-per-trial", str(COMPLETED["slots_per_trial"]),
            "--resource-pool", COMPLETED["resource_pool"],
            "--workspace-id", "1", "--workspace", COMPLETED["workspace"],
            "--project-id", "1", "--project", COMPLETED["project"],
        )  # fmt: skip
        self._take_report("COMPLETED", result)

        # Over the stream, as a master with many experiments would.
        def utc(seconds):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

        line = {
            "idempotencyKey": str(uuid.uuid4()),
            "experiment": {
                "id": ERRORED["id"],
                "state": "STATE_ERROR",
                "name": ERRORED["name"],
                "startTime": utc(self._end_time - 3900),
                "endTime": utc(self._end_time),
                "slotsPerTrial": ERRORED["slots_per_trial"],
                "resourcePool": ERRORED["resource_pool"],
                "workspaceId": 2,
                "workspaceName": ERRORED["workspace"],
                "projectId": 2,
                "projectName": ERRORED["project"],
            },
            "occurredAt": utc(self._end_time),
        }
        stream = json.dumps(line) + "\n"
        answer = self._webhookctl.json("report", "experiment-state", "-", stdin=stream)
        self._take_report("ERRORED", answer["experimentState"])
        # A report that is repeated causes nothing new.
        again = self._webhookctl.json("report", "experiment-state", "-", stdin=stream)
        check_equal("the repeated report", again["experimentState"]["duplicate"], True)
        check_equal("its event", again["experimentState"]["eventId"], self._event_ids["ERRORED"])
        self._output.fact("reported once more under the same key: it is recognised")

    def _take_report(self, state, result):
        check_equal(f"duplicate of the {state} report", result["duplicate"], False)
        check_equal(f"deliveries of the {state} report", int(result["deliveryCount"]), 2)
        self._event_ids[state] = result["eventId"]
        self._output.fact(f"event {result['eventId']} is durable; deliveries: 2")

    def _receive(self):
        self._output.step("What arrived")
        requests = self._receiver.wait_for(4, TIMEOUT)
        check_equal("the number of requests", len(requests), 4)
        for request in requests:
            event_id = request.headers["webhook-id"]
            print(f"  POST {request.path}  event {event_id}")
            self._output.block(pretty(request.payload, 90))
            check(request.authentic, "the signature is not right by the documentation's method")
            self._output.fact("authenticate_webhook_request of the documentation: True")
            check(request.standard, "the Standard Webhooks signature is not right")
            self._output.fact("Standard Webhooks signature: right")
            self._check_headers(request)
        expected = {(f"/{k}", e) for k in self._webhook_ids for e in self._event_ids.values()}
        arrived = {(r.path, r.headers["webhook-id"]) for r in requests}
        check_equal("what arrived", arrived, expected)

        by_key = {(r.path, r.headers["webhook-id"]): r for r in requests}
        for state, experiment, duration in (("COMPLETED", COMPLETED, 41), ("ERRORED", ERRORED, 3900)):
            event_id = self._event_ids[state]
            self._check_default(by_key[("/default", event_id)], state, experiment, duration)
            self._check_slack(by_key[("/slack", event_id)], state, experiment)
        self._output.fact("Default bodies are right byte for byte, Slack messages in every field")

        self._check_with_webhookctl(requests[0])

    def _check_headers(self, request):
        check_equal(
            "Content-Type", request.headers["Content-Type"], "application/json; charset=UTF-8"
        )
        timestamp = int(request.headers["X-Determined-AI-Signature-Timestamp"])
        check(
            abs(request.received_at - timestamp) <= TIMEOUT,
            f"the signature's timestamp {timestamp} is not the time of the request",
        )
        check_equal("webhook-timestamp", int(request.headers["webhook-timestamp"]), timestamp)

    def _check_default(self, request, state, experiment, duration):
        payload = {
            "event_id": self._event_ids[state],
            "event_type": "EXPERIMENT_STATE_CHANGE",
            "timestamp": self._end_time,
            "condition": {"state": state},
            "event_data": {
                "experiment": {
                    "id": experiment["id"],
                    "state": state,
                    "name": experiment["name"],
                    "slots_per_trial": experiment["slots_per_trial"],
                    "duration": duration,
                    "resource_pool": experiment["resource_pool"],
                    "workspace": experiment["workspace"],
                    "project": experiment["project"],
                }
            },
        }
        # Byte for byte: the order of the keys, no white space, ASCII only.
        check_equal(
            f"the body of {state}",
            request.body.decode(),
            json.dumps(payload, separators=(",", ":")),
        )

    def _check_slack(self, request, state, experiment):
        payload = request.payload
        text = {
            "COMPLETED": "Your experiment completed successfully 🎉",
            "ERRORED": "Your experiment has stopped with errors",
        }[state]
        title = {"COMPLETED": "✅", "ERRORED": "❌"}[state]
        escaped = (
            experiment["name"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        )
        attachment = payload["attachments"][0]
        section = attachment["blocks"][0]
        fields = [field["text"] for field in section["fields"]]
        check_equal("the Slack text", payload["blocks"][0]["text"]["text"], text)
        check_equal(
            "the Slack colour",
            attachment["color"],
            {"COMPLETED": "#13B670", "ERRORED": "#DD5040"}[state],
        )
        check_equal(
            "the Slack title", section["text"]["text"], f"{title} {escaped} (#{experiment['id']})"
        )
        check_equal(
            "the Slack fields",
            fields,
            [
                f"*Status*: {state.capitalize()}",
                f"*Duration*: {'0h 0min' if state == 'COMPLETED' else '1h 5min'}",
                f"*Workspace*: {experiment['workspace']}",
                f"*Project*: {experiment['project']}",
            ],
        )

    def _check_with_webhookctl(self, request):
        headers = self._folder / "headers.txt"
        body = self._folder / "body.json"
        key = self._folder / "key.txt"
        headers.write_text("".join(f"{k}: {v}\r\n" for k, v in request.headers.items()))
        body.write_bytes(request.body)
        key.write_text(self._key)
        arguments = ("--key-file", str(key), "--headers", str(headers), "--body", str(body))
        verdict = self._webhookctl.json("verify", *arguments)
        check_equal("webhookctl's verdict", verdict["valid"], True)
        check_equal("the number of signatures it checked", len(verdict["checks"]), 2)
        self._output.fact("webhookctl verify agrees")

    def _check_deliveries(self):
        self._output.step("What the server says of them")
        self._webhookctl.run(
            "delivery", "watch", "--since", "-1h", "--until-settled", "--count", "4",
            "--interval", "50ms", "--timeout", f"{TIMEOUT}s",
        )  # fmt: skip
        deliveries = self._webhookctl.json("delivery", "list")["deliveries"]
        check_equal("the number of deliveries", len(deliveries), 4)
        for delivery in deliveries:
            what = f"delivery {delivery['id']}"
            check_equal(f"the state of {what}", delivery["state"], "DELIVERY_STATE_DELIVERED")
            check_equal(f"the attempts of {what}", delivery["attemptCount"], 1)
            check_equal(f"the status of {what}", delivery["lastStatus"], 200)
        self._output.block(self._webhookctl.run("delivery", "list"))
        self._output.fact("all are delivered, each with one attempt")

    def _clean_up(self):
        self._output.step("Clean-up")
        for webhook_id in self._webhook_ids.values():
            self._webhookctl.run("webhook", "delete", str(webhook_id))
        check_equal("what is left", self._webhookctl.json("webhook", "list")["webhooks"], [])
        check_equal("webhookd's exit code after SIGTERM", self._server.stop(), 0)
        check_equal("the number of requests in the end", len(self._receiver.wait_for(5, 0)), 4)
        self._output.fact("the webhooks are deleted and the server is stopped")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--webhookd", required=True, help="the server's program")
    parser.add_argument("--webhookctl", required=True, help="the shell client's program")
    arguments = parser.parse_args()

    output = Output()
    key = secrets.token_hex(16)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="webhookd-demo-") as name:
        folder = Path(name)
        receiver = Receiver(key)
        server = None
        try:
            output.step("A server with an empty database, and a receiver")
            server = Server(arguments.webhookd, folder, key)
            address = server.wait_until_listening()
            output.fact(f"webhookd listens on {address}")
            output.fact(f"the receiver listens on {receiver.url}")
            webhookctl = Webhookctl(arguments.webhookctl, address, output)
            Demo(output, server, webhookctl, receiver, folder, key).run()
        except (DemoError, KeyError, IndexError, OSError, subprocess.SubprocessError,
                json.JSONDecodeError) as error:  # fmt: skip
            output.failure(f"{type(error).__name__}: {error}")
            if server is not None:
                output.failure("the end of the server's log:")
                print(server.log_tail())
            return 1
        finally:
            if server is not None:
                server.kill()
            receiver.close()
    print(f"\nEverything held, in {time.monotonic() - started:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
