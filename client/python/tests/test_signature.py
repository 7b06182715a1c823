"""The shared vectors."""

import base64
import json
import unittest
from pathlib import Path

from webhookd.signature import SignatureError, SignatureVerifier

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "signatures.json"


class SignatureVerifierTest(unittest.TestCase):
    def test_judges_every_vector(self):
        vectors = json.loads(VECTORS.read_text())["vectors"]
        self.assertGreater(len(vectors), 100)
        for vector in vectors:
            with self.subTest(vector["name"]):
                verifier = SignatureVerifier(*vector["keys"], tolerance=vector["tolerance_seconds"])
                try:
                    verifier.verify(
                        base64.b64decode(vector["body_base64"]),
                        [tuple(pair) for pair in vector["headers"]],
                        now=vector["now"],
                    )
                    verdict = "ok"
                except SignatureError as error:
                    verdict = error.problem.value
                self.assertEqual(verdict, vector["expect"])

    def test_refuses_every_changed_bit(self):
        vector = next(v for v in json.loads(VECTORS.read_text())["vectors"] if v["expect"] == "ok")
        body = base64.b64decode(vector["body_base64"])
        headers = [tuple(pair) for pair in vector["headers"]]
        verifier = SignatureVerifier(*vector["keys"])
        for bit in range(8 * len(body)):
            changed = bytearray(body)
            changed[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(SignatureError):
                verifier.verify(bytes(changed), headers, now=vector["now"])

    def test_needs_a_key(self):
        for keys in ((), ("",), ("key", "")):
            with self.assertRaises(ValueError):
                SignatureVerifier(*keys)


if __name__ == "__main__":
    unittest.main()
