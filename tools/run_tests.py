#!/usr/bin/env python3
"""Runs the tests of one build or several, counts their cases and names those that failed.

    tools/run_tests.py [--jobs N] PRESET... [-- CTEST_ARGUMENT...]

ctest starts each GoogleTest program a few times with a share of its cases, and knows only whether all of
them passed; what is counted here are the cases. Of other tests each is one. A case that is skipped counts as
failed: nothing may go untested in silence.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def without_address_randomization():
    """clang 14's ThreadSanitizer cannot start where the kernel spreads addresses wider than it knows."""
    command = ["setarch", "-R"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return command


def gtest_cases(report):
    """The cases of a GoogleTest report: their names, and why each did not pass or None."""
    for suite in json.loads(report.read_text(encoding="utf-8"))["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                yield name, "failed"
            elif case.get("status") != "RUN":
                yield name, "is disabled"
            elif case.get("result") == "SKIPPED":
                yield name, "was skipped"
            else:
                yield name, None


def last_started(output):
    """The case in which a test program ended before its time."""
    started = re.findall(r"^\[ RUN      \] (\S+)", output, re.MULTILINE)
    ended = set(re.findall(r"^\[ +(?:OK|FAILED|SKIPPED) +\] ([^\s,]+)", output, re.MULTILINE))
    return next((name for name in reversed(started) if name not in ended), None)


def judge(test, results):
    """The cases of one of ctest's tests: their names, and why each did not pass or None."""
    name, status = test.get("name"), test.get("status")
    cases = []
    report = results / f"{name}.json"
    if report.exists():
        cases = [(f"{name}: {case}", problem) for case, problem in gtest_cases(report)]
    if status == "run":
        return cases if report.exists() else [(name, None)]
    if not any(problem for _, problem in cases):
        case = last_started(test.findtext("system-out") or "")
        problem = "did not end" if status == "fail" and case else f"failed ({status})"
        cases.append((f"{name}: {case}" if case else name, problem))
    return cases


def run(preset, jobs, arguments):
    """ctest's exit code, and all cases."""
    results = ROOT / "build" / preset / "test-results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    summary = results / "ctest.xml"
    prefix = without_address_randomization() if preset == "tsan" else []
    code = subprocess.run(
        [*prefix, "ctest", "--preset", preset, "--parallel", str(jobs), "--no-tests=ignore",
         "--output-junit", summary, *arguments],
        cwd=ROOT, stdin=subprocess.DEVNULL, check=False,
    ).returncode  # fmt: skip
    cases = []
    if summary.exists():
        for test in ElementTree.parse(summary).getroot().iter("testcase"):
            cases += judge(test, results)
    return code, cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("presets", nargs="+", metavar="PRESET")
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options = parser.parse_args(sys.argv[1:split])
    arguments = sys.argv[split + 1 :]

    code, cases = 0, []
    for preset in options.presets:
        preset_code, preset_cases = run(preset, options.jobs, arguments)
        code = code or preset_code
        cases += preset_cases
    failed = [(name, problem) for name, problem in cases if problem]
    print()
    for name, problem in failed:
        print(f"{problem}: {name}")
    if not cases:
        print(f"no test of {', '.join(options.presets)} was run; `ctest --preset {options.presets[0]} -N` lists them")
    print(f"{len(cases) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if code or failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
