#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`klingv2a dub` beside the shell script that users write today: one clip, and a folder of clips.

    bench_folder.py KLINGV2A KLINGV2A_SIM [CLIPS [LATENCY [JOBS]]]

Seconds on the wall, CPU seconds and peak memory of each, with all of their children. The service takes LATENCY seconds
for a task (5), JOBS clips are dubbed at a time (5); the script knows of one at a time only. GST_PLUGIN_PATH must lead
to the plugin.
"""
import functools
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
SPEECH = "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """The public folder that the script's clips are fetched from."""

    def log_message(self, *_):
        pass


def serve(folder):
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def make_clips(folder, count):
    """Clips that differ: cuts of real footage, with its speech."""
    for number in range(count):
        picture = f"drawbox=x={number * 30}:y=0:w=20:h=20:color=red:t=fill"
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", SPEECH, "-t", "4", "-vf", picture, "-c:v", "libx264",
                        "-preset", "ultrafast", "-c:a", "copy", f"{folder}/clip{number:02}.mp4"], check=True)


def sample_memory(session, peak, ended):
    """Peak resident MiB of a whole session (klingv2a's workers have groups of their own): the kernel knows single
    processes only."""
    while not ended.wait(0.05):
        total = 0
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                if int(fields[3]) == session:
                    total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
            except (OSError, IndexError):
                pass
        peak[0] = max(peak[0], total / 2**20)


def run(command, environment):
    """Wall seconds, CPU seconds and peak MiB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL,
                               start_new_session=True)
    peak, ended = [0.0], threading.Event()
    sampler = threading.Thread(target=sample_memory, args=(process.pid, peak, ended))
    sampler.start()
    _, status, usage = os.wait4(process.pid, 0)
    ended.set()
    sampler.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, peak[0]


def row(name, figures, beside=None):
    wall, cpu, memory = figures
    ratio = f"   {wall / beside[0]:.2f} of the script's time" if beside else ""
    print(f"{name:<42} {wall:7.1f} s {cpu:7.1f} s CPU {memory:7.0f} MiB{ratio}", flush=True)


def compare(name, klingv2a, url, folder, jobs):
    with tempfile.TemporaryDirectory() as home:
        environment = {"XDG_STATE_HOME": home, "XDG_CACHE_HOME": home, "KLINGV2A_API_KEY": "sim-key",
                       "KLINGV2A_BASE_URL": url}
        (pathlib.Path(home) / "today").mkdir()
        server, public = serve(folder)
        today = run([str(HERE / "today.sh"), folder, public, f"{home}/today"], environment)
        server.shutdown()
        ours = run([klingv2a, "dub", folder, "--out-dir", f"{home}/ours", "--jobs", str(jobs), "--take", "1"], environment)
    row(f"{name}: ffmpeg + curl + sleep", today)
    row(f"{name}: klingv2a dub, {jobs} at a time", ours, today)


def main():
    klingv2a, simulator = sys.argv[1:3]
    clips, latency, jobs = [int(text) for text in sys.argv[3:]] + [20, 5, 5][len(sys.argv) - 3:]
    service = subprocess.Popen([simulator, "--key", "sim-key", "--task-time", str(latency)], stdout=subprocess.PIPE, text=True)
    try:
        url = next(line.split()[1] for line in service.stdout if line.startswith("base-url"))
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
            make_clips(many, clips)
            make_clips(one, 1)
            compare("one clip", klingv2a, url, one, 1)
            compare(f"{clips} clips", klingv2a, url, many, jobs)
    finally:
        service.kill()
        service.wait()


if __name__ == "__main__":
    main()
