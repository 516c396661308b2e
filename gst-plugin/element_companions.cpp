// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Companions: the other streams of the programme, each with a request pad `sink_%u` and, from its first CAPS on, a
// sometimes pad `src_%u`, which stays as long as the request pad does. What comes in waits beside the video and leaves
// with it.
//
// In step: an item may leave when the clip that its running time falls in may. Of the row that is: up to the end of the
// first clips that are released, one after the other, and without a bound once the video is complete and all of them
// are. What has no time of its own (SEGMENT, TAG …) goes with the item before it. So a companion that is ahead of the
// video waits for it without stopping its own upstream, which may be the video's as well.
//
// Room: once it may leave, a companion's upstream is held back like the video's, see may_take_more().
//
// Threads: each companion's streaming thread, its source pad's task, and any thread for request and release.
#include <algorithm>

#include "element.h"
#include "gstklingv2a.h"
#include "log.h"
#include "reaper.h"

namespace klingv2a {

namespace {

constexpr const char* kSinkPrefix = "sink_";

std::optional<guint> number_of(const char* name) {
  guint64 number = 0;
  if (!g_str_has_prefix(name, kSinkPrefix)) return std::nullopt;
  const char* digits = name + std::char_traits<char>::length(kSinkPrefix);
  if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT, &number, nullptr)) return std::nullopt;
  return static_cast<guint>(number);
}

}  // namespace

// ---- pads

Element::CompanionPtr Element::find_companion(const GstPad* pad) const {
  const auto found = std::ranges::find_if(
      companions_, [&](const auto& companion) { return companion->sink.get() == pad || companion->output.pad == pad; });
  return found == companions_.end() ? nullptr : *found;
}

Element::CompanionPtr Element::companion_of(GstPad* pad) {
  const MutexLocker lock(mutex_);
  return find_companion(pad);
}

bool Element::is_in_use(guint number) const {
  return std::ranges::any_of(companions_, [&](const auto& companion) { return companion->number == number; });
}

GstPad* Element::request_companion(const char* name) {
  const auto wanted = name ? number_of(name) : std::optional<guint>(0);
  if (!wanted) return nullptr;
  guint number = *wanted;
  PadPtr sink;
  bool running = false;
  {
    const MutexLocker lock(mutex_);
    while (!name && is_in_use(number)) ++number;
    if (is_in_use(number)) return nullptr;
    sink = new_companion_sink(number);
    companions_.push_back(std::make_shared<Companion>(number, sink));
    running = !stopping_;
  }
  if (running) gst_pad_set_active(sink.get(), TRUE);
  gst_element_add_pad(self_, sink.get());
  return sink.get();
}

// A task that is downstream comes back when downstream lets it: nobody waits for that here.
void Element::release_companion(GstPad* pad) {
  CompanionPtr companion;
  bool busy = false;
  {
    const MutexLocker lock(mutex_);
    companion = find_companion(pad);
    if (!companion) return;
    companion->released = true;
    busy = companion->pushing;
    std::erase(companions_, companion);
  }
  changed_.notify_all();
  gst_pad_set_active(pad, FALSE);  // its streaming thread has left, so the source pad does not come any more
  PadPtr source;
  {
    const MutexLocker lock(mutex_);
    source = companion->source;
    companion->hold = {};
  }
  if (source) remove_source(source, busy);
  gst_element_remove_pad(self_, pad);
  say_no_more_pads();
}

// While its task is `busy` downstream, the pad is deactivated behind everybody's back, when it comes back.
void Element::remove_source(const PadPtr& source, bool busy) {
  if (!busy) gst_pad_set_active(source.get(), FALSE);
  gst_element_remove_pad(self_, source.get());
  if (!busy) return;
  // Without a parent it could not be deactivated, unless it says that it needs none.
  GST_OBJECT_FLAG_UNSET(source.get(), GST_PAD_FLAG_NEED_PARENT);
  reap([source, element = ElementPtr::share(self_)] { gst_pad_set_active(source.get(), FALSE); });
}

