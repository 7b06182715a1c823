"""Servers that take reports and fail, over gRPC or REST. Each is a context that gives HOST:PORT."""

import concurrent.futures
import contextlib
import http.server
import itertools
import json
import socket
import threading

import grpc
from webhookd.gen.webhookd.v1 import ingest_pb2_grpc


@contextlib.contextmanager
def silent_server(rest):
    """Takes every report and answers none."""
    over = threading.Event()

    def fail_call(context):
        over.wait()
        context.abort(grpc.StatusCode.CANCELLED, "the test is over")

    with _serve(rest, fail_call, lambda _: over.wait()) as address:
        try:
            yield address
        finally:
            over.set()


@contextlib.contextmanager
def forgetful_server(rest, then=grpc.StatusCode.UNAUTHENTICATED):
    """Loses the connection of the first report, refuses the second, and makes an error of its own of another."""
    http_status, message = {
        grpc.StatusCode.UNAUTHENTICATED: (401, "invalid credentials"),
        grpc.StatusCode.ALREADY_EXISTS: (409, "the key belongs to another event"),
    }[then]
    reports = itertools.count()

    def fail_call(context):
        number = next(reports)
        if number == 0:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the connection is lost")
        if number > 1:
            context.abort(grpc.StatusCode.DATA_LOSS, "what was refused was reported again")
        context.abort(then, message)

    def fail_request(handler):
        number = next(reports)
        if number == 0:
            return
        code = then if number == 1 else grpc.StatusCode.DATA_LOSS
        error = {"code": code.value[0], "reason": code.name, "error": message}
        handler.send_response(http_status)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(json.dumps({"error": error}).encode())

    with _serve(rest, fail_call, fail_request) as address:
        yield address


@contextlib.contextmanager
def unused_address():
    """Where nobody listens, and nobody will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


class _Events(ingest_pb2_grpc.EventServiceServicer):
    def __init__(self, fail):
        self._fail = fail

    def ReportExperimentState(self, request, context):
        self._fail(context)

    def StreamEvents(self, request_iterator, context):
        next(request_iterator, None)
        self._fail(context)


def _serve(rest, fail_call, fail_request):
    return _serve_rest(fail_request) if rest else _serve_grpc(fail_call)


@contextlib.contextmanager
def _serve_grpc(fail):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool)
        ingest_pb2_grpc.add_EventServiceServicer_to_server(_Events(fail), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


@contextlib.contextmanager
def _serve_rest(fail):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            fail(self)  # the connection ends after it, whether there is an answer or not

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
