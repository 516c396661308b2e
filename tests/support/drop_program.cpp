// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A careless application: it takes a pipeline up, waits for something, and lets go of it without taking it to NULL
// first. What hangs, hangs this process and no test.
//
//   drop_program DESCRIPTION STATE WAIT WHAT [deinit]
//
// DESCRIPTION is as for gst-launch-1.0, STATE ready, paused or playing. WAIT is "-", "eos", "error", or the beginning
// of the text of a PROGRESS message. WHAT is "all", the whole, or the name of an element that is taken out of the
// pipeline (whose rest then goes to NULL as it should). With "deinit" GStreamer's own cleaning up has to come to an
// end, too.
#include <gst/gst.h>

#include <cstdio>
#include <memory>
#include <string>

#include "gobject_ptr.h"

namespace {

using klingv2a::Deleter;
using klingv2a::GObjectPtr;
using MessagePtr = std::unique_ptr<GstMessage, Deleter<gst_message_unref>>;

constexpr GstClockTime kPatience = 30 * GST_SECOND;

bool is_it(GstMessage* message, const std::string& wanted) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) return wanted == "eos";
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) return wanted == "error";
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_PROGRESS) return false;
  char* text = nullptr;
  gst_message_parse_progress(message, nullptr, nullptr, &text);
  const klingv2a::GCharPtr owned(text);
  return g_str_has_prefix(text, wanted.c_str());
}

bool wait_for(GstElement* pipeline, const std::string& wanted) {
  if (wanted == "-") return true;
  const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline));
  while (const MessagePtr message{gst_bus_timed_pop(bus.get(), kPatience)})
    if (is_it(message.get(), wanted)) return true;
  return false;
}

GstState state_of(const std::string& name) {
  if (name == "ready") return GST_STATE_READY;
  return name == "paused" ? GST_STATE_PAUSED : GST_STATE_PLAYING;
}

void drop(GstElement* pipeline, const std::string& what) {
  if (what != "all") {
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), what.c_str());
    gst_bin_remove(GST_BIN(pipeline), element);
    gst_object_unref(element);
    gst_element_set_state(pipeline, GST_STATE_NULL);
  }
  gst_object_unref(pipeline);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  gst_init(&argc, &argv);
  GstElement* pipeline = gst_parse_launch(argv[1], nullptr);
  if (!pipeline) return 3;
  gst_object_ref_sink(pipeline);
  gst_element_set_state(pipeline, state_of(argv[2]));
  if (!wait_for(pipeline, argv[3])) return 4;
  drop(pipeline, argv[4]);
  std::puts("dropped");
  if (argc > 5) gst_deinit();
  return 0;
}