// With the first CAPS: at request time a muxer would give `src_%u` a pad of a wrong kind. STREAM_START and CAPS are
// there when the pad is added, and go on at once to whoever links it then. In the next run the pad is there already.
bool Element::expose_companion(const CompanionPtr& companion, const EventPtr& caps) {
  PadPtr source;
  EventPtr stream_start;
  bool is_new = false;
  {
    const MutexLocker lock(mutex_);
    if (stopping_ || companion->released || companion->flushing) return false;
    is_new = !companion->source;
    if (is_new) companion->source = new_companion_source(this, companion->number);
    source = companion->source;
    companion->output.pad = source.get();
    stream_start = std::move(companion->stream_start);
    companion->stream_start = {};
  }
  if (is_new) gst_pad_set_active(source.get(), TRUE);
  if (stream_start) gst_pad_push_event(source.get(), stream_start.to_c());
  if (is_new) {
    gst_pad_push_event(source.get(), EventPtr(caps).to_c());
    gst_element_add_pad(self_, source.get());
  }
  gst_pad_push_event(source.get(), EventPtr(caps).to_c());
  {
    const MutexLocker lock(mutex_);
    companion->announced = companion->added = true;
  }
  changed_.notify_all();
  say_no_more_pads();
  return true;
}

// Once a run: `audio` is there, and the source pad of each companion that anything may come for.
void Element::say_no_more_pads() {
  {
    const MutexLocker lock(mutex_);
    if (said_no_more_pads_ || !audio_begun_ || stopping_) return;
    const auto is_to_come = [](const auto& companion) {
      return !companion->announced && !companion->has_ended && gst_pad_is_linked(companion->sink.get());
    };
    if (std::ranges::any_of(companions_, is_to_come)) return;
    said_no_more_pads_ = true;
  }
  gst_element_no_more_pads(self_);
}

// ---- what comes in

GstFlowReturn Element::companion_chain(GstPad* pad, BufferPtr buffer) {
  const auto companion = companion_of(pad);
  if (!companion) return GST_FLOW_FLUSHING;
  {
    const MutexLocker lock(mutex_);
    if (const auto flow = refusal(*companion); flow != GST_FLOW_OK) return flow;
    if (!companion->announced) return GST_FLOW_NOT_NEGOTIATED;
    // The upstream is not stuck, though the video's packets may all have come.
    if (filling_ && filling_->sound) filling_->sound->run->note_arrival();
    if (companion->output.flow == GST_FLOW_NOT_LINKED) return GST_FLOW_OK;  // dropped: upstream has other streams
  }
  try {
    return hold(*companion, spooled_if_needed(*companion, out_of_pool(std::move(buffer))));
  } catch (const Error& error) {
    fail_for_companion(error);
    return GST_FLOW_ERROR;
  }
}

GstFlowReturn Element::refusal(const Companion& companion) const {
  if (companion.flushing || companion.released || stopping_) return GST_FLOW_FLUSHING;
  if (failed_) return GST_FLOW_ERROR;
  if (companion.has_ended) return GST_FLOW_EOS;
  return companion.output.flow <= GST_FLOW_EOS ? companion.output.flow : GST_FLOW_OK;
}

// On the companion's streaming thread, without the lock: writing may take its time.
HeldItem Element::spooled_if_needed(Companion& companion, BufferPtr buffer) {
  HeldItem item{.memory = gst_buffer_get_size(buffer.get()), .time = companion.time_of(buffer.get())};
  bool in_memory = false;
  {
    const MutexLocker lock(mutex_);
    const Nanoseconds until = companions_until();
    const bool may_leave = until != kNever && item.time.value_or(kNever) <= until;
    const bool leaves_soon = may_leave && companion.hold.buffers() < kRoom;
    in_memory = leaves_soon || held_memory() + item.memory <= settings_.max_hold_bytes;
  }
  if (!in_memory) {
    buffer = open_spool(companion.spool)->put(buffer);
    item.memory = 0;
  }
  item.object = Item::adopt(GST_MINI_OBJECT_CAST(buffer.to_c()));
  return item;
}

