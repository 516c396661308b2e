#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures what klingv2a costs and prints a table: each number beside that of the plain way, from the same run.

Usage: benchmark.py --waits PROGRAM --simulator PROGRAM --clips FOLDER

There is no pass or fail: numbers of two machines, or of a busy one, do not compare; the ratios do. Clips are made once
and kept in FOLDER. Instructions are counted by valgrind, if it is installed.
"""

import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
FPS = 30
WAIT_SECONDS = 10  # length of the clip for the waits
SHORT_SECONDS, LONG_SECONDS = 4, 12  # their difference is free of what every run costs once
KBIT_S = 8000
BIG_SECONDS, BIG_KBIT_S = 20, 37500  # just below the service's limit of 100 MB
HD, SD = (1280, 720), (854, 480)
KEY = "sim-key"
DEADLINE_S = 600

ROW = "{:<44} {:>14} {:>14} {:>8}  {}"


def row(what, ours, beside, unit, beside_what):
    ratio = f"{ours / beside:.2f}" if beside else ""
    print(ROW.format(what, unit.format(ours), unit.format(beside), ratio, beside_what), flush=True)


def run(command, log=subprocess.DEVNULL):
    """Runs to the end, with a journal of its own; returns the peak of its resident memory in MB. Fails when the command
    does."""
    with tempfile.TemporaryDirectory() as home:
        own = {"KLINGV2A_JOURNAL": f"{home}/journal.sqlite"}
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | own)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"benchmark: ended with code {process.returncode}: {' '.join(command)}")
    return usage.ru_maxrss / 1000


def make_clip(folder, seconds, kbit_s=KBIT_S, size=HD):
    """An MP4 at 30 frames a second full of noise, so that it takes up the rate it is given."""
    clip = folder / f"{seconds}s-{kbit_s}-{size[1]}.mp4"
    if clip.exists():
        return clip
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = clip.with_suffix(".part")
    line = (
        f"videotestsrc num-buffers={seconds * FPS} pattern=snow"
        f" ! video/x-raw,format=I420,width={size[0]},height={size[1]},framerate={FPS}/1"
        f" ! x264enc speed-preset=ultrafast key-int-max={FPS} bitrate={kbit_s} ! h264parse ! mp4mux"
        f" ! filesink location={unfinished}"
    )
    run(["gst-launch-1.0", "-q", *line.split()])
    unfinished.rename(clip)
    return clip


def pipeline(clip, middle):
    """The same pipeline with klingv2a or with queue in the middle."""
    line = f"filesrc location={clip} ! qtdemux ! h264parse ! {middle} ! fakesink"
    if middle.startswith("klingv2a"):
        line += " k.audio ! fakesink"
    return ["gst-launch-1.0", "-q", *line.split()]


def instructions(command, log):
    with open(log, "w", encoding="utf-8") as file:
        run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], file)
    counted = re.search(r"Collected\s*:\s*(\d+)", log.read_text(encoding="utf-8"))
    if not counted:
        sys.exit(f"benchmark: valgrind counted nothing, see {log}")
    return int(counted.group(1))


def instructions_per_buffer(folder, middle):
    counts = [
        instructions(pipeline(make_clip(folder, seconds), middle), folder / f"callgrind-{seconds}s.log")
        for seconds in (SHORT_SECONDS, LONG_SECONDS)
    ]
    return (counts[1] - counts[0]) / ((LONG_SECONDS - SHORT_SECONDS) * FPS)


def measure_waits(program, clip):
    """A function that gives the median of a column of what the program prints."""
    output = subprocess.run(
        [program, str(clip), str(RUNS)], check=True, capture_output=True, text=True, timeout=DEADLINE_S
    ).stdout
    lines = [line.split() for line in output.splitlines()]

    return lambda column: statistics.median(float(line[column]) for line in lines)


def transcode_after_eos(clip):
    """Seconds that it takes to scale and encode a clip that is there as a whole, as klingv2a does while it comes in."""
    line = (
        f"filesrc location={clip} ! qtdemux ! h264parse ! decodebin ! videoconvertscale"
        f" ! video/x-raw,format=I420,width={SD[0] * HD[1] // SD[1] // 2 * 2},height={HD[1]}"
        " ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=60 bitrate=8000 ! h264parse ! mp4mux"
        " ! filesink location=/dev/null"
    )
    begin = time.monotonic()
    run(["gst-launch-1.0", "-q", *line.split()])
    return time.monotonic() - begin


def waits(program, folder):
    median = measure_waits(program, make_clip(folder, WAIT_SECONDS))
    row("EOS into sink to POST on the wire", median(1), median(2), "{:.3f} s", "remux of the clip: mp4mux ! filesink")
    row("'succeed' answered to first sound buffer", median(4), median(5), "{:.3f} s", "bare GET of the task and its WAV")
    small = make_clip(folder, WAIT_SECONDS, size=SD)
    after = statistics.median(transcode_after_eos(small) for _ in range(RUNS))
    row("EOS to POST, 480p, transcoded meanwhile", measure_waits(program, small)(1), after, "{:.3f} s",
        "transcoding the clip after EOS")


def cpu(folder, element):
    if not shutil.which("valgrind"):
        print("instructions a video buffer: not measured, valgrind is not installed")
        return
    run(["gst-inspect-1.0", "klingv2a"])  # so that the registry is not written under valgrind
    ours, queue = (instructions_per_buffer(folder, middle) for middle in (element, "queue"))
    row("instructions a video buffer, whole pipeline", ours, queue, "{:,.0f}", "queue")
    print(ROW.format("  klingv2a beyond queue", f"{ours - queue:,.0f}", "", "", "proxy, its upload, its soundtrack"))


def memory(folder, element):
    clip = make_clip(folder, BIG_SECONDS, BIG_KBIT_S)
    megabytes = clip.stat().st_size / 1e6
    ours, queue = (run(pipeline(clip, middle)) for middle in (element, "queue"))
    row(f"peak memory, clip of {megabytes:.1f} MB", ours, queue, "{:.0f} MB", "queue, which holds 1 s of it")


class Simulator:
    """The simulated service as a process of its own, so that its work is not counted."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "--task-time", "0", "--key", KEY], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("base-url "):
                self.base_url = line.split()[1]
                return
        sys.exit("benchmark: the simulated service did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def describe_machine():
    version = subprocess.run(["gst-launch-1.0", "--version"], check=True, capture_output=True, text=True).stdout
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    print(f"{os.cpu_count()} CPUs, {model.group(1) if model else 'unknown'}; {version.splitlines()[0].split()[-1]}; "
          f"load {os.getloadavg()[0]:.1f}; clips of 720p{FPS};"
          f" the waits are medians of {RUNS} runs with {WAIT_SECONDS} s of {KBIT_S / 1000:.0f} Mbit/s\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("waits", "simulator", "clips"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    describe_machine()
    print(ROW.format("", "klingv2a", "plain", "ratio", "plain is"))
    waits(arguments.waits, arguments.clips)
    with Simulator(arguments.simulator) as simulator:
        element = f"klingv2a name=k api-key={KEY} base-url={simulator.base_url}"
        memory(arguments.clips, element)
        cpu(arguments.clips, element)


if __name__ == "__main__":
    main()
