// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element.h"

#include <utility>

#include "factories.h"
#include "log.h"
#include "messages.h"

namespace klingv2a {

namespace {

// Without these no clip can be published or no sound be played: known before any data comes.
constexpr const char* kNeededAlways[] = {"fdsrc", "decodebin", "audioconvert", "audioresample", "appsink", "wavparse"};
constexpr const char* kNeededToPublish[] = {"appsrc", "h264parse", "mp4mux", "fdsink", "qtdemux"};

}  // namespace

Element::Element(GstElement* self, GstPad* sink, GstPad* video, const Signals& signals)
    : state_(self, sink, video, signals),
      links_(state_),
      failures_(state_, links_),
      threads_(state_, links_, failures_),
      pusher_(state_, failures_),
      player_(state_, failures_, pusher_),
      companions_(state_, failures_, pusher_),
      planned_(state_, links_, failures_, threads_),
      intake_(state_, failures_, threads_, planned_),
      events_(state_, intake_, planned_, player_, companions_, threads_),
      queries_(state_),
      seeks_(state_),
      timed_sink_(sink) {}

// Any thread may drop the last reference. What others wrote under the lock is to be seen then, whatever counts the
// references.
Element::~Element() {
  const MutexLocker lock(state_.mutex);
}

// ---- properties

SetResult Element::set_property(guint id, const GValue* value) {
  const MutexLocker lock(state_.mutex);
  Settings* const settings = &state_.settings;
  return set_unless(
      state_.running, value, [&](GValue* present) { return get_setting(*settings, id, present); },
      [&] { set_setting(*settings, id, value); });
}

bool Element::get_property(guint id, GValue* value) {
  if (id == task_id_property()) {
    const std::string task_id = state_.task_id();
    g_value_set_string(value, task_id.empty() ? nullptr : task_id.c_str());
    return true;
  }
  if (id == stats_property()) {
    g_value_take_boxed(value, to_structure(state_.all_statistics()).release());
    return true;
  }
  const MutexLocker lock(state_.mutex);
  return get_setting(state_.settings, id, value);
}

// ---- states

bool Element::check_settings() {
  RunSettings settings;
  {
    const MutexLocker lock(state_.mutex);
    state_.taken = snapshot(state_.settings, 1);
    settings = state_.settings_for(1);
  }
  return is_good(settings);
}

// Credentials, prompts, publish and the elements we need: wrong ones are known before any data. No network.
bool Element::is_good(const RunSettings& settings) const {
  try {
    check(settings);
    for (const char* factory : kNeededAlways) require_factory(state_.self, factory);
    if (!settings.by_reference())
      for (const char* factory : kNeededToPublish) require_factory(state_.self, factory);
    return true;
  } catch (const Error& error) {
    messages::post_error(state_.self, error.details());
    return false;
  }
}

// They may have been changed in READY.
bool Element::prepare() {
  {
    const MutexLocker lock(state_.mutex);
    state_.running = true;
  }
  if (!check_settings()) {
    const MutexLocker lock(state_.mutex);
    return state_.running = false;
  }
  {
    const MutexLocker lock(state_.mutex);
    state_.flushing = state_.stopping = state_.failed = false;
    state_.failure.reset();
    for (Output* output : {&state_.video, &state_.audio}) output->restart();
    state_.row.begin_run();
  }
  intake_.begin_run();
  companions_.begin_run();
  if (state_.reset_statistics()) g_object_notify(G_OBJECT(state_.self), "task-id");
  state_.notify_statistics(ElementState::When::now);
  return true;
}

void Element::note_paused(bool paused) {
  const MutexLocker lock(state_.mutex);
  state_.paused = paused;
}

void Element::begin_stop() {
  GST_DEBUG_OBJECT(state_.self, "stop: waits end, runs are cancelled");
  {
    const MutexLocker lock(state_.mutex);
    state_.stopping = true;
  }
  state_.changed.notify_all();
  planned_.interrupt();
  threads_.cancel_all();
}

void Element::finish_stop() {
  failures_.report_unreported();
  timed_sink_.forget();
  planned_.stop();
  threads_.stop_all();
  intake_.forget_held();
  events_.forget_stream();
  player_.reset();
  std::vector<std::shared_ptr<ClipSound>> forgotten;
  {
    const MutexLocker lock(state_.mutex);
    state_.companions.reset();
    forgotten = state_.row.clear();
    state_.audio_caps = {};
    state_.audio_has_begun = false;
    state_.running = false;
  }
  state_.keep_statistics(forgotten);
}

// ---- pads

bool Element::activate(GstPad* pad, bool active) {
  {
    const MutexLocker lock(state_.mutex);
    Output* output = state_.find_output(pad);
    if (output) output->active = active;
    const bool is_companion = output && output != &state_.video && output != &state_.audio;
    if (active) return output && (is_companion ? companions_.start(state_, pad) : player_.start(state_, pad));
  }
  state_.changed.notify_all();
  return gst_pad_stop_task(pad);
}

bool Element::on_source_event(GstPad* pad, EventPtr event) {
  const auto type = GST_EVENT_TYPE(event.get());
  const auto sink = internal_link(pad);
  if (type == GST_EVENT_SEEK) return seeks_.pass(sink ? sink.get() : state_.sink, std::move(event));
  if (sink) return gst_pad_event_default(pad, GST_OBJECT(state_.self), event.to_c());
  // The video's sink says the same to upstream; what is about the sound alone ends here.
  return type == GST_EVENT_LATENCY || type == GST_EVENT_QOS || type == GST_EVENT_RECONFIGURE;
}

}  // namespace klingv2a