GstFlowReturn Element::hold(Companion& companion, HeldItem item) {
  const MutexLocker lock(mutex_);
  if (const auto flow = refusal(companion); flow != GST_FLOW_OK) return flow;
  if (item.memory == 0) note_spooled(companion.spooled, companion.spool.get());
  companion.hold.push(std::move(item));
  changed_.notify_all();
  while (refusal(companion) == GST_FLOW_OK && companion.output.active && companion.may_leave(companions_until()) &&
         !may_take_more(companion.hold))
    changed_.wait(mutex_);
  return refusal(companion);
}

// What cannot be held is the clip's failure.
void Element::fail_for_companion(const Error& error) {
  std::shared_ptr<Sound> sound;
  {
    const MutexLocker lock(mutex_);
    if (filling_ && filling_->sound && !filling_->sound->settled) sound = filling_->sound;
  }
  fail({sound, error.details(), Found::on_companion}, Policy::ignore);
}

GstFlowReturn Element::on_companion_event(GstPad* pad, EventPtr event) {
  const auto companion = companion_of(pad);
  if (companion && take_companion_event(companion, std::move(event))) return GST_FLOW_OK;
  const MutexLocker lock(mutex_);
  return !companion || companion->flushing || stopping_ ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
}

bool Element::take_companion_event(const CompanionPtr& companion, EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return on_companion_flush_start(*companion, std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return on_companion_flush_stop(*companion, std::move(event));
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_INSTANT_RATE_CHANGE:  // not serialized, but of the SEGMENT that is held
      return hold_companion_event(*companion, std::move(event));
    case GST_EVENT_CAPS:
      return companion->announced ? hold_companion_event(*companion, std::move(event))
                                  : expose_companion(companion, event);
    case GST_EVENT_EOS:
      return on_companion_end(*companion, std::move(event));
    default:
      if (GST_EVENT_IS_SERIALIZED(event.get())) return hold_companion_event(*companion, std::move(event));
      return push_past(*companion, std::move(event));
  }
}

// Out of band: it may come while the first CAPS make the source pad.
bool Element::push_past(const Companion& companion, EventPtr event) {
  const PadPtr source = source_of(companion);
  return !source || gst_pad_push_event(source.get(), event.to_c());
}

PadPtr Element::source_of(const Companion& companion) {
  const MutexLocker lock(mutex_);
  return companion.source;
}

bool Element::on_companion_flush_start(Companion& companion, EventPtr event) {
  PadPtr source;
  {
    const MutexLocker lock(mutex_);
    companion.flushing = true;
    source = companion.source;
  }
  changed_.notify_all();
  return !source || gst_pad_push_event(source.get(), event.to_c());
}

bool Element::on_companion_flush_stop(Companion& companion, EventPtr event) {
  const PadPtr source = source_of(companion);
  // The task has seen the flush and left its push; from here on it does not touch what is held.
  if (source) gst_pad_pause_task(source.get());
  {
    const MutexLocker lock(mutex_);
    companion.flush();
  }
  changed_.notify_all();
  if (!source) return true;
  const bool passed = gst_pad_push_event(source.get(), event.to_c());
  const MutexLocker lock(mutex_);
  if (companion.output.active && !companion.released) start_task(source.get());
  return passed;
}

bool Element::on_companion_end(Companion& companion, EventPtr event) {
  begin_to_end(companion);
  if (!gst_pad_is_linked(sink_))
    fail_for_companion(
        make_error(ErrorKind::settings, Phase::hold,
                   "a companion stream has ended, and the pad sink, which the video belongs to, is not linked",
                   "link the video to klingv2a's pad sink; name the pads, as in: d.video_0 ! h264parse ! k.sink"));
  const bool held = hold_companion_event(companion, std::move(event));
  say_no_more_pads();
  return held;
}

