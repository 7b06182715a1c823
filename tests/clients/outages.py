"""What becomes of reports while the server, or the way to it, is gone.

All clients at once report to a server that is killed and started again, or stopped and continued, and over connections
that fall silent without being closed, as when a firewall has forgotten them. A report must then be stored within 5 s of
the moment when a program that had just been started would get through, and once only. When that is on this machine at
this time is what fresh connections show, which are made over and over meanwhile.
"""

import concurrent.futures
import contextlib
import itertools
import queue
import random
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import grpc
from languages import start
from server import TIMEOUT, Api, ForgetfulWay, Server, check, check_equal, wait_for
from webhookd.gen.determined.experiment.v1 import experiment_pb2
from webhookd.gen.webhookd.v1 import ingest_pb2, ingest_pb2_grpc

DEADLINE = 600  # seconds for each report, so that it is judged before it gives up
COMES_BACK = 5.0  # seconds that docs/clients.md promises
# A connection that says nothing is given up after as many seconds: gRPC sends a ping after 10 s and waits as long for
# its answer; with fetch it is one try's time.
GRPC_NOTICES = 20.0
REST_NOTICES = 10.0
# How many times as long as the slowest fresh connection a client may take beyond that.
SLOWNESS = 20


@dataclass
class Mode:
    """One way to report in a language."""

    language: object
    name: str
    notices: float  # GRPC_NOTICES or REST_NOTICES

    def __str__(self):
        return f"{self.language.name} {self.name}"


class Client:
    """A driver that reports one event whenever it is told to."""

    def __init__(self, mode, address, token):
        self.mode = mode
        self.event_ids = []  # of what was stored
        self._keys = (f"{mode} {i}" for i in itertools.count(1))
        self._answers = queue.Queue()
        command = [*mode.language.driver, address, token or "-", mode.name, "-", DEADLINE, 20]
        self._process = start(mode.language, command, talks=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def send(self):
        self._process.stdin.write(next(self._keys) + "\n")
        self._process.stdin.flush()

    def stored_at(self):
        """When the report that was sent was stored."""
        at, line = self._answers.get(timeout=2 * DEADLINE)
        check(line.startswith("stored "), f"{self.mode}: {line}")
        self.event_ids.append(line.split()[1])
        return at

    def flow(self, over):
        """Reports over and over. Returns when a report was stored that began when it was over."""
        while True:
            last = over.is_set()
            self.send()
            at = self.stored_at()
            if last:
                return at

    def close(self):
        self._process.kill()
        self._reader.join()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()

    def _read(self):
        for line in self._process.stdout:
            self._answers.put((time.monotonic(), line.strip()))
        self._answers.put((time.monotonic(), f"the driver ended: {self._process.stderr.read()}"))


class FreshConnections:
    """Reports over one new connection after another, which shows what the machine can do."""

    def __init__(self, address, token):
        self.first = None  # when the first report was stored
        self.slowest = 0.0  # seconds that one took
        self._address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def wait_for_first(self):
        wait_for("a report over a fresh connection", lambda: self.first is not None)

    def _run(self):
        report = ingest_pb2.ReportExperimentStateRequest(
            experiment=ingest_pb2.Experiment(id=1, state=experiment_pb2.STATE_RUNNING)
        )
        while not self._over.is_set():
            started = time.monotonic()
            # Channels with the same arguments would share a connection.
            with grpc.insecure_channel(self._address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
                try:
                    ingest_pb2_grpc.EventServiceStub(channel).ReportExperimentState(
                        report, metadata=self._metadata, timeout=TIMEOUT
                    )
                except grpc.RpcError:
                    continue
            now = time.monotonic()
            if self.first is None:
                self.first = now
            else:
                self.slowest = max(self.slowest, now - started)
            self._over.wait(0.05)


class Trial:
    """A server, and clients of all modes."""

    def __init__(self, modes, address, token, say):
        self._address = address
        self._token = token
        self._say = say
        self._pool = concurrent.futures.ThreadPoolExecutor(len(modes))
        self._clients = []
        try:
            for mode in modes:
                self._clients.append(Client(mode, address, token))
            self._all_report()
        except BaseException:
            self.close()
            raise

    def close(self):
        for client in self._clients:
            client.close()
        self._pool.shutdown()

    @property
    def event_ids(self):
        return [event_id for client in self._clients for event_id in client.event_ids]

    def outage(self, what, begin, seconds, end, reports, silent=False):
        """`begin` and `end` make and end it. Reports flow "before" it, and one more begins "during" or "after" it.
        `silent`: they are due only when it can have been noticed."""
        over = threading.Event()
        flowing = [self._pool.submit(c.flow, over) for c in self._clients] if reports == "before" else []
        begin()
        began = time.monotonic()
        if reports == "during":
            time.sleep(seconds / 10)
            for client in self._clients:
                client.send()
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        end()
        ended = time.monotonic()
        with FreshConnections(self._address, self._token) as fresh:
            if reports == "after":
                for client in self._clients:
                    client.send()
            fresh.wait_for_first()
            over.set()
            stored = [flow.result() for flow in flowing] or [client.stored_at() for client in self._clients]
        late, shown = [], []
        for client, at in zip(self._clients, stored):
            due = max(fresh.first, began + client.mode.notices if silent else 0.0)
            shown.append((at - ended, str(client.mode)))
            if at > due + COMES_BACK + SLOWNESS * fresh.slowest:
                late.append(f"{client.mode}, {at - due:.1f} s after it was due")
        text = ", ".join(f"{name} {after:.1f}" for after, name in sorted(shown, reverse=True))
        self._say(f"{what}: stored over a fresh connection {fresh.first - ended:.1f} s after it (later in "
                  f"{fresh.slowest:.2f} s at most), by {text}")  # fmt: skip
        check(not late, f"{what}: stored too late: {'; '.join(late)}")
        self._all_report()

    def quiet(self, seconds, count_connections):
        """Nobody reports: connections stay, and their pings are not too many for the server."""
        before = count_connections()
        time.sleep(seconds)
        check_equal(f"the number of connections made after {seconds} s without reports", count_connections(), before)
        self._all_report()
        self._say(f"{before} connections stayed as they were without reports for {seconds} s")

    def _all_report(self):
        for client in self._clients:
            client.send()
        for client in self._clients:
            client.stored_at()


@contextlib.contextmanager
def _trial(webhookd, modes, silent, say):
    """Gives the trial, the server, and the way to it. In the end each report must be stored once."""
    with tempfile.TemporaryDirectory(prefix="webhookd-outages-") as folder, contextlib.ExitStack() as stack:
        # While the server is away nobody else takes a port of such an address.
        host = ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])
        server = Server(webhookd, Path(folder), host=host)
        stack.callback(server.kill)
        way = ForgetfulWay(server.address)
        stack.callback(way.close)
        api = Api(server.address)
        api.sign_in()
        webhook = api.create_webhook("outages", "http://127.0.0.1:9/unused", "COMPLETED")
        api.close()
        trial = Trial(modes, way.address if silent else server.address, api.token, say)
        stack.callback(trial.close)
        yield trial, server, way
        api = Api(server.address)
        stack.callback(api.close)
        api.sign_in()
        stored = [delivery.event_id for delivery in api.deliveries(webhook)]
        check_equal("the number of stored events", len(stored), len(trial.event_ids))
        check_equal("the stored events", set(stored), set(trial.event_ids))
        say(f"{len(stored)} reports were stored once each")


