#!/usr/bin/env python3
"""Writes signatures.json, the requests that every verifier must judge alike.

    make_signatures.py [--check]

Computed with Python's hashlib alone, not with the server's code, so that both can be wrong only apart.
--check fails when the file differs from what would be written.
"""

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path

NOW = 1666890081
TOLERANCE = 300
KEY = "testsigningkey"
OLD_KEY = "the key before"
EVENT_ID = "4cd26e62-60c6-4a8b-8d03-7629091a4ef5"
# The known vector: its signature is what a Determined master computes.
BODY = (
    b'{"id":1,"state":"COMPLETED","name":"test-name","duration":1,"resource_pool":"default",'
    b'"slots_per_trial":1,"workspace":"workspace","project":"project"}'
)
KNOWN_SIGNATURE = "899cc042278415da7d91605ffefe81376d64a4d842aa5663cd614f497f88910f"

D_TIME = "X-Determined-AI-Signature-Timestamp"
D_SIGNATURE = "X-Determined-AI-Signature"
S_ID = "webhook-id"
S_TIME = "webhook-timestamp"
S_SIGNATURE = "webhook-signature"


def mac(key, message):
    return hmac.new(key.encode(), message, hashlib.sha256).digest()


def determined(body=BODY, key=KEY, timestamp=NOW):
    signature = mac(key, f"{timestamp},".encode() + body).hex()
    return [[D_TIME, str(timestamp)], [D_SIGNATURE, signature]]


def standard_signature(body=BODY, key=KEY, timestamp=NOW, event_id=EVENT_ID):
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(mac(key, signed)).decode()


def standard(body=BODY, key=KEY, timestamp=NOW, event_id=EVENT_ID, signature=None):
    if signature is None:
        signature = standard_signature(body, key, timestamp, event_id)
    return [[S_ID, event_id], [S_TIME, str(timestamp)], [S_SIGNATURE, signature]]


def both(**arguments):
    return determined(**arguments) + standard(**arguments)


def replaced(headers, name, value):
    return [[n, value if n == name else v] for n, v in headers]


def without(headers, *names):
    return [[n, v] for n, v in headers if n not in names]


def doubled(headers, name, value=None):
    return headers + [[name, dict(headers)[name] if value is None else value]]


def flipped(text, index, bit=1):
    """One bit of one character, as long as it stays one that a header may have."""
    return text[:index] + chr(ord(text[index]) ^ bit) + text[index + 1 :]


