"""Verifies that a request comes from webhookd and is fresh. Needs the standard library only."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import Iterable, Mapping, Optional, Protocol, Union

_DETERMINED = ("x-determined-ai-signature-timestamp", "x-determined-ai-signature")
_STANDARD = ("webhook-timestamp", "webhook-signature", "webhook-id")
_CANONICAL = {name: name.title().replace("-Ai-", "-AI-") for name in _DETERMINED}
_TIMESTAMP = re.compile(r"[0-9]{1,12}\Z", re.ASCII)


class SignatureProblem(enum.Enum):
    """Why a request was refused."""

    MISSING_HEADER = "missing_header"
    DOUBLED_HEADER = "doubled_header"
    MALFORMED_HEADER = "malformed_header"
    WRONG_SIGNATURE = "wrong_signature"
    STALE = "stale"
    FUTURE = "future"


class SignatureError(Exception):
    """The request must not be trusted; answer 401."""

    def __init__(self, problem: SignatureProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True)
class Verified:
    """What the signature vouches for."""

    timestamp: int  # when the request was made, in Unix seconds
    event_id: Optional[str]  # the webhook-id header, if it was there: the same for every repetition


class _HasItems(Protocol):
    def items(self) -> Iterable[tuple[str, str]]: ...


Headers = Union[Mapping[str, str], Iterable[tuple[str, str]], _HasItems]


class SignatureVerifier:
    """Checks Determined's signature headers and those of Standard Webhooks. Thread-safe.

    A request may bear either family or both; every family that it bears must be whole and right.
    """

    def __init__(self, *keys: str, tolerance: float = 300) -> None:
        """`keys`: the signing key; during a rotation the new and the old one. `tolerance`: how many
        seconds the request's time may lie before or after this machine's. ValueError for no key."""
        if not keys or not all(keys):
            raise ValueError("a signing key is needed, and it must not be empty")
        if tolerance < 0:
            raise ValueError(f"tolerance is {tolerance}; it must not be negative")
        self._keys = [key.encode() for key in keys]
        self._tolerance = tolerance

    def verify(self, body: bytes, headers: Headers, *, now: Optional[float] = None) -> Verified:
        """Returns what is vouched for, or raises SignatureError.

        `body`: the bytes as they came, before anything parsed them. `headers`: a mapping, pairs, or
        an object whose items() gives pairs, such as http.server's; names in any case.
        """
        found = self._find(headers)
        families = [f for f in (_DETERMINED, _STANDARD) if any(name in found for name in f)]
        if not families:
            raise SignatureError(
                SignatureProblem.MISSING_HEADER,
                "the request has no signature header: neither X-Determined-AI-Signature nor "
                "webhook-signature",
            )
        for family in families:
            for name in family:
                if name not in found:
                    raise SignatureError(
                        SignatureProblem.MISSING_HEADER, f"header {_show(name)} is missing"
                    )
        for family in families:
            if not _TIMESTAMP.match(found[family[0]]):
                raise SignatureError(
                    SignatureProblem.MALFORMED_HEADER,
                    f"header {_show(family[0])} is {found[family[0]]!r}, not a number of Unix seconds",
                )
        for family in families:
            if not self._is_signed(family, found, body):
                raise SignatureError(
                    SignatureProblem.WRONG_SIGNATURE,
                    f"header {_show(family[1])} does not match: another key signed it, or the body "
                    "or a header was changed on its way",
                )
        current = time.time() if now is None else now
        for family in families:
            self._check_time(_show(family[0]), int(found[family[0]]), current)
        return Verified(int(found[families[0][0]]), found.get("webhook-id"))

    @staticmethod
    def _find(headers: Headers) -> dict[str, str]:
        found: dict[str, str] = {}
        pairs = headers.items() if hasattr(headers, "items") else headers
        for name, value in pairs:
            name = name.lower()
            if name not in _DETERMINED and name not in _STANDARD:
                continue
            if name in found:
                raise SignatureError(
                    SignatureProblem.DOUBLED_HEADER, f"header {_show(name)} is there twice"
                )
            found[name] = value
        return found

    def _is_signed(self, family: tuple[str, ...], found: dict[str, str], body: bytes) -> bool:
        right = False
        # Every key and every signature is compared, so that the time tells nothing of them.
        for key in self._keys:
            if family is _DETERMINED:
                signed = found[family[0]].encode() + b"," + body
                expected = hmac.new(key, signed, hashlib.sha256).hexdigest().encode()
                given = [found[family[1]]]
            else:
                signed = f"{found['webhook-id']}.{found[family[0]]}.".encode() + body
                digest = hmac.new(key, signed, hashlib.sha256).digest()
                expected = b"v1," + base64.b64encode(digest)
                given = found[family[1]].split(" ")
            for signature in given:
                right |= hmac.compare_digest(expected, signature.encode())
        return right

    def _check_time(self, header: str, timestamp: int, now: float) -> None:
        age = int(now) - timestamp
        if age > self._tolerance:
            raise SignatureError(
                SignatureProblem.STALE,
                f"the signature is right but {age} s old, by {header}; at most {self._tolerance} s "
                "are accepted. Either the request is replayed, or a clock is wrong",
            )
        if -age > self._tolerance:
            raise SignatureError(
                SignatureProblem.FUTURE,
                f"the signature is right but from {-age} s in the future, by {header}; at most "
                f"{self._tolerance} s are accepted. Is this machine's clock slow?",
            )


def _show(name: str) -> str:
    return _CANONICAL.get(name, name)