def _check_absence(webhookd, modes, say):
    with _trial(webhookd, modes, False, say) as (trial, server, _):
        trial.outage("killed under load, back in 0.5 s", server.kill, 0.5, server.start, "before")
        trial.outage("killed under load, back in 4 s", server.kill, 4, server.start, "before")
        trial.outage("killed while nobody reports, back in 3 s", server.kill, 3, server.start, "after")
        trial.outage("killed, back in 12 s", server.kill, 12, server.start, "during")
        trial.outage("stopped under load, continued in 4 s", server.suspend, 4, server.resume, "before")
        trial.outage("stopped, continued in 25 s", server.suspend, 25, server.resume, "during")


def _check_silence(webhookd, modes, say):
    def nothing():
        pass

    with _trial(webhookd, modes, True, say) as (trial, _, way):
        trial.quiet(45, way.connection_count)
        trial.outage("connections forgotten under load", way.forget, 0, nothing, "before", silent=True)
        trial.outage("connections forgotten 22 s before a report", way.forget, 22, nothing, "after")
        trial.outage("connections forgotten, new ones dropped in 30 s", way.block, 30, way.unblock, "during",
                     silent=True)  # fmt: skip
        # The server's pings take up to 80 s, most of which are over.
        wait_for("the server's end of forgotten connections", way.server_gave_up)
        say("the server gave up the connections that were forgotten")


def check_outages(webhookd, languages, say):
    """Both at once, each with a server and clients of its own, since most of the time they wait."""
    modes = []
    for language in languages:
        modes += [Mode(language, name, GRPC_NOTICES) for name in language.modes + language.more_modes]
        modes += [Mode(language, name, REST_NOTICES) for name in language.rest_modes]

    def run(trial):
        try:
            trial(webhookd, modes, say)
        except Exception as error:  # the other one goes on for minutes
            say(f"FAILED: {error}")
            raise

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        trials = [pool.submit(run, trial) for trial in (_check_absence, _check_silence)]
    for trial in trials:
        trial.result()
