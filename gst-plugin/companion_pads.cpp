// SPDX-License-Identifier: LGPL-2.1-or-later
#include "companion_pads.h"

#include <utility>

#include "clip_run.h"
#include "gstklingv2a.h"
#include "log.h"
#include "reaper.h"

namespace klingv2a {

namespace {

constexpr const char* kSinkPrefix = "sink_";
// By which the task of a source pad finds this object.
constexpr const char* kOwnerKey = "klingv2a-companion-pads";

std::optional<guint> number_of(const char* name) {
  guint64 number = 0;
  if (!g_str_has_prefix(name, kSinkPrefix)) return std::nullopt;
  const char* digits = name + std::char_traits<char>::length(kSinkPrefix);
  if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT, &number, nullptr)) return std::nullopt;
  return static_cast<guint>(number);
}

}  // namespace

// ---- pads

CompanionPads::CompanionPtr CompanionPads::find(GstPad* pad) {
  const MutexLocker lock(state_.mutex);
  return state_.companions.find(pad);
}

GstPad* CompanionPads::request(const char* name) {
  const auto wanted = name ? number_of(name) : std::optional<guint>(0);
  if (!wanted) return nullptr;
  PadPtr sink;
  bool running = false;
  {
    const MutexLocker lock(state_.mutex);
    const guint number = state_.companions.first_free_from(*wanted);
    if (name && number != *wanted) return nullptr;
    sink = new_companion_sink(number);
    state_.companions.add(std::make_shared<Companion>(number, sink));
    running = !state_.stopping;
  }
  if (running) gst_pad_set_active(sink.get(), TRUE);
  gst_element_add_pad(state_.self, sink.get());
  return sink.get();
}

void CompanionPads::release(GstPad* pad) {
  CompanionPtr companion;
  bool is_busy = false;
  {
    const MutexLocker lock(state_.mutex);
    companion = state_.companions.find(pad);
    if (!companion) return;
    companion->released = true;
    is_busy = companion->pushing;
    state_.companions.remove(companion);
  }
  state_.changed.notify_all();
  gst_pad_set_active(pad, FALSE);  // its streaming thread has left, so the source pad does not come any more
  PadPtr source;
  {
    const MutexLocker lock(state_.mutex);
    source = companion->source;
    companion->hold = {};
  }
  if (source) remove_source(source, is_busy);
  gst_element_remove_pad(state_.self, pad);
  say_no_more_pads();
}

PadPtr CompanionPads::new_source(guint number) {
  auto source = new_companion_source(state_.self, number);
  g_object_set_data(G_OBJECT(source.get()), kOwnerKey, this);
  return source;
}

// While its task is busy downstream, the pad is deactivated behind everybody's back, when it comes back.
void CompanionPads::remove_source(const PadPtr& source, bool is_busy) const {
  if (!is_busy) gst_pad_set_active(source.get(), FALSE);
  gst_element_remove_pad(state_.self, source.get());
  if (!is_busy) return;
  // Without a parent it could not be deactivated, unless it says that it needs none.
  GST_OBJECT_FLAG_UNSET(source.get(), GST_PAD_FLAG_NEED_PARENT);
  reap([source, element = ElementPtr::share(state_.self)] { gst_pad_set_active(source.get(), FALSE); });
}

