#!/usr/bin/env python3
"""What tools/run_tests.py counts: no case may be lost between GoogleTest, ctest and the summary."""

import importlib.util
import json
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
_path = Path(__file__).resolve().parents[2] / "tools" / "run_tests.py"
_spec = importlib.util.spec_from_file_location("run_tests", _path)
run_tests = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run_tests)

PASSED = {"name": "Passes", "status": "RUN", "result": "COMPLETED"}
FAILED = {"name": "Fails", "status": "RUN", "result": "COMPLETED", "failures": [{"failure": "no"}]}
SKIPPED = {"name": "Skips", "status": "RUN", "result": "SKIPPED"}
DISABLED = {"name": "DISABLED_Rests", "status": "NOTRUN", "result": "SUPPRESSED"}


class JudgeTest(unittest.TestCase):
    def judge(self, status, cases=None, output=""):
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder)
            if cases is not None:
                report = {"testsuites": [{"name": "Suite", "testsuite": cases}]}
                (results / "program.json").write_text(json.dumps(report), encoding="utf-8")
            test = ElementTree.Element("testcase", name="program", status=status)
            ElementTree.SubElement(test, "system-out").text = output
            return run_tests.judge(test, results)

    def test_cases_of_a_program_are_counted_one_by_one(self):
        self.assertEqual(
            self.judge("fail", [PASSED, FAILED]),
            [("program: Suite.Passes", None), ("program: Suite.Fails", "failed")],
        )

    def test_skipped_and_disabled_cases_do_not_pass(self):
        self.assertEqual(
            self.judge("run", [SKIPPED, DISABLED]),
            [("program: Suite.Skips", "was skipped"), ("program: Suite.DISABLED_Rests", "is disabled")],
        )

    def test_a_program_that_ends_early_names_the_case(self):
        output = "[ RUN      ] Suite.Passes\n[       OK ] Suite.Passes (0 ms)\n[ RUN      ] Suite.Crashes\n"
        self.assertEqual(self.judge("fail", output=output), [("program: Suite.Crashes", "did not end")])

    def test_a_program_that_fails_after_its_cases_has_failed(self):
        self.assertEqual(
            self.judge("fail", [PASSED]), [("program: Suite.Passes", None), ("program", "failed (fail)")]
        )

    def test_other_tests_are_one_case(self):
        self.assertEqual(self.judge("run"), [("program", None)])
        self.assertEqual(self.judge("notrun"), [("program", "failed (notrun)")])
        self.assertEqual(self.judge("disabled"), [("program", "failed (disabled)")])


if __name__ == "__main__":
    unittest.main()