def vectors():
    def vector(name, expect, headers, body=BODY, keys=(KEY,), now=NOW, tolerance=TOLERANCE):
        result.append(
            {
                "name": name,
                "expect": expect,
                "keys": list(keys),
                "now": now,
                "tolerance_seconds": tolerance,
                "headers": headers,
                "body_base64": base64.b64encode(body).decode(),
            }
        )

    result = []
    assert dict(determined())[D_SIGNATURE] == KNOWN_SIGNATURE

    vector("both families", "ok", both())
    vector("the known vector: Determined's headers alone", "ok", determined())
    vector("Standard Webhooks' headers alone", "ok", standard())
    vector("names of headers in lower case", "ok", [[n.lower(), v] for n, v in both()])
    vector("names of headers in upper case", "ok", [[n.upper(), v] for n, v in both()])
    vector("other headers around", "ok", [["Host", "a"], *both(), ["Content-Type", "text/plain"]])
    vector("empty body", "ok", both(body=b""), body=b"")
    text = '{"name":"Ünï-実験 🧪","description":"שלום\u2028"}'.encode()
    vector("body in UTF-8", "ok", both(body=text), body=text)
    raw = bytes(range(256))
    vector("body of every byte", "ok", both(body=raw), body=raw)
    newline = b'{"a":1}\r\n'
    vector("body that ends with a line break", "ok", both(body=newline), body=newline)
    for size in (55, 56, 63, 64, 65, 119, 120, 1000):
        long_body = b"x" * size
        vector(f"body of {size} bytes", "ok", both(body=long_body), body=long_body)
    vector("key in many scripts", "ok", both(key="ключ 鍵 🔑"), keys=["ключ 鍵 🔑"])
    vector("key longer than a block", "ok", both(key="k" * 100), keys=["k" * 100])
    vector("key of a block's length", "ok", both(key="k" * 64), keys=["k" * 64])

    vector("rotation: the old key's signature while both are known", "ok", both(key=OLD_KEY),
           keys=[KEY, OLD_KEY])
    vector("rotation: the new key's signature while both are known", "ok", both(), keys=[OLD_KEY, KEY])
    two = standard_signature() + " " + standard_signature(key=OLD_KEY)
    vector("rotation: two signatures, only the new key known", "ok", standard(signature=two))
    vector("rotation: two signatures, only the old key known", "ok", standard(signature=two),
           keys=[OLD_KEY])
    vector("a signature of another kind beside", "ok",
           standard(signature="v1a,bm90IGNoZWNrZWQ= " + standard_signature()))
    vector("rotation is over: the old key is forgotten", "wrong_signature", both(key=OLD_KEY))
    vector("wrong key", "wrong_signature", both(), keys=["testsigningkez"])
    vector("key with a line break behind it", "wrong_signature", both(), keys=[KEY + "\n"])
    vector("signatures of two keys, one a family", "ok", determined(key=OLD_KEY) + standard(),
           keys=[KEY, OLD_KEY])

    for index, value in ((0, 1), (5, 32), (len(BODY) - 1, 128)):
        body = bytearray(BODY)
        body[index] ^= value
        for family, headers in (("Determined's", determined()), ("Standard Webhooks'", standard())):
            vector(f"{family} headers, one bit of byte {index} of the body", "wrong_signature",
                   headers, body=bytes(body))
    vector("body without its last byte", "wrong_signature", both(), body=BODY[:-1])
    vector("body with a line break added", "wrong_signature", both(), body=BODY + b"\n")
    vector("body written anew with white space", "wrong_signature", both(),
           body=json.dumps(json.loads(BODY)).encode())
    vector("no body", "wrong_signature", both(), body=b"")

    signature = dict(determined())[D_SIGNATURE]
    for index in range(0, 64, 9):
        vector(f"{D_SIGNATURE}: one bit of character {index}", "wrong_signature",
               replaced(both(), D_SIGNATURE, flipped(signature, index)))
    vector(f"{D_SIGNATURE}: one bit of the timestamp", "wrong_signature",
           replaced(both(), D_TIME, flipped(str(NOW), 9)))
    vector(f"{D_SIGNATURE} in upper case", "wrong_signature",
           replaced(determined(), D_SIGNATURE, signature.upper()))
    vector(f"{D_SIGNATURE} cut short", "wrong_signature",
           replaced(determined(), D_SIGNATURE, signature[:-1]))
    vector(f"{D_SIGNATURE} with more behind it", "wrong_signature",
           replaced(determined(), D_SIGNATURE, signature + "0"))
    vector(f"{D_SIGNATURE} of other characters", "wrong_signature",
           replaced(determined(), D_SIGNATURE, "\u00e9" * 32))
    signature = standard_signature()
    for index in range(3, 3 + 44, 7):
        vector(f"{S_SIGNATURE}: one bit of character {index}", "wrong_signature",
               replaced(both(), S_SIGNATURE, flipped(signature, index)))
    vector(f"{S_SIGNATURE}: other unused bits in its last character", "wrong_signature",
           replaced(standard(), S_SIGNATURE,
                    signature[:-2] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".index(
                            signature[-2]) ^ 1] + "="))
    vector(f"{S_SIGNATURE}: one bit of the timestamp", "wrong_signature",
           replaced(both(), S_TIME, flipped(str(NOW), 9)))
    vector(f"{S_SIGNATURE}: one bit of the id", "wrong_signature",
           replaced(both(), S_ID, flipped(EVENT_ID, 0)))
    vector(f"{S_SIGNATURE} of an unknown version only", "wrong_signature",
           replaced(both(), S_SIGNATURE, "v2" + signature[2:]))
    vector(f"{S_SIGNATURE} with Ed25519 only", "wrong_signature",
           replaced(both(), S_SIGNATURE, "v1a" + signature[2:]))
    vector(f"{S_SIGNATURE} without its version", "wrong_signature",
           replaced(both(), S_SIGNATURE, signature[3:]))
    vector("one family right, Determined's of another body", "wrong_signature",
           determined(body=b"{}") + standard())
    vector("one family right, Standard Webhooks' of another body", "wrong_signature",
           determined() + standard(body=b"{}"))

    for age, expect in ((299, "ok"), (300, "ok"), (301, "stale"), (86400, "stale")):
        for family, make in (("Determined's", determined), ("Standard Webhooks'", standard)):
            vector(f"{family} headers, {age} s old", expect, make(timestamp=NOW - age))
    for age, expect in ((299, "ok"), (300, "ok"), (301, "future"), (86400, "future")):
        for family, make in (("Determined's", determined), ("Standard Webhooks'", standard)):
            vector(f"{family} headers, from {age} s ahead", expect, make(timestamp=NOW + age))
    vector("a narrow window holds", "ok", both(timestamp=NOW - 10), tolerance=10)
    vector("a narrow window is passed", "stale", both(timestamp=NOW - 11), tolerance=10)
    vector("an old timestamp made new", "wrong_signature",
           replaced(determined(timestamp=NOW - 1000), D_TIME, str(NOW)))
    vector("one family right, the other stale", "stale",
           determined() + standard(timestamp=NOW - 1000))

    for text in ("", "abc", "1666890081.0", "+1666890081", "-1", " 1666890081", "1666890081 ",
                 "1666890081, 1666890081", "99999999999999999999", "\u0661"):
        # Signed rightly, so that nothing but the timestamp's form can be what is wrong.
        d = mac(KEY, text.encode() + b"," + BODY).hex()
        s = "v1," + base64.b64encode(mac(KEY, f"{EVENT_ID}.{text}.".encode() + BODY)).decode()
        vector(f"Determined's timestamp {text!r}", "malformed_header", [[D_TIME, text], [D_SIGNATURE, d]])
        vector(f"Standard Webhooks' timestamp {text!r}", "malformed_header",
               [[S_ID, EVENT_ID], [S_TIME, text], [S_SIGNATURE, s]])

    vector("no headers", "missing_header", [])
    vector("only others' headers", "missing_header", [["Host", "a"]])
    for name in (D_TIME, D_SIGNATURE):
        vector(f"{name} is missing", "missing_header", without(determined(), name))
        vector(f"{name} is missing, the other family is whole", "missing_header", without(both(), name))
    for name in (S_ID, S_TIME, S_SIGNATURE):
        vector(f"{name} is missing", "missing_header", without(standard(), name))
        vector(f"{name} is missing, the other family is whole", "missing_header", without(both(), name))
    for name in (D_TIME, D_SIGNATURE, S_ID, S_TIME, S_SIGNATURE):
        vector(f"{name} is there twice, the same", "doubled_header", doubled(both(), name))
        vector(f"{name} is there twice, with another value", "doubled_header",
               doubled(both(), name, "0"))
    vector("a doubled header in another case", "doubled_header",
           both() + [[D_SIGNATURE.lower(), "0" * 64]])
    return result


def main():
    path = Path(__file__).with_name("signatures.json")
    # One line a vector.
    lines = ",\n".join(json.dumps(v, ensure_ascii=True) for v in vectors())
    text = '{"vectors": [\n' + lines + "\n]}\n"
    if sys.argv[1:] == ["--check"]:
        if path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is stale; run {Path(__file__).name}")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: {len(vectors())} vectors")


if __name__ == "__main__":
    main()