// With the first CAPS: at request time a muxer would give `src_%u` a pad of a wrong kind. STREAM_START and CAPS are
// there when the pad is added, and go on at once to whoever links it then. In the next run the pad is there already.
bool CompanionPads::expose(const CompanionPtr& companion, const EventPtr& caps) {
  PadPtr source;
  EventPtr stream_start;
  bool is_new = false;
  {
    const MutexLocker lock(state_.mutex);
    if (state_.stopping || companion->released || companion->flushing) return false;
    is_new = !companion->source;
    if (is_new) {
      companion->source = new_source(companion->number);
      companion->output.pad = companion->source.get();  // once, for its task reads it without the lock
    }
    source = companion->source;
    stream_start = std::move(companion->stream_start);
    companion->stream_start = {};
  }
  if (is_new) gst_pad_set_active(source.get(), TRUE);
  if (stream_start) gst_pad_push_event(source.get(), stream_start.to_c());
  if (is_new) {
    gst_pad_push_event(source.get(), EventPtr(caps).to_c());
    gst_element_add_pad(state_.self, source.get());
  }
  gst_pad_push_event(source.get(), EventPtr(caps).to_c());
  {
    const MutexLocker lock(state_.mutex);
    companion->announced = companion->added = true;
  }
  state_.changed.notify_all();
  say_no_more_pads();
  return true;
}

// Once a run: `audio` is there, and the source pad of each companion that anything may come for.
void CompanionPads::say_no_more_pads() {
  {
    const MutexLocker lock(state_.mutex);
    if (said_no_more_pads_ || !state_.audio_has_begun || state_.stopping || state_.companions.any_is_to_begin()) return;
    said_no_more_pads_ = true;
  }
  gst_element_no_more_pads(state_.self);
}

// ---- what comes in

GstFlowReturn CompanionPads::chain(GstPad* pad, BufferPtr buffer) {
  const auto companion = find(pad);
  if (!companion) return GST_FLOW_FLUSHING;
  {
    const MutexLocker lock(state_.mutex);
    if (const auto flow = refusal(*companion); flow != GST_FLOW_OK) return flow;
    if (!companion->announced) return GST_FLOW_NOT_NEGOTIATED;
    // The upstream is not stuck, though the video's packets may all have come.
    state_.arrivals.note();
    if (const auto& filling = state_.row.filling(); filling && filling->sound && filling->sound->run)
      filling->sound->run->note_arrival();
    if (companion->output.flow == GST_FLOW_NOT_LINKED) return GST_FLOW_OK;  // dropped: upstream has other streams
  }
  try {
    return hold(*companion, spooled_if_needed(*companion, out_of_pool(std::move(buffer))));
  } catch (const Error& error) {
    fail(error);
    return GST_FLOW_ERROR;
  }
}

GstFlowReturn CompanionPads::refusal(const Companion& companion) const {
  if (companion.flushing || companion.released || state_.stopping) return GST_FLOW_FLUSHING;
  if (state_.failed) return GST_FLOW_ERROR;
  if (companion.has_ended) return GST_FLOW_EOS;
  return companion.output.flow <= GST_FLOW_EOS ? companion.output.flow : GST_FLOW_OK;
}

// On the companion's streaming thread, without the lock: writing may take its time.
HeldItem CompanionPads::spooled_if_needed(Companion& companion, BufferPtr buffer) {
  HeldItem item{.memory = gst_buffer_get_size(buffer.get()), .time = companion.time_of(buffer.get())};
  bool in_memory = false;
  std::string directory;
  {
    const MutexLocker lock(state_.mutex);
    const Nanoseconds until = state_.row.may_leave_until();
    const bool may_leave = until != kNever && item.time.value_or(kNever) <= until;
    const bool leaves_soon = may_leave && companion.hold.buffers() < ElementState::kRoom;
    in_memory = leaves_soon || state_.held_memory() + item.memory <= state_.settings.max_hold_bytes;
    directory = state_.settings.spool_dir;
  }
  if (!in_memory) {
    buffer = open_spool(companion.spool, directory)->put(buffer);
    item.memory = 0;
  }
  item.object = Item::adopt(GST_MINI_OBJECT_CAST(buffer.to_c()));
  return item;
}

