"""webhookd's REST beside a gateway that grpc-gateway's own plugins generate from the same protos.

Every row of gateway_rows.json is sent to both: to a webhookd, and to the Go gateway in front of
another webhookd. Both start empty and get the rows in the same order, so what they answer must be
the same: the status, the headers that matter, and the JSON by its meaning. Each profile is compared
with the version of grpc-gateway that it follows.
"""

import base64
import json
import re
import unittest

import server

ROWS = server.HERE / "gateway_rows.json"

# Values that differ by nature. Compared is only that both have one of this form.
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
VOLATILE = {
    "acceptedAt": TIME,
    "occurredAt": TIME,
    "webhooksVersion": r"\d+",
    "createdAt": TIME,
    "disabledAt": TIME,
    "finishedAt": TIME,
    "lastAuthAt": TIME,
    "modifiedAt": TIME,
    "nextAttemptAt": TIME,
    "startedAt": TIME,
    "duration": r"\d+(\.\d+)?s",
    "eventId": UUID,
    "clusterId": UUID,
    "masterId": UUID,
    "token": r"\S{20,}",
    "deliveryId": r"\d+",
    "nextPageToken": r"\S+",
    "requestBody": r"(?s).+",
    # Of a request's header: a timestamp, an event's id, a signature of either family.
    "value": rf"\d{{10}}|{UUID}|[0-9a-f]{{64}}|v1,\S{{44}}",
}

# Headers that clients of grpc-gateway rely on.
HEADERS = ("content-type", "www-authenticate", "trailer")
# What a gRPC transport says about itself is no answer's.
TRANSPORT = {
    "grpc-metadata-content-type",
    "grpc-metadata-accept-encoding",
    "grpc-metadata-grpc-accept-encoding",
}

rows_run = 0


def load_rows():
    """All rows, in order."""
    rows = json.loads(ROWS.read_text(encoding="utf-8"))["rows"]
    names = [row["name"] for row in rows]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise server.Failure(f"rows of one name: {', '.join(sorted(repeated))}")
    return rows


