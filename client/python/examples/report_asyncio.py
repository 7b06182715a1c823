"""The same for asyncio: report_asyncio.py HOST:PORT [TOKEN]"""

import asyncio
import sys

# [docs:asyncio]
from webhookd.aio import EventClient
from webhookd.client import Experiment, ReportExperimentStateRequest, State


async def report(server, token):
    async with EventClient(server, token) as client, client.open_stream() as stream:
        for state in (State.STATE_RUNNING, State.STATE_COMPLETED):
            experiment = Experiment(id=41, name="cifar10_pytorch_const", state=state)
            answer = await stream.report(ReportExperimentStateRequest(experiment=experiment))
            print("stored", (await answer).event_id)
# [docs:end]


asyncio.run(report(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
