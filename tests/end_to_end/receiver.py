#!/usr/bin/env python3
"""A receiver of webhooks, written from the Python example in Determined's documentation.

    receiver.py --key KEY [--port 9000]

prints every request that comes in and whether its signatures are right. It answers 200 when they
are and 401 when they are not. Only the standard library is used.
"""

import argparse
import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


# As the documentation prints it, but for the right-hand side of calculated_signed_payload, which is
# missing there.
# User defined function to authenticate webhook requests
def authenticate_webhook_request(request_body, request_headers, webhook_signing_key):
   timestamp = request_headers["X-Determined-AI-Signature-Timestamp"]
   signed_payload = request_headers["X-Determined-AI-Signature"]
   request_body = json.dumps(separators=(",",":"), obj=json.loads(request_body))
   calculated_signed_payload = hmac.new(webhook_signing_key.encode(), f"{timestamp},{request_body}".encode(), hashlib.sha256).hexdigest()
   return calculated_signed_payload == signed_payload


def authenticate_standard_webhook(body, headers, key):
    """Whether one of the signatures of the Standard Webhooks headers is right for the raw body."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(key.encode(), signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return any(
        hmac.compare_digest(expected, signature)
        for signature in headers["webhook-signature"].split()
    )


@dataclass
class Request:
    """A request that came in."""

    path: str
    headers: dict  # str to str; case-insensitive, as http.client makes it
    body: bytes
    authentic: bool  # by the documentation's method
    standard: bool  # by the Standard Webhooks specification
    received_at: float  # Unix seconds

    @property
    def payload(self):
        return json.loads(self.body)


class Receiver:
    """Takes webhook requests on 127.0.0.1 and keeps them, in a thread of its own."""

    def __init__(self, key, port=0, on_request=None):
        """Listens. `port` 0 takes any free one. `on_request` is called with every Request."""
        self._key = key
        self._on_request = on_request
        self._arrived = threading.Condition()
        self._requests = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                accepted = receiver._take(self.path, self.headers, body)
                self.send_response(200 if accepted else 401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def wait_for(self, count, timeout):
        """Waits until `count` requests have come in, `timeout` seconds at most; returns all."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._requests) >= count, timeout)
            return list(self._requests)

    def wait_for_path(self, path, timeout):
        """Waits for the first request to a path, whatever else comes in; TimeoutError after `timeout` seconds."""

        def found():
            return next((request for request in self._requests if request.path == path), None)

        with self._arrived:
            request = self._arrived.wait_for(found, timeout)
            if request is None:
                raise TimeoutError(f"no request to {path} within {timeout} s")
            return request

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, path, headers, body):
        request = Request(
            path=path,
            headers=headers,
            body=body,
            authentic=_holds(authenticate_webhook_request, body, headers, self._key),
            standard=_holds(authenticate_standard_webhook, body, headers, self._key),
            received_at=time.time(),
        )
        with self._arrived:
            self._requests.append(request)
            self._arrived.notify_all()
        if self._on_request is not None:
            self._on_request(request)
        return request.authentic and request.standard


def _holds(authenticate, body, headers, key):
    """A request that cannot even be read is not authentic."""
    try:
        return authenticate(body, headers, key)
    except (AttributeError, TypeError, ValueError):
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--key", required=True, help="the signing key")
    parser.add_argument("--port", type=int, default=9000, help="port on 127.0.0.1")
    arguments = parser.parse_args()

    def show(request):
        verdict = "authentic" if request.authentic and request.standard else "NOT AUTHENTIC"
        print(f"{request.path}: {verdict}")
        print(request.body.decode(errors="backslashreplace"), flush=True)

    receiver = Receiver(arguments.key, arguments.port, show)
    print(f"listening on {receiver.url}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        receiver.close()


if __name__ == "__main__":
    main()
