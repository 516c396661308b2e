#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What raw video costs that is transcoded for the service and held in the spool file: peak memory, seconds, throughput.

    bench_any_video.py KLINGV2A_SIM [SECONDS]

Each row runs programs of its own, so that the kernel says what each took at most (wait4). GST_PLUGIN_PATH must lead to
the plugin. Beside klingv2a stand the same pipeline without it, and the same transcode alone.
"""
import os
import subprocess
import sys
import tempfile
import time

MIB = 1024  # ru_maxrss is in KiB
PROMISED_MIB = 250
X264 = "x264enc speed-preset=ultrafast tune=zerolatency key-int-max=60 bitrate=8000"
END = "filesink location=/dev/null"


def run(pipeline, environment=None):
    """Seconds and peak MiB of one gst-launch-1.0."""
    begin = time.monotonic()
    with subprocess.Popen(["gst-launch-1.0", "-q", *pipeline.split()], env={**os.environ, **(environment or {})},
                          stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"failed: {pipeline}")
    return time.monotonic() - begin, usage.ru_maxrss / MIB


def source(width, height, rate, seconds):
    return (f"videotestsrc pattern=ball num-buffers={rate * seconds} ! "
            f"video/x-raw,format=I420,width={width},height={height},framerate={rate}/1 !")


def klingv2a(url, more=""):
    return f"klingv2a name=k api-key=sim-key base-url={url} {more} ! {END} k.audio ! {END}"


def measure(url, width, height, rate, seconds):
    video = source(width, height, rate, seconds)
    with tempfile.TemporaryDirectory() as home:
        journal = {"XDG_STATE_HOME": home, "XDG_CACHE_HOME": home}
        plain_s, plain = run(f"{video} {END}")
        scale = "videoconvertscale n-threads=0 ! video/x-raw,format=I420,width=1920,height=1080 !"
        alone_s, alone = run(f"{video} {scale} {X264} ! h264parse ! mp4mux ! {END}")
        ours_s, ours = run(f"{video} {klingv2a(url)}", journal)
        held = width * height * 3 / 2 * rate * seconds / 1e9
    over = ours - plain - alone
    print(f"{width}x{height} at {rate}, {seconds} s, {held:.1f} GB: klingv2a {ours:.0f} MiB ({ours_s:.1f} s), without it "
          f"{plain:.0f} MiB ({plain_s:.1f} s), the transcode alone {alone:.0f} MiB ({alone_s:.1f} s): {over:+.0f} MiB "
          f"beside both, at most {PROMISED_MIB}", flush=True)
    return over <= PROMISED_MIB


def throughput(url, seconds):
    """The spool beside filesink; what the task itself takes is taken off."""
    video = source(1920, 1080, 60, seconds)
    gigabytes = 1920 * 1080 * 1.5 * 60 * seconds / 1e9
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        journal = {"XDG_STATE_HOME": folder, "XDG_CACHE_HOME": folder}
        service_s, _ = run(f"{source(320, 240, 25, 4)} {klingv2a(url, 'video-id=sim-4s')}", journal)
        spool_s, _ = run(f"{video} {klingv2a(url, f'video-id=sim-{seconds}s max-hold-bytes=0')}", journal)
        file_s, _ = run(f"{video} filesink location={folder}/raw")
    print(f"spool of {gigabytes:.1f} GB: {gigabytes / (spool_s - service_s):.2f} GB/s with reading it back, "
          f"filesink {gigabytes / file_s:.2f} GB/s", flush=True)


def main():
    program = sys.argv[1]
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    service = subprocess.Popen([program, "--task-time", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = next(line.split()[1] for line in service.stdout if line.startswith("base-url"))
        good = all([measure(url, 1920, 1080, 60, seconds), measure(url, 3840, 2160, 30, seconds)])
        throughput(url, seconds)
    finally:
        service.kill()
        service.wait()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
