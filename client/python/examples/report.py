"""Reports an experiment's states through a stream: report.py HOST:PORT [TOKEN]"""

import sys
import time

# [docs:report]
from webhookd.client import EventClient, Experiment, ReportExperimentStateRequest, State

server, token = sys.argv[1], (sys.argv[2] if len(sys.argv) > 2 else None)
with EventClient(server, token) as client, client.open_stream() as stream:
    experiment = Experiment(id=41, name="cifar10_pytorch_const", slots_per_trial=2)
    experiment.start_time.FromSeconds(int(time.time()) - 41)
    experiment.end_time.GetCurrentTime()
    futures = []
    for state in (State.STATE_RUNNING, State.STATE_COMPLETED):
        experiment.state = state
        futures.append(stream.report(ReportExperimentStateRequest(experiment=experiment)))
    for future in futures:
        print("stored", future.result().event_id)  # or raises ReportError
# [docs:end]
