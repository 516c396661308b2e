#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clang's thread-safety analysis of every source that sees src/mutex.h.

Usage: threads.py SOURCE_DIR BUILD_DIR

BUILD_DIR has been built: Ninja knows from that which sources those are.
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys

from tidy import TIMEOUT_S, known_headers, output_of

ANALYSIS = "-fsyntax-only -Wno-everything -Wthread-safety -Werror=thread-safety -Wno-unknown-warning-option"
PLACES = ("src", "gst-plugin", "tools")


def clang():
    """The compiler that comes with clang-tidy. Any version will do: one finds more than another, but nothing wrong."""
    return "clang++-" + re.search(r"version (\d+)", output_of("clang-tidy", "--version")).group(1)


def command_for(entry, compiler):
    """The compiler's command as clang's, without what it would write."""
    command = re.sub(r"^(\S*ccache )?\S*(c\+\+|g\+\+|clang\+\+)\S* ", f"{compiler} ", entry["command"])
    command = re.sub(r" -MD -MQ \S+ -MF \S+| -o \S+|(?<=\s)-W\S+", "", command)
    return f"{command} {ANALYSIS}"


def judge(entry, compiler):
    try:
        run = subprocess.run(command_for(entry, compiler), shell=True, cwd=entry["directory"], capture_output=True,
                             text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return False, f"{entry['file']}: no verdict within {TIMEOUT_S} s"
    return run.returncode == 0, run.stderr


def main():
    source_dir, build_dir = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    header = source_dir / "src" / "mutex.h"
    sees_it = {output for output, files in known_headers(build_dir, source_dir).items() if header in files}
    entries = {}
    for entry in json.loads((build_dir / "compile_commands.json").read_text(encoding="utf-8")):
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        in_place = any(source_dir / place in source.parents for place in PLACES)
        if in_place and entry["output"] in sees_it:
            entries.setdefault(source, entry)
    compiler = clang()
    print(f"thread-safety analysis: {len(entries)} sources, {compiler}", flush=True)
    if not entries:
        print(f"no source is known to see {header.name}: build {build_dir} first", flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for clean, text in pool.map(judge, entries.values(), itertools.repeat(compiler)):
            if not clean:
                bad += 1
                print(text, flush=True)
    sys.exit(1 if bad or not entries else 0)


if __name__ == "__main__":
    main()
