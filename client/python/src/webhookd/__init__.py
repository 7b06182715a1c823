"""webhookd's client for Python.

webhookd.client     EventClient: reports events, and streams of them
webhookd.aio        the same for asyncio
webhookd.event      Event, the typed body of a webhook, and parse_event
webhookd.signature  SignatureVerifier: whether a webhook is genuine; needs the standard library only
webhookd.gen        what is generated from the .proto files: every message and service
"""
