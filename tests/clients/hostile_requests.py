"""Requests that a receiver must tell apart, signed here as the server signs."""

import base64
import hashlib
import hmac
import http.client
import json
import time

from server import KEY, TIMEOUT

BODY = json.dumps(
    {
        "event_id": "4cd26e62-60c6-4a8b-8d03-7629091a4ef5",
        "event_type": "EXPERIMENT_STATE_CHANGE",
        "timestamp": 1665689991,
        "condition": {"state": "COMPLETED"},
        "event_data": {
            "experiment": {
                "id": 41, "state": "COMPLETED", "name": "実験 🧪", "slots_per_trial": 2, "duration": 41,
                "resource_pool": "default", "workspace": "test workspace", "project": "test project",
            }
        },
        "a_field_of_the_future": {"a": [1, 2.5, None]},
    },
    separators=(",", ":"),
).encode()  # fmt: skip


def sign(body=BODY, key=KEY, age=0):
    timestamp = str(int(time.time()) - age)
    mac = lambda message: hmac.new(key.encode(), message, hashlib.sha256)
    event_id = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5"
    digest = mac(f"{event_id}.{timestamp}.".encode() + body).digest()
    return [
        ("X-Determined-AI-Signature-Timestamp", timestamp),
        ("X-Determined-AI-Signature", mac(f"{timestamp},".encode() + body).hexdigest()),
        ("webhook-id", event_id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", "v1," + base64.b64encode(digest).decode()),
    ]


def hostile_requests():
    """(name, the status to answer with, headers, body)"""
    altered = BODY.replace(b'"id":41', b'"id":43')
    reencoded = json.dumps(json.loads(BODY), ensure_ascii=False).encode()
    text = "not JSON".encode()
    forged = [(name, "0" * 64 if name.endswith("Signature") else value) for name, value in sign()]
    return [
        ("a genuine request", 200, sign(), BODY),
        ("signed with the key before the rotation", 200, sign(key="the key before"), BODY),
        ("299 s old", 200, sign(age=299 - 20), BODY),
        ("signed with another key", 401, sign(key="another key"), BODY),
        ("one hour old", 401, sign(age=3600), BODY),
        ("from one hour ahead", 401, sign(age=-3600), BODY),
        ("another number in the body", 401, sign(), altered),
        ("re-encoded by a proxy", 401, sign(), reencoded),
        ("cut short", 401, sign(), BODY[:-1]),
        ("a forged signature", 401, forged, BODY),
        ("no signature", 401, [], BODY),
        ("a signature without its timestamp", 401, sign()[1:], BODY),
        ("a doubled signature", 401, sign() + sign()[1:2], BODY),
        ("a doubled webhook-id", 401, sign() + [("webhook-id", "another")], BODY),
        ("an empty body of another request", 401, sign(), b""),
        ("genuine, but not an event", 400, sign(text), text),
    ]


def post(port, headers, body):
    """The status that a receiver on this machine answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.putrequest("POST", "/hook")
        connection.putheader("Content-Type", "application/json; charset=UTF-8")
        connection.putheader("Content-Length", str(len(body)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        return connection.getresponse().status
    finally:
        connection.close()
