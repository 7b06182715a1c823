"""The body of a webhook of type Default, typed."""

from __future__ import annotations

from google.protobuf import json_format

from webhookd.gen.webhookd.v1.event_pb2 import Event

__all__ = ["Event", "parse_event"]


def parse_event(body: bytes) -> Event:
    """Verify first. ValueError when `body` is not such a body; fields that this version does not know
    are passed over."""
    try:
        return json_format.Parse(body, Event(), ignore_unknown_fields=True)
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise ValueError(f"the body is not an event: {error}") from error
