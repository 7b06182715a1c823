#!/usr/bin/env python3
"""Does what a new user does: `make run`, looks at what it serves, and stops it with Ctrl-C.

    tests/end_to_end/make_run.py

The server gets a database of its own and any free port; the database of build/run is left alone.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD_SECONDS = 7200  # from nothing, on a slow machine
STOP_SECONDS = 300


def get(url):
    with urllib.request.urlopen(url, timeout=STOP_SECONDS) as response:
        return response.read().decode()


def check(address):
    assert json.loads(get(f"http://{address}/api/v1/master"))["version"], "no version"
    get(f"http://{address}/healthz")
    page = get(f"http://{address}/det/webhooks")
    script = re.search(r'src="(/det/assets/[^"]+\.js)"', page)
    assert script, f"the page is not built:\n{page[:500]}"
    assert len(get(f"http://{address}{script.group(1)}")) > 10_000, "the page's script is too small"


def main():
    with tempfile.TemporaryDirectory(prefix="webhookd-make-run-") as folder:
        make = subprocess.Popen(
            ["make", "run", f"ARGS=--port=0 --storage-path={folder}/webhookd.db"],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        patience = threading.Timer(BUILD_SECONDS, lambda: os.killpg(make.pid, signal.SIGKILL))
        patience.start()
        try:
            address, shown = None, []
            for line in make.stdout:
                shown.append(line)
                found = re.search(r" listening on ([^ ,]+)", line)
                if found:
                    address = found.group(1)
                    break
            assert address, f"make run ended with {make.wait()}:\n{''.join(shown[-20:])}"
            check(address)
            os.killpg(make.pid, signal.SIGINT)
            # make itself ends by the signal; the server says how it went.
            rest = make.communicate(timeout=STOP_SECONDS)[0]
            assert '"shut down"' in rest, f"after Ctrl-C the server did not shut down:\n{rest}"
        finally:
            patience.cancel()
            if make.poll() is None:
                os.killpg(make.pid, signal.SIGKILL)
                make.wait()
            make.stdout.close()
    print(f"make run: it built, served the page and the API at {address}, and stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
