#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what GStreamer's leaks tracer logged, and fails if anything was still alive.

Usage: leaks.py FOLDER

Each process has a log of its own there, PID.log. The tracer reports at gst_deinit(); a test program (one with a file
PID.test) that ends without it has proven nothing, so that counts as a failure too.
"""

import collections
import pathlib
import re
import sys

ALIVE = re.compile(r"(?<!new format string: )object-alive, type-name=\(string\)([^,]*)(.*)")
# GStreamer's own: qtdemux of 1.22 forgets the first caps that it makes for Opus.
NOT_OURS = re.compile(r"description=\(string\)audio/x-opus, ref-count=\(uint\)1,")
STARTED = "object-alive.class"
ENDED = "deinitialized GStreamer"


def judge(log, text):
    """What is wrong with one process, as lines."""
    test = log.with_suffix(".test")
    name = test.read_text(encoding="utf-8").strip() if test.exists() else "a program that a test started"
    alive = collections.Counter(kind for kind, rest in ALIVE.findall(text) if not NOT_OURS.search(rest))
    wrong = [f"{name} left {count} × {kind} alive, see {log}" for kind, count in alive.most_common()]
    if test.exists() and ENDED not in text:
        wrong.append(f"{name} ended without gst_deinit(), see {log}")
    return wrong


def main():
    traced = bad = 0
    for log in sorted(pathlib.Path(sys.argv[1]).glob("*.log")):
        text = log.read_text(encoding="utf-8", errors="replace")
        if STARTED not in text:
            continue
        traced += 1
        wrong = judge(log, text)
        bad += bool(wrong)
        for line in wrong:
            print(f"leaks: {line}")
    print(f"leaks: {traced} processes traced, {bad} with leaks")
    sys.exit(1 if bad or not traced else 0)


if __name__ == "__main__":
    main()
