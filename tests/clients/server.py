"""The real server in a process of its own, and what may stand before it and lose connections."""

import http.client
import os
import select
import selectors
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import grpc
from webhookd.gen.determined.api.v1 import api_pb2_grpc, auth_pb2, webhook_pb2 as webhook_api
from webhookd.gen.determined.webhook.v1 import webhook_pb2
from webhookd.gen.webhookd.v1 import admin_pb2, admin_pb2_grpc, delivery_pb2, delivery_pb2_grpc

KEY = "testsigningkey"
PASSWORD = "A-password-of-tests-1"
TIMEOUT = 300  # seconds, for each thing that is waited for: a stop of last resort, which a busy machine does not reach


class Failure(Exception):
    """Something was not as it should be."""


def check(holds, message):
    if not holds:
        raise Failure(message)


def check_equal(what, actual, expected):
    check(actual == expected, f"{what} is {actual!r}; it should be {expected!r}")


def wait_for(what, holds):
    end = time.monotonic() + TIMEOUT
    while not holds():
        check(time.monotonic() < end, f"{what}: not within {TIMEOUT} s")
        time.sleep(0.02)


def write_certificate(folder: Path, name):
    """A certificate for such as DNS:localhost that only itself vouches for, and its key: two PEM files."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    result = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "1", "-subj", "/CN=webhookd test", "-addext", f"subjectAltName={name}",
         "-out", certificate, "-keyout", key],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    check(result.returncode == 0, f"openssl made no certificate: {result.stderr}")
    return certificate, key


class Server:
    """Starts with an empty database, and again with the same one. With a `host` of its own it keeps its port."""

    def __init__(self, program, folder: Path, flags=(), host=None):
        self.program = program
        self._folder = folder
        self._flags = flags
        self._host = host
        self._process = None
        self.address = None  # HOST:PORT; without `host` another one after each start
        self.token = ""
        self.start()

    def start(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DET_")}
        environment["DET_WEBHOOKS_SIGNING_KEY"] = KEY
        environment["DET_SECURITY_INITIAL_USER_PASSWORD"] = PASSWORD
        host = self._host or "127.0.0.1"
        port = self.address.rsplit(":", 1)[1] if self._host and self.address else 0
        with open(self._folder / "webhookd.log", "ab") as log:
            self._process = subprocess.Popen(
                [self.program, "--config-file=", f"--listen-address={host}", f"--port={port}",
                 f"--storage-path={self._folder / 'webhookd.db'}", "--egress-allow=127.0.0.0/8",
                 "--delivery-retry-schedule=0s,1s,1s,1s,1s,1s,1s,1s,1s,1s", *self._flags],
                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                text=True,
            )  # fmt: skip
        for line in self._process.stdout:
            if " listening on " in line:
                self.address = line.split(" listening on ")[1].split(",")[0].strip()
                break
        else:
            raise Failure(f"webhookd ended instead of starting:\n{self.log_tail()}")

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def suspend(self):
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(TIMEOUT)
        finally:
            self.kill()

    def serves_rest(self):
        host, port = self.address.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT)
        try:
            connection.request("GET", "/api/v1/master")
            return connection.getresponse().status == 200
        except (http.client.HTTPException, OSError):
            return False
        finally:
            connection.close()

    def log_tail(self):
        lines = (self._folder / "webhookd.log").read_text(errors="backslashreplace").splitlines()
        return "\n".join(lines[-30:])


class Api:
    """What an administrator does, through the generated Python code."""

    def __init__(self, address, roots=None):
        self._channel = (
            grpc.secure_channel(address, grpc.ssl_channel_credentials(roots))
            if roots
            else grpc.insecure_channel(address)
        )
        self._stub = api_pb2_grpc.DeterminedStub(self._channel)
        self._deliveries = delivery_pb2_grpc.DeliveryServiceStub(self._channel)
        self._metadata = ()
        self.token = ""

    def sign_in(self):
        """False from a server that asks nobody who they are."""
        if not hasattr(self._stub, "Login"):
            return False
        try:
            self.token = self._stub.Login(
                auth_pb2.LoginRequest(username="admin", password=PASSWORD), timeout=TIMEOUT
            ).token
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNIMPLEMENTED:
                raise
            return False
        self._metadata = (("authorization", f"Bearer {self.token}"),)
        return True

    def create_token(self, seconds):
        """The secret of a token that may report, and when it expires."""
        expires_at = time.time() + seconds
        request = admin_pb2.CreateTokenRequest(scope=admin_pb2.TOKEN_SCOPE_INGEST, description="of a test")
        request.expires_at.FromNanoseconds(int(expires_at * 1e9))
        stub = admin_pb2_grpc.AdminServiceStub(self._channel)
        answer = stub.CreateToken(request, timeout=TIMEOUT, metadata=self._metadata)
        return answer.secret, expires_at

    def create_webhook(self, name, url, *states):
        webhook = webhook_pb2.Webhook(
            name=name, url=url, webhook_type=webhook_pb2.WEBHOOK_TYPE_DEFAULT,
            mode=webhook_pb2.WEBHOOK_MODE_WORKSPACE,
        )  # fmt: skip
        for state in states:
            trigger = webhook.triggers.add(
                trigger_type=webhook_pb2.TRIGGER_TYPE_EXPERIMENT_STATE_CHANGE
            )
            trigger.condition["state"] = state
        request = webhook_api.PostWebhookRequest(webhook=webhook)
        return self._stub.PostWebhook(
            request, timeout=TIMEOUT, metadata=self._metadata
        ).webhook.id

    def delete_webhook(self, number):
        self._stub.DeleteWebhook(
            webhook_api.DeleteWebhookRequest(id=number), timeout=TIMEOUT, metadata=self._metadata
        )

    def deliveries(self, webhook_id):
        """All of a webhook."""
        result, token = [], ""
        while True:
            page = self._deliveries.ListDeliveries(
                delivery_pb2.ListDeliveriesRequest(webhook_id=webhook_id, page_token=token),
                timeout=TIMEOUT, metadata=self._metadata,
            )  # fmt: skip
            result += page.deliveries
            token = page.next_page_token
            if not token:
                return result

    def close(self):
        self._channel.close()


class LossyProxy:
    """Stands before a server that comes and goes, and cuts connections whose answers it has kept back:
    the server took what the client never hears of."""

    def __init__(self, server, answers_before_cut=2000):
        self._server = server
        self._limit = answers_before_cut  # bytes
        self.cuts = 0
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        # Wakes the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            host, port = self._server.address.rsplit(":", 1)
            try:
                server = socket.create_connection((host, int(port)), timeout=TIMEOUT)
            except OSError:
                return
            passed = 0
            with server:
                while True:
                    readable, _, _ = select.select([client, server], [], [])
                    try:
                        if client in readable:
                            data = client.recv(65536)
                            if not data:
                                return
                            server.sendall(data)
                        if server in readable:
                            data = server.recv(65536)
                            if not data:
                                return
                            passed += len(data)
                            # Only so often that the work is done in the end.
                            if passed > self._limit and self.cuts < 5:
                                self.cuts += 1
                                return
                            client.sendall(data)
                    except OSError:
                        return


class ForgetfulWay:
    """Stands before a server. It can forget connections as firewalls do: nothing passes any more, and nobody is told."""

    def __init__(self, server_address):
        host, port = server_address.rsplit(":", 1)
        self._server = host, int(port)
        self._mutex = threading.Lock()
        self._clients = set()  # sockets that came here
        self._passing = {}  # each end of a connection that is not forgotten, and its other end
        self._forgotten = []  # both ends of connections
        self._server_ends = []  # those of them that the server is behind
        self._connection_count = 0
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def connection_count(self):
        """How many there have been."""
        return self._connection_count

    def forget(self):
        with self._mutex:
            for end in self._passing:
                self._selector.unregister(end)
                end.setblocking(False)
            self._forgotten += self._passing
            self._server_ends += [end for end, other in self._passing.items() if other in self._clients]
            self._passing = {}

    def server_gave_up(self):
        """Whether the server has closed every connection that is forgotten."""
        return all(_is_closed(end) for end in self._server_ends)

    def block(self):
        """Forgets the connections that there are, and drops what asks for one."""
        with self._mutex:
            self._selector.unregister(self._listener)
            self._listener.listen(0)  # Linux then drops all but the first, which wait to be accepted
        self.forget()

    def unblock(self):
        with self._mutex:
            self._listener.listen()
            self._selector.register(self._listener, selectors.EVENT_READ)

    def close(self):
        self._over.set()
        self._thread.join()
        for end in [self._listener, *self._passing, *self._forgotten]:
            end.close()
        self._selector.close()

    def _run(self):
        while not self._over.is_set():
            ready = self._selector.select(0.05)
            with self._mutex:
                for key, _ in ready:
                    if key.fileobj is self._listener:
                        self._connect(self._listener.accept()[0])
                    elif key.fileobj in self._passing:
                        self._pass_on(key.fileobj)

    def _connect(self, client):
        self._connection_count += 1
        try:
            server = socket.create_connection(self._server, timeout=TIMEOUT)
        except OSError:
            client.close()
            return
        self._clients.add(client)
        for end, other in ((client, server), (server, client)):
            self._passing[end] = other
            self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, end):
        other = self._passing[end]
        try:
            data = end.recv(65536)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for side in (end, other):
            self._selector.unregister(side)
            del self._passing[side]
            side.close()


def _is_closed(end):
    """Whether the other end of a socket that does not block was closed; what came before is lost."""
    try:
        while end.recv(65536):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True