GstFlowReturn CompanionPads::hold(Companion& companion, HeldItem item) {
  const MutexLocker lock(state_.mutex);
  if (const auto flow = refusal(companion); flow != GST_FLOW_OK) return flow;
  if (item.memory == 0 && companion.spool) {
    companion.spooled = companion.spool->size();
    state_.note_spooled();
  }
  GST_LOG_OBJECT(companion.sink.get(), "hold a buffer at %" GST_STIME_FORMAT,
                 GST_STIME_ARGS(item.time.value_or(kNever)));
  companion.hold.push(std::move(item));
  state_.changed.notify_all();
  while (refusal(companion) == GST_FLOW_OK && companion.output.active &&
         companion.may_leave(state_.row.may_leave_until()) && !state_.may_take_more(companion.hold))
    state_.changed.wait(state_.mutex);
  return refusal(companion);
}

// What cannot be held is the clip's failure.
void CompanionPads::fail(const Error& error) {
  std::shared_ptr<ClipSound> sound;
  {
    const MutexLocker lock(state_.mutex);
    const auto& filling = state_.row.filling();
    if (filling && filling->sound && !filling->sound->settled) sound = filling->sound;
  }
  failures_.fail({sound, error.details(), Found::on_companion}, Failures::Policy::ignore);
}

GstFlowReturn CompanionPads::take(GstPad* pad, EventPtr event) {
  const auto companion = find(pad);
  if (companion && dispatch(companion, std::move(event))) return GST_FLOW_OK;
  const MutexLocker lock(state_.mutex);
  return !companion || companion->flushing || state_.stopping ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
}

bool CompanionPads::dispatch(const CompanionPtr& companion, EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return on_flush_start(*companion, std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return on_flush_stop(*companion, std::move(event));
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_INSTANT_RATE_CHANGE:  // not serialized, but of the SEGMENT that is held
      return hold_event(*companion, std::move(event));
    case GST_EVENT_CAPS:
      return companion->announced ? hold_event(*companion, std::move(event)) : expose(companion, event);
    case GST_EVENT_EOS:
      return on_end(*companion, std::move(event));
    default:
      if (GST_EVENT_IS_SERIALIZED(event.get())) return hold_event(*companion, std::move(event));
      return push_past(*companion, std::move(event));
  }
}

// Out of band: it may come while the first CAPS make the source pad.
bool CompanionPads::push_past(const Companion& companion, EventPtr event) {
  const PadPtr source = source_of(companion);
  return !source || gst_pad_push_event(source.get(), event.to_c());
}

PadPtr CompanionPads::source_of(const Companion& companion) {
  const MutexLocker lock(state_.mutex);
  return companion.source;
}

bool CompanionPads::on_flush_start(Companion& companion, EventPtr event) {
  PadPtr source;
  {
    const MutexLocker lock(state_.mutex);
    companion.flushing = true;
    source = companion.source;
  }
  state_.changed.notify_all();
  return !source || gst_pad_push_event(source.get(), event.to_c());
}

bool CompanionPads::on_flush_stop(Companion& companion, EventPtr event) {
  const PadPtr source = source_of(companion);
  // The task has seen the flush and left its push; from here on it does not touch what is held.
  if (source) gst_pad_pause_task(source.get());
  {
    const MutexLocker lock(state_.mutex);
    companion.flush();
  }
  state_.changed.notify_all();
  if (!source) return true;
  const bool passed = gst_pad_push_event(source.get(), event.to_c());
  const MutexLocker lock(state_.mutex);
  if (companion.output.active && !companion.released) start(state_, source.get());
  return passed;
}

bool CompanionPads::on_end(Companion& companion, EventPtr event) {
  begin_to_end(companion);
  if (!gst_pad_is_linked(state_.sink))
    fail(make_error(ErrorKind::settings, Phase::hold,
                    "a companion stream has ended, and the pad sink, which the video belongs to, is not linked",
                    "link the video to klingv2a's pad sink; name the pads, as in: d.video_0 ! h264parse ! k.sink"));
  const bool held = hold_event(companion, std::move(event));
  say_no_more_pads();
  return held;
}

