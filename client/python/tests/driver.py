"""What tests/clients/run.py drives:

    driver.py HOST:PORT TOKEN stream|asyncio|asyncio-unary|unary COUNT DEADLINE BYTES [ROOTS]

Reports COUNT events, each with a name of BYTES bytes, and prints what became of each. If COUNT is "-" it reports one
for each line of standard input, with the key that stands there, and waits for it to be over. ROOTS is a PEM file."""

import asyncio
import sys
from pathlib import Path

from webhookd import aio, client
from webhookd.client import Experiment, Options, ReportError, ReportExperimentStateRequest, State

server, token, mode, count, deadline, size, *roots = sys.argv[1:]
one_by_one = count == "-"
options = Options(
    deadline=float(deadline),
    max_in_flight=8,
    root_certificates=Path(roots[0]).read_bytes() if roots else None,
)


def reports():
    keys = (line.strip() for line in sys.stdin) if one_by_one else [""] * int(count)
    for i, key in enumerate(keys, start=1):
        experiment = Experiment(id=i, name="x" * int(size), state=State.STATE_COMPLETED)
        yield ReportExperimentStateRequest(idempotency_key=key, experiment=experiment)


def stored(answer):
    print("stored", answer.event_id, flush=True)


def failed(error):
    print("error", error.code.name, "maybe" if error.may_be_stored else "not-stored", error, flush=True)


def blocking():
    with client.EventClient(server, token, options) as c, c.open_stream() as stream:
        futures = []
        for report in reports():
            try:
                if mode == "unary":
                    stored(c.report_experiment_state(report))
                elif one_by_one:
                    stored(stream.report(report).result())
                else:
                    futures.append(stream.report(report))
            except ReportError as error:
                failed(error)
        for future in futures:
            try:
                stored(future.result())
            except ReportError as error:
                failed(error)


async def asynchronous():
    async with aio.EventClient(server, token, options) as c, c.open_stream() as stream:
        futures = []
        each = reports()
        while report := await asyncio.to_thread(next, each, None):
            try:
                if mode == "asyncio-unary":
                    stored(await c.report_experiment_state(report))
                elif one_by_one:
                    stored(await (await stream.report(report)))
                else:
                    futures.append(await stream.report(report))
            except ReportError as error:
                failed(error)
        for future in futures:
            try:
                stored(await future)
            except ReportError as error:
                failed(error)


if mode.startswith("asyncio"):
    asyncio.run(asynchronous())
else:
    blocking()
