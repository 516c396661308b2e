#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what GStreamer's leaks tracer logged, and fails if anything was still alive.

Usage: leaks.py FOLDER

Each process has a log of its own there, PID.log. The tracer reports at gst_deinit(); a test program (one with a file
PID.test) that ends without it has proven nothing, so that counts as a failure too.
"""

import pathlib
import re
import sys

ALIVE = re.compile(r"(?<!new format string: )object-alive, (.*)")
STARTED = "object-alive.class"
ENDED = "deinitialized GStreamer"


def main():
    logs = sorted(pathlib.Path(sys.argv[1]).glob("*.log"))
    bad = traced = 0
    for log in logs:
        text = log.read_text(encoding="utf-8", errors="replace")
        if STARTED not in text:
            continue
        traced += 1
        alive = ALIVE.findall(text)
        for leaked in alive:
            print(f"leaks: {log}: {leaked}")
        test = log.with_suffix(".test")
        silent = test.exists() and ENDED not in text
        if silent:
            print(f"leaks: {test.read_text(encoding='utf-8').strip()} ended without gst_deinit()")
        bad += bool(alive) or silent
    print(f"leaks: {traced} processes traced, {bad} with leaks")
    sys.exit(1 if bad or not traced else 0)


if __name__ == "__main__":
    main()