// One that ends without CAPS is nobody's stream, unless its source pad is there of an earlier run: whoever it is linked
// to waits for its end.
void Element::begin_to_end(Companion& companion) {
  EventPtr stream_start;
  {
    const MutexLocker lock(mutex_);
    companion.has_ended = true;
    if (!companion.added || companion.announced) return;
    stream_start = std::exchange(companion.stream_start, {});
  }
  if (stream_start) gst_pad_push_event(companion.source.get(), stream_start.to_c());
  const MutexLocker lock(mutex_);
  companion.announced = true;
}

bool Element::hold_companion_event(Companion& companion, EventPtr event) {
  {
    const MutexLocker lock(mutex_);
    if (companion.flushing || companion.released || stopping_) return false;
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
  changed_.notify_all();
  return true;
}

// ---- what leaves

// Running time up to which companions may leave, see the top of this file.
Nanoseconds Element::companions_until() const {
  Nanoseconds until = played_until_;
  for (const auto& clip : video_.row) {
    if (!clip->released()) return until;
    if (clip->has_frames) until = std::max(until, clip->end_time);
  }
  return complete_ ? kForever : until;
}

// May a muxer that has got one stream as far as `time` be waiting for another one, of which nothing is there that it
// could be given?
bool Element::somebody_is_behind(Nanoseconds time) const {
  const auto waited_for = [](const Output& output) {
    return output.active && output.flow == GST_FLOW_OK && gst_pad_is_linked(output.pad);
  };
  const bool video_has_some =
      std::ranges::any_of(video_.row, [](const auto& clip) { return clip->released() && clip->held.buffers() > 0; });
  if (!complete_ && !video_has_some && video_left_ < time && waited_for(video_)) return true;
  const Nanoseconds until = companions_until();
  const bool complete = complete_;
  return std::ranges::any_of(companions_, [&](const auto& companion) {
    const bool over = companion->has_ended && companion->hold.empty();
    // Once the video has ended, somebody may wait for the very end of a stream, however much of it has left: a mix
    // does.
    const bool behind = complete || companion->left < time;
    return companion->announced && !over && !companion->may_leave(until) && behind && waited_for(companion->output);
  });
}

// Nothing of it comes in this run, and of an earlier one somebody waits for it.
bool Element::is_absent(const Companion& companion) const {
  return companion.added && !companion.announced && companions_until() == kForever &&
         !gst_pad_is_linked(companion.sink.get());
}

void Element::play_companion(GstPad* pad) {
  const auto companion = companion_of(pad);
  auto item = companion ? next_item(*companion) : Item();
  if (!item) {
    gst_pad_pause_task(pad);
    return;
  }
  push(companion->output, std::move(item));
  const MutexLocker lock(mutex_);
  companion->pushing = false;
}

bool Element::must_stop(const Companion& companion) const {
  return companion.released || companion.flushing || stopping_ || !companion.output.active;
}

bool Element::must_end(const Companion& companion) const {
  return (failed_ && companion.added) || is_absent(companion);
}

bool Element::has_work(const Companion& companion) const {
  if (must_end(companion)) return !companion.output.ended;
  return companion.announced && companion.may_leave(companions_until());
}

Element::Item Element::next_item(Companion& companion) {
  const MutexLocker lock(mutex_);
  auto& output = companion.output;
  while (!must_stop(companion) && !has_work(companion)) changed_.wait(mutex_);
  if (must_stop(companion)) return {};
  HeldItem item;
  if (must_end(companion))
    item.object = Item::adopt(GST_MINI_OBJECT_CAST(gst_event_new_eos()));
  else
    item = companion.hold.pop();
  companion.left = item.time.value_or(companion.left);
  companion.pushing = true;
  output.ended = is_eos(item.object);
  changed_.notify_all();
  return std::move(item.object);
}

}  // namespace klingv2a
