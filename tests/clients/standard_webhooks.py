"""The Standard Webhooks project's own Python package accepts what webhookd signs, and the receiver of
Determined's documentation accepts every body in tests/vectors."""

import base64
import json
import sys
import unittest
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "end_to_end"), str(ROOT / "tests" / "vectors")]
sys.dont_write_bytecode = True
from make_signatures import KEY, determined
from receiver import authenticate_webhook_request

FAMILY = {"webhook-id", "webhook-timestamp", "webhook-signature"}


class StandardWebhooksTest(unittest.TestCase):
    def test_judges_the_vectors_as_we_do(self):
        counts = {True: 0, False: 0}
        for vector in json.loads((ROOT / "tests" / "vectors" / "signatures.json").read_text())["vectors"]:
            headers = {name.lower(): value for name, value in vector["headers"]}
            if vector["expect"] == "ok":
                headers = {name: value for name, value in headers.items() if name in FAMILY}
            body = base64.b64decode(vector["body_base64"])
            # It takes text, one key, a window of five minutes, and these headers alone.
            if (set(headers) != FAMILY or len(vector["keys"]) != 1 or vector["tolerance_seconds"] != 300
                    or vector["expect"] == "malformed_header" or "unused bits" in vector["name"]):  # fmt: skip
                continue
            if headers["webhook-signature"].count(",") != headers["webhook-signature"].count(" ") + 1:
                continue
            try:
                text = body.decode()
            except UnicodeDecodeError:
                continue
            secret = base64.b64encode(vector["keys"][0].encode()).decode()
            with self.subTest(vector["name"]), mock.patch(
                "standardwebhooks.webhooks.datetime"
            ) as clock, mock.patch("standardwebhooks.webhooks.json.loads"):
                clock.now.return_value = datetime.fromtimestamp(vector["now"], tz=timezone.utc)
                clock.fromtimestamp = datetime.fromtimestamp
                try:
                    Webhook(secret).verify(text, headers)
                    verdict = True
                except WebhookVerificationError:
                    verdict = False
                self.assertEqual(verdict, vector["expect"] == "ok")
                counts[verdict] += 1
        self.assertGreater(counts[True], 10)
        self.assertGreater(counts[False], 5)


class DocumentationTest(unittest.TestCase):
    def test_its_receiver_accepts_every_body(self):
        bodies = sorted((ROOT / "tests" / "vectors" / "bodies").glob("*.json"))
        self.assertGreater(len(bodies), 10)
        for path in bodies:
            with self.subTest(path.name):
                body = path.read_bytes().removesuffix(b"\n")
                headers = dict(determined(body=body))
                self.assertTrue(authenticate_webhook_request(body, headers, KEY))


if __name__ == "__main__":
    unittest.main()