// One that ends without CAPS is nobody's stream, unless its source pad is there of an earlier run: whoever it is linked
// to waits for its end.
void CompanionPads::begin_to_end(Companion& companion) {
  EventPtr stream_start;
  PadPtr source;
  {
    const MutexLocker lock(state_.mutex);
    companion.has_ended = true;
    if (!companion.added || companion.announced) return;
    stream_start = std::exchange(companion.stream_start, {});
    source = companion.source;
  }
  if (stream_start) gst_pad_push_event(source.get(), stream_start.to_c());
  const MutexLocker lock(state_.mutex);
  companion.announced = true;
}

bool CompanionPads::hold_event(Companion& companion, EventPtr event) {
  {
    const MutexLocker lock(state_.mutex);
    if (companion.flushing || companion.released || state_.stopping) return false;
    const auto type = GST_EVENT_TYPE(event.get());
    if (type == GST_EVENT_STREAM_START) companion.has_ended = false;
    if (type == GST_EVENT_STREAM_START && !companion.announced) {
      companion.stream_start = std::move(event);
      return true;
    }
    if (type == GST_EVENT_SEGMENT) gst_event_copy_segment(event.get(), &companion.segment);
    const auto time = companion.time_of(event.get());
    companion.hold.push({.object = Item::adopt(GST_MINI_OBJECT_CAST(event.to_c())), .time = time});
  }
  state_.changed.notify_all();
  return true;
}

// ---- what leaves

// Nothing of it comes in this run, and of an earlier one somebody waits for it.
bool CompanionPads::is_absent(const Companion& companion) const {
  return companion.added && !companion.announced && state_.row.may_leave_until() == kForever &&
         !gst_pad_is_linked(companion.sink.get());
}

bool CompanionPads::start(ElementState& /*locked*/, GstPad* pad) {
  const auto play = [](gpointer task_pad) {
    static_cast<CompanionPads*>(g_object_get_data(G_OBJECT(task_pad), kOwnerKey))->play(GST_PAD_CAST(task_pad));
  };
  start_.publish();
  return gst_pad_start_task(pad, play, pad, nullptr);
}

void CompanionPads::play(GstPad* pad) {
  start_.see();
  const auto companion = find(pad);
  HeldItem item = companion ? next_item(*companion) : HeldItem();
  if (!item.object) {
    gst_pad_pause_task(pad);
    return;
  }
  pusher_.push(companion->output, std::move(item.object));
  const MutexLocker lock(state_.mutex);
  companion->pushing = false;
}

bool CompanionPads::must_stop(const Companion& companion) const {
  return companion.released || companion.flushing || state_.stopping || !companion.output.active;
}

bool CompanionPads::must_end(const Companion& companion) const {
  return (state_.failed && companion.added) || is_absent(companion);
}

bool CompanionPads::has_work(const Companion& companion) const {
  if (must_end(companion)) return !companion.output.ended;
  return companion.announced && companion.may_leave(state_.row.may_leave_until());
}

HeldItem CompanionPads::next_item(Companion& companion) {
  const MutexLocker lock(state_.mutex);
  auto& output = companion.output;
  while (!must_stop(companion) && !has_work(companion)) state_.changed.wait(state_.mutex);
  if (must_stop(companion)) return {};
  HeldItem item;
  if (must_end(companion))
    item.object = Item::adopt(GST_MINI_OBJECT_CAST(gst_event_new_eos()));
  else
    item = companion.hold.pop();
  output.left = item.time.value_or(output.left);
  companion.pushing = true;
  output.ended = is_eos(item.object);
  state_.changed.notify_all();
  return item;
}

// ---- the run

void CompanionPads::note_audio_begun() {
  {
    const MutexLocker lock(state_.mutex);
    state_.audio_has_begun = true;
  }
  say_no_more_pads();
}

void CompanionPads::begin_run() {
  const MutexLocker lock(state_.mutex);
  said_no_more_pads_ = false;
}

}  // namespace klingv2a
