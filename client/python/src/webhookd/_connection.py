"""What the blocking and the asyncio client share: addresses, options, errors, waits."""

from __future__ import annotations

import os
import random
import time
import uuid
from dataclasses import dataclass
from typing import Any, Optional, Union

import grpc

from webhookd.gen.webhookd.v1 import ingest_pb2

Report = Union[
    ingest_pb2.ReportExperimentStateRequest,
    ingest_pb2.ReportTaskLogsRequest,
    ingest_pb2.ReportMetricsRequest,
]
Answer = Union[
    ingest_pb2.ReportExperimentStateResponse,
    ingest_pb2.ReportTaskLogsResponse,
    ingest_pb2.ReportMetricsResponse,
]

CHANNEL_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 4_000),  # in spite of its name, for an attempt to connect
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # A connection that a firewall forgot looks like one where nothing happens.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # the same for pings that measure
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),  # any number
]

# With an idempotency key a repetition is harmless, so what matters is whether it may help. A server
# that stops cancels its calls.
_WORTH_RETRYING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
    }
)
# A stream that breaks for any other reason is opened again.
_ENDS_STREAM = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.DATA_LOSS,
    }
)
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class ReportError(Exception):
    """A report failed.

    code              the gRPC status code
    may_be_stored     False: nothing was stored. True: nobody knows; report the event again under
                      idempotency_key, which stores it once in any case
    idempotency_key   the report's
    """

    def __init__(self, code: grpc.StatusCode, message: str, key: str, may_be_stored: bool) -> None:
        hint = f"; the event may be stored: report it again with idempotency key {key}"
        super().__init__(f"{code.name}: {message}{hint if may_be_stored else ''}")
        self.code = code
        self.idempotency_key = key
        self.may_be_stored = may_be_stored


@dataclass(frozen=True)
class Options:
    """deadline           seconds for each report, repetitions included
    try_timeout        seconds for one try; a stream without answers for as long is opened again
    max_in_flight      reports of a stream that wait for their answer
    max_report_bytes   what the server takes
    max_backoff        seconds between tries at most; above 5 a report may come later after an outage
                       than docs/clients.md says
    root_certificates  PEM, for https:// addresses; the system's by default
    """

    deadline: float = 30.0
    try_timeout: float = 10.0
    max_in_flight: int = 256
    max_report_bytes: int = 4 * 1024 * 1024
    initial_backoff: float = 0.1
    max_backoff: float = 4.0
    root_certificates: Optional[bytes] = None

    def __post_init__(self) -> None:
        for name in ("deadline", "try_timeout", "max_in_flight", "initial_backoff", "max_backoff"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")

    def delay(self, failures: int, elapsed: float = 0.0) -> float:
        """Seconds to wait after so many failures in a row, from 1, counted from the beginning of the
        last try, which took `elapsed`; but at least as after one failure, so that those whom one
        outage made wait do not all come back at once."""
        whole = min(self.max_backoff, self.initial_backoff * 2.0 ** min(failures - 1, 30))
        share = random.uniform(0.5, 1.0)
        return max(whole * share - elapsed, min(self.max_backoff, self.initial_backoff) * share)


def parse_server(server: str) -> tuple[str, bool]:
    """HOST:PORT as gRPC wants it, and whether TLS is spoken. The port is 8080, or 8443 with TLS."""
    tls = server.startswith("https://")
    address = server.split("://", 1)[1] if "://" in server else server
    if "://" in server and not server.startswith(("http://", "https://")):
        raise ValueError(f"server is {server!r}; write HOST:PORT, http://HOST:PORT or https://HOST:PORT")
    address = address[:-1] if address.endswith("/") else address
    if not address or any(c in address for c in "/?#@ "):
        raise ValueError(f"server is {server!r}; write HOST:PORT, such as 127.0.0.1:8080")
    if address.endswith("]") or ":" not in address:
        address += ":8443" if tls else ":8080"
    return address, tls


def credentials(options: Options) -> grpc.ChannelCredentials:
    roots = options.root_certificates
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    # gRPC's own list of authorities lacks those that this machine's owner added.
    if roots is None and os.path.exists(bundle) and not os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"):
        with open(bundle, "rb") as file:
            roots = file.read()
    return grpc.ssl_channel_credentials(roots)


def metadata(token: Optional[str]) -> tuple[tuple[str, Union[str, bytes]], ...]:
    return (("authorization", f"Bearer {token}"),) if token else ()


def prepare(report: Report, options: Options) -> None:
    """Gives the report a key if it has none; ReportError when it is too large."""
    if not report.idempotency_key:
        report.idempotency_key = time_ordered_uuid()
    size = report.ByteSize()
    if size > options.max_report_bytes:
        message = f"the report has {size} bytes; at most {options.max_report_bytes} are allowed"
        raise ReportError(
            grpc.StatusCode.INVALID_ARGUMENT, message, report.idempotency_key, may_be_stored=False
        )


def time_ordered_uuid() -> str:
    """A UUID of version 7. The server stores many of one time several times cheaper than random ones."""
    bits = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=bits & ~(0x3 << 62) | 2 << 62))


def status_code(number: int) -> grpc.StatusCode:
    return _CODES.get(number, grpc.StatusCode.UNKNOWN)


def worth_retrying(code: grpc.StatusCode) -> bool:
    return code in _WORTH_RETRYING


def ends_stream(code: grpc.StatusCode) -> bool:
    return code in _ENDS_STREAM


class Tries:
    """One report's tries: how long the next may take, and what to tell when there is none."""

    def __init__(self, options: Options, key: str) -> None:
        self._options = options
        self._key = key
        self._end = time.monotonic() + options.deadline
        self._count = 0
        self._began = 0.0
        self._failure: Optional[tuple[grpc.StatusCode, str]] = None

    def begin(self) -> dict[str, Any]:
        """What to call gRPC with."""
        self._began = time.monotonic()
        return {
            "timeout": max(0.001, min(self._options.try_timeout, self._end - self._began)),
            # Once it is known why there is no connection, a try waits for one, which succeeds as soon
            # as the server is back.
            "wait_for_ready": self._failure is not None and self._failure[0] is grpc.StatusCode.UNAVAILABLE,
        }

    def failed(self, code: grpc.StatusCode, details: Optional[str]) -> float:
        """Seconds to wait before the next try; raises ReportError when there is none."""
        self._count += 1
        if not worth_retrying(code):
            # An earlier try may have been taken, unless its key belongs to something else; these two
            # codes also come from what breaks on the way.
            maybe = self._count > 1 and code is not grpc.StatusCode.ALREADY_EXISTS
            maybe = maybe or code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
            raise ReportError(code, details or "", self._key, may_be_stored=maybe)
        # The last try may have had no time left; why those before it failed says more.
        if self._failure is None or code != grpc.StatusCode.DEADLINE_EXCEEDED:
            self._failure = (code, details or "")
        now = time.monotonic()
        delay = self._options.delay(self._count, now - self._began)
        if now + delay >= self._end:
            code, text = self._failure
            tries = f"{self._count} {'try' if self._count == 1 else 'tries'}"
            message = f"{text} ({tries} in {self._options.deadline:g} s)"
            raise ReportError(code, message, self._key, may_be_stored=True)
        return delay
