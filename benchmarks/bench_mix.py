#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures what a mix costs: klingv2amix beside FFmpeg's filters for the same purpose, and prints a table.

Usage: bench_mix.py

Seconds are those of the whole pipeline, from two WAV files to none; memory is the peak of what was resident. There is no
pass or fail. FFmpeg compresses under a side chain, adds, and levels with loudnorm, which follows the loudness as it goes:
its result is not the same, only what is usually typed.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 3
LENGTHS = {"20 s": 20, "10 min": 600}
# The second target is so high that the limiter works all the time, and the loudness has to be corrected.
TARGETS = {"-23 LUFS": -23, "-6 LUFS, limited": -6}
ROW = "{:<34} {:>12} {:>12} {:>12} {:>12}"


def run(command):
    """Runs to the end; returns seconds, and the peak of the resident memory in MB. Fails when the command does."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench_mix: ended with code {process.returncode}: {' '.join(command)}")
    return time.monotonic() - begin, usage.ru_maxrss / 1000


def make_sound(file, seconds, source):
    line = (
        f"audiotestsrc samplesperbuffer=4800 num-buffers={seconds * 10} {source}"
        f" ! audio/x-raw,format=F32LE,rate=48000,channels=2 ! wavenc ! filesink location={file}"
    )
    run(["gst-launch-1.0", "-q", *line.split()])
    return file


def ours(original, generated, target):
    line = (
        f"klingv2amix name=m loudness={target} ! fakesink"
        f" filesrc location={original} ! wavparse ! m.original filesrc location={generated} ! wavparse ! m.generated"
    )
    return ["gst-launch-1.0", "-q", *line.split()]


def plain(original, generated, target):
    graph = (
        "[0]asplit[side][old];[1][side]sidechaincompress=threshold=0.02:ratio=8[new];"
        f"[old][new]amix=normalize=0,loudnorm=I={target}:TP=-1,aresample=48000"
    )
    return ["ffmpeg", "-nostdin", "-v", "error", "-i", str(original), "-i", str(generated), "-filter_complex", graph,
            "-f", "null", "-"]


def medians(command):
    seconds, megabytes = zip(*(run(command) for _ in range(RUNS)))
    return statistics.median(seconds), statistics.median(megabytes)


def main():
    print(ROW.format("", "klingv2amix", "FFmpeg", "klingv2amix", "FFmpeg"))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for length, seconds in LENGTHS.items():
            original = make_sound(pathlib.Path(folder) / "original.wav", seconds,
                                  "wave=ticks tick-interval=400000000 sine-periods-per-tick=60 volume=0.5")
            generated = make_sound(pathlib.Path(folder) / "generated.wav", seconds, "wave=pink-noise volume=0.2")
            for name, target in TARGETS.items():
                (time_ours, memory_ours), (time_plain, memory_plain) = (
                    medians(way(original, generated, target)) for way in (ours, plain)
                )
                print(ROW.format(f"{length} of stereo to {name}", f"{time_ours:.2f} s", f"{time_plain:.2f} s",
                                 f"{memory_ours:.0f} MB", f"{memory_plain:.0f} MB"), flush=True)


if __name__ == "__main__":
    main()
