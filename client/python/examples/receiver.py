"""Receives webhooks on a free port, and prints those that are genuine: receiver.py KEY [KEY...]"""

import sys

# [docs:receive]
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from webhookd.event import parse_event
from webhookd.signature import SignatureError, SignatureVerifier

verifier = SignatureVerifier(*sys.argv[1:])  # the signing key; while it is rotated, the old one too


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            verifier.verify(body, self.headers)
            event = parse_event(body)
        except SignatureError as error:
            self.answer(401, error)
        except ValueError as error:
            self.answer(400, error)
        else:
            experiment = event.event_data.experiment
            self.answer(200, f"{event.event_type} {experiment.name} {experiment.state} {event.event_id}")

    def answer(self, status, message):
        print(f"{status} {message}\n", end="", flush=True)
        self.send_response(status)
        self.end_headers()
# [docs:end]

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print("listening on", server.server_port, flush=True)
server.serve_forever()
