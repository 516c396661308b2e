#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""klingv2abin from Python: a file gets a generated sound under the one that it has.

    dub.py IN OUT [SOUND-EFFECT-PROMPT]

The environment holds KLINGV2A_API_KEY and, for another service than CometAPI, KLINGV2A_BASE_URL. Needs python3-gi and
gir1.2-gstreamer-1.0.
"""
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


def make_pipeline(source, target, prompt):
    pipeline = Gst.parse_launch("filesrc name=in ! klingv2abin name=dub ! filesink name=out")
    pipeline.get_by_name("in").set_property("location", source)
    pipeline.get_by_name("out").set_property("location", target)
    if prompt:
        pipeline.get_by_name("dub").set_property("sound-effect-prompt", prompt)
    return pipeline


class Run:
    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.loop = GLib.MainLoop()
        self.exit_code = 1
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::progress", self.on_progress)
        bus.connect("message::warning", self.on_warning)
        bus.connect("message::error", self.on_error)
        bus.connect("message::eos", self.on_eos)

    def on_progress(self, _bus, message):
        _type, _code, text = message.parse_progress()
        percent = message.get_structure().get_value("percent")
        print(f"{percent:3} %  {text}", flush=True)

    def on_warning(self, _bus, message):
        error, _debug = message.parse_warning()
        print("warning:", error.message, file=sys.stderr)

    # The debug text holds what it cost: kind=… paid=… task-id=…
    def on_error(self, _bus, message):
        error, debug = message.parse_error()
        print("error:", error.message, debug, file=sys.stderr)
        self.loop.quit()

    def on_eos(self, _bus, _message):
        self.exit_code = 0
        self.loop.quit()

    # No EOS: that would complete the clip, and pay for what has come in so far.
    def cancel(self):
        self.exit_code = 130
        self.loop.quit()
        return GLib.SOURCE_CONTINUE

    def play(self):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGINT, self.cancel)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        report = self.pipeline.get_by_name("dub").get_property("report")
        self.pipeline.set_state(Gst.State.NULL)
        if self.exit_code == 0:
            print(report.get_string("mux"), "with", report.get_string("audio-codec"))
        return self.exit_code


def main():
    Gst.init(None)
    if len(sys.argv) not in (3, 4):
        sys.exit("Usage: dub.py IN OUT [SOUND-EFFECT-PROMPT]")
    prompt = sys.argv[3] if len(sys.argv) == 4 else None
    return Run(make_pipeline(sys.argv[1], sys.argv[2], prompt)).play()


if __name__ == "__main__":
    sys.exit(main())
