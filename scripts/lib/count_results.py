#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what the tests of one `meson test` run really did.

Usage: count_results.py BUILD_DIR

Reads Meson's own log of the run, and for each executable the result file that GoogleTest wrote in this run; prints
"PASSED FAILED SKIPPED". An executable that ended badly counts as failed even if none of its cases did (a crash, a
time-out, a sanitizer's report after the last case).
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

GOOD = {"OK", "EXPECTEDFAIL"}


def count_cases(file):
    """Passed, failed and skipped cases of one GoogleTest result file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(file).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.get("result") == "skipped" or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def result_file(build_dir, run):
    """The file Meson told GoogleTest to write, named after the test, if this run wrote it."""
    file = build_dir / (run["name"].split(" / ")[-1] + ".xml")
    if file.exists() and file.stat().st_mtime >= run["starttime"] - 1:
        return file
    return None


def count_run(build_dir, run):
    """Passed, failed and skipped cases of one executable."""
    good = run["result"] in GOOD
    file = result_file(build_dir, run)
    if file is None:
        if run["result"] == "SKIP":
            return 0, 0, 1
        return (1, 0, 0) if good else (0, 1, 0)
    try:
        passed, failed, skipped = count_cases(file)
    except ElementTree.ParseError:
        passed, failed, skipped = 0, 0, 0
        good = False
    if not good and not failed:
        failed = 1
    return passed, failed, skipped


def main():
    build_dir = pathlib.Path(sys.argv[1])
    totals = [0, 0, 0]
    files = set()
    # Meson appends a wrapper's name to that of its log; the caller removed those of other runs.
    (log_file,) = (build_dir / "meson-logs").glob("testlog*.json")
    with open(log_file, encoding="utf-8") as log:
        for line in log:
            run = json.loads(line)
            file = result_file(build_dir, run)
            if file and file in files:
                sys.exit(f"count_results: two tests write {file}: their names must differ")
            files.add(file)
            totals = [total + more for total, more in zip(totals, count_run(build_dir, run))]
    print(*totals)


if __name__ == "__main__":
    main()