def without_volatile(value, key=""):
    """`value` with what differs by nature replaced by its form."""
    if isinstance(value, dict):
        return {k: without_volatile(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [without_volatile(v, key) for v in value]
    if key in VOLATILE and value is not None and re.fullmatch(VOLATILE[key], str(value)):
        return f"<{key}>"
    return value


def meaning(answer):
    """The body as values: of JSON its value, of JSON lines a list of them, else the bytes."""
    text = answer.body.decode(errors="backslashreplace")
    try:
        return without_volatile(json.loads(text))
    except ValueError:
        pass
    try:
        lines = [json.loads(line) for line in text.splitlines() if line]
        return [without_volatile(line) for line in lines]
    except ValueError:
        return text


def headers_that_matter(answer):
    found = {name: answer.headers.get_all(name) for name in HEADERS}
    for name in {name.lower() for name in answer.headers.keys()}:
        if name.startswith("grpc-") and name not in TRANSPORT:
            found[name] = answer.headers.get_all(name)
    if found["trailer"] == ["Grpc-Trailer-Content-Type"]:
        del found["trailer"]
    return {name: values for name, values in found.items() if values}


def split_message(value):
    """Takes the text for people out of an error; returns (rest, text)."""
    if isinstance(value, list) and len(value) == 1:
        rest, text = split_message(value[0])
        return [rest], text
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        inner = dict(value["error"])
        texts = [inner.pop(name) for name in ("error", "message") if name in inner]
        return {**value, "error": inner}, texts[0] if texts else None
    if isinstance(value, dict) and {"code", "message"} <= value.keys():
        rest = dict(value)
        return rest, rest.pop("message")
    return value, None


class Side:
    """One of the two that are compared."""

    def __init__(self, name, address, backend):
        self.name = name
        self._address = address
        self._token = server.login(backend)

    def send(self, row, receiver_url):
        headers = [tuple(pair) for pair in row.get("headers", {}).items()]
        auth = row.get("auth", "bearer")
        if auth == "bearer":
            headers.append(("Authorization", f"Bearer {self._token}"))
        elif auth != "none":
            name, _, value = auth.partition(": ")
            headers.append((name, value.replace("${token}", self._token)))
        return server.request(
            self._address,
            row.get("method", "GET"),
            row["path"],
            body_of(row, receiver_url),
            headers,
        )


def body_of(row, receiver_url):
    if "json" in row:
        return json.dumps(row["json"]).replace("${receiver}", receiver_url)
    if "base64" in row:
        return base64.b64decode(row["base64"])
    if "repeat" in row:
        before, unit, count, after = row["repeat"]
        return before.replace("${receiver}", receiver_url) + unit * count + after
    body = row.get("body")
    return None if body is None else body.replace("${receiver}", receiver_url)


def shown(answer):
    """An answer for people."""
    headers = "".join(
        f"\n      {k}: {', '.join(v)}" for k, v in headers_that_matter(answer).items()
    )
    body = answer.body.decode(errors="backslashreplace")
    return f"{answer.status}{headers}\n      {body[:1500]}{'…' if len(body) > 1500 else ''}"


def differences(row, ours, theirs):
    """What differs between two answers to a row, in words."""
    found = []
    if ours.status != theirs.status:
        found.append(f"status {ours.status}, not {theirs.status}")
    if row.get("compare") == "status":
        return found
    our_headers, their_headers = headers_that_matter(ours), headers_that_matter(theirs)
    for name in sorted(our_headers.keys() | their_headers.keys()):
        if our_headers.get(name) != their_headers.get(name):
            found.append(f"{name} {our_headers.get(name)}, not {their_headers.get(name)}")
    our_body, our_text = split_message(meaning(ours))
    their_body, their_text = split_message(meaning(theirs))
    if our_body != their_body:
        found.append("another body")
    if bool(our_text) != bool(their_text):
        found.append("a message on one side only")
    # Where a request cannot be read, each says so in its own words.
    if row.get("message") != "own" and our_text != their_text:
        found.append("another message")
    return found


class GatewayCompare(unittest.TestCase):
    def compare(self, profile):
        global rows_run
        receiver = server.Receiver(server.SIGNING_KEY)
        self.addCleanup(receiver.close)
        ours = server.Webhookd(f"--gateway-profile={profile}")
        self.addCleanup(ours.stop)
        backend = server.Webhookd()
        self.addCleanup(backend.stop)
        gateway = server.Program(
            f"the Go gateway for {profile}",
            [server.BUILD / "bin" / "gateway", "-profile", profile, "-backend", backend.address],
        )
        self.addCleanup(gateway.stop)
        gateway_address = gateway.wait_for_line(
            lambda line: line.split(" listening on ")[1] if " listening on " in line else None
        )
        sides = [
            Side("webhookd", ours.address, ours.address),
            Side("grpc-gateway", gateway_address, backend.address),
        ]
        failures = []
        count = deliberate = 0
        for row in load_rows():
            if row.get("profile", profile) != profile:
                continue
            ours_answer, theirs_answer = (side.send(row, receiver.url) for side in sides)
            found = differences(row, ours_answer, theirs_answer)
            expected = row.get("differs", {}).get(profile, row.get("differs", {}).get("both"))
            if expected is not None:
                deliberate += 1
                found = self.deviation_failures(expected, ours_answer, found)
            count += 1
            if found:
                failures.append(
                    f"{row['name']}: {'; '.join(found)}\n"
                    f"    {row.get('method', 'GET')} {row['path']}\n"
                    f"    webhookd: {shown(ours_answer)}\n    grpc-gateway: {shown(theirs_answer)}"
                )
        rows_run += count
        print(f"{profile}: {count} rows, {deliberate} of them differ on purpose", flush=True)
        if failures:
            self.fail(f"{len(failures)} rows differ:\n" + "\n".join(failures))

    def deviation_failures(self, expected, ours, found):
        """What is wrong with an answer that is meant to differ, always or, by what the gateway is built with, sometimes."""
        if not found and not expected.get("sometimes"):
            return [f"differs no longer, although it should: {expected['reason']}"]
        wrong = []
        if ours.status != expected["status"]:
            wrong.append(f"status {ours.status}, not {expected['status']} ({expected['reason']})")
        if expected.get("contains", "") not in ours.body.decode(errors="backslashreplace"):
            wrong.append(f"no {expected['contains']!r} ({expected['reason']})")
        return wrong

    def test_determined(self):
        """As Determined's master answers: grpc-gateway 1.16 with its options."""
        self.compare("determined")

    def test_v2(self):
        """As grpc-gateway 2 answers."""
        self.compare("v2")


if __name__ == "__main__":
    server.main(lambda: rows_run)
