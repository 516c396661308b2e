// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The source pad: its queries, and its task, which waits for caps and sends what comes before the sound, waits until
// there is something to play, and plays it. One step each time it is called. It alone pushes downstream, so nothing
// overtakes, but for the flushes, which the sink pads' threads pass on.
#include <chrono>
#include <utility>

#include "error.h"
#include "log.h"
#include "messages.h"
#include "mix/mix_element.h"

namespace klingv2a {

namespace {

constexpr std::chrono::seconds kLookAgain{1};

EventPtr new_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  return EventPtr::adopt(gst_event_new_segment(&segment));
}

// Mono becomes stereo, as in mix::output_layout().
GstAudioInfo to_output(const GstAudioInfo& input) {
  if (GST_AUDIO_INFO_CHANNELS(&input) > 1) return input;
  GstAudioInfo info;
  gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_F32LE, kMixRate, 2, nullptr);
  return info;
}

}  // namespace

bool MixElement::activate(bool active) {
  if (active) return gst_pad_start_task(source_, work, this, nullptr);
  begin_stop();
  return gst_pad_stop_task(source_);
}

bool MixElement::answer(GstQuery* query) const {
  GstFormat format = GST_FORMAT_UNDEFINED;
  const bool asks_position = GST_QUERY_TYPE(query) == GST_QUERY_POSITION;
  if (asks_position)
    gst_query_parse_position(query, &format, nullptr);
  else if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION)
    gst_query_parse_duration(query, &format, nullptr);
  if (format != GST_FORMAT_TIME) return false;
  const MutexLocker lock(mutex_);
  const auto time = asks_position ? position_ : end_;
  if (!GST_CLOCK_TIME_IS_VALID(time)) return false;
  if (asks_position)
    gst_query_set_position(query, format, static_cast<gint64>(time));
  else
    gst_query_set_duration(query, format, static_cast<gint64>(time));
  return true;
}

// Nothing of a mix that collects leaves before its end: what a live source would wait for has no bound.
void MixElement::add_own_latency(GstQuery* query) const {
  const MutexLocker lock(mutex_);
  if (!properties_.streams()) return;
  gboolean live = FALSE;
  GstClockTime min = 0, max = 0;
  gst_query_parse_latency(query, &live, &min, &max);
  min += to_time(mix::StreamMixer::latency(properties_.mixing(std::nullopt)));
  if (GST_CLOCK_TIME_IS_VALID(max)) max += properties_.max_ahead;
  gst_query_set_latency(query, live, min, std::max(min, max));
}

bool MixElement::on_source_event(EventPtr event) {
  GstSeekFlags flags = GST_SEEK_FLAG_NONE;
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK)
    gst_event_parse_seek(event.get(), nullptr, nullptr, &flags, nullptr, nullptr, nullptr, nullptr);
  if (flags & GST_SEEK_FLAG_FLUSH) return seek(event);
  return gst_pad_event_default(source_, GST_OBJECT(element_), event.to_c());
}

// Both inputs are flushed before the mix begins anew: it must not put what the first one brings after the seek beside
// what the second one had before. Whose flush has not begun when it has taken the seek is not waited for.
bool MixElement::seek(const EventPtr& event) {
  std::array<PadPtr, 2> pads;
  {
    const MutexLocker lock(mutex_);
    for (const auto role : kRoles) {
      auto& each = input(role);
      if (!each.pad) continue;
      each.awaits_flush = true;
      pads.at(static_cast<std::size_t>(role)) = PadPtr::share(each.pad);
    }
  }
  bool is_taken = false;
  for (const auto& pad : pads)
    if (pad && gst_pad_push_event(pad.get(), gst_event_ref(event.get()))) is_taken = true;
  bool is_over = false;
  {
    const MutexLocker lock(mutex_);
    for (auto& each : inputs_) each.awaits_flush = false;
    is_over = flushing_ && is_flush_over();
  }
  if (!is_over) return is_taken;
  auto stop = EventPtr::adopt(gst_event_new_flush_stop(TRUE));
  gst_event_set_seqnum(stop.get(), gst_event_get_seqnum(event.get()));
  finish_flush(std::move(stop));
  return is_taken;
}

void MixElement::work(gpointer self) {
  auto& element = *static_cast<MixElement*>(self);
  try {
    element.do_step();
  } catch (const Error& error) {
    element.fail(error.details());
  } catch (const std::bad_alloc&) {
    element.fail(make_error(ErrorKind::disk, Phase::hold, "there is no memory for the mix").details());
  }
  // Hands what this thread has written to whoever stops or flushes it next.
  const MutexLocker lock(element.mutex_);
}

void MixElement::do_step() {
  switch (await_step()) {
    case Step::none:
      return;
    case Step::header:
      return send_header();
    case Step::collected:
      return player_ ? push_next() : start_playing();
    case Step::streamed:
      return stream_next();
  }
}

// Waits for something to do; a stop or a flush ends the wait at once.
MixElement::Step MixElement::await_step() {
  bool is_over = false;
  {
    const auto deadline = std::chrono::steady_clock::now() + kLookAgain;
    const MutexLocker lock(mutex_);
    note_unlinked();
    while (!is_at_end() && next_step() == Step::none &&
           changed_.wait_until(mutex_, deadline) == std::cv_status::no_timeout) {
    }
    is_over = is_at_end();
    if (!is_over) return next_step();
  }
  pause_source();
  return Step::none;
}

MixElement::Step MixElement::next_step() const {
  if (!header_sent_ && is_header_known()) return Step::header;
  if (streams_) return next_stream_step();
  return has_everything() ? Step::collected : Step::none;
}

// The original decides the layout; the generated sound only where there is no original. A pad that is not linked may
// still be while a mix collects; one that streams does not wait for that.
bool MixElement::is_header_known() const {
  for (const auto& each : inputs_) {
    if (each.info) return true;
    const bool may_come = each.pad && !each.ended;
    if (may_come && (gst_pad_is_linked(each.pad) || (!streams_ && !has_everything()))) return false;
  }
  return false;
}

// A pad that is not linked brings nothing. (Asking that takes the pad's own lock, for a moment.)
bool MixElement::has_everything() const {
  bool any = false;
  for (const auto& each : inputs_) {
    if (each.pad && !each.ended && gst_pad_is_linked(each.pad)) return false;
    any |= each.ended;
  }
  return any;
}

std::optional<GstAudioInfo> MixElement::output_info() const {
  for (const auto& each : inputs_)
    if (each.info) return to_output(*each.info);
  return std::nullopt;
}

void MixElement::send_header() {
  std::string id;
  std::optional<guint> group;
  {
    const MutexLocker lock(mutex_);
    info_ = output_info();
    for (const auto& each : inputs_) {
      if (id.empty() && !each.stream_id.empty()) id = each.stream_id + "/klingv2amix";
      if (!group) group = each.group;
    }
    header_sent_ = true;
    tags_changed_ = true;
  }
  if (id.empty()) id = GCharPtr(gst_pad_create_stream_id(source_, element_, "klingv2amix")).get();
  GstEvent* start = gst_event_new_stream_start(id.c_str());
  gst_event_set_group_id(start, group ? *group : gst_util_group_id_next());
  gst_pad_push_event(source_, start);
  if (!info_) return;
  const auto caps = CapsPtr::adopt(gst_audio_info_to_caps(&*info_));
  gst_pad_push_event(source_, gst_event_new_caps(caps.get()));
  gst_pad_push_event(source_, new_segment().to_c());
  send_tags();
}

// The original's tags, and what only the generated sound has.
void MixElement::send_tags() {
  std::array<TagListPtr, 2> merged;
  {
    const MutexLocker lock(mutex_);
    if (!std::exchange(tags_changed_, false)) return;
    for (std::size_t scope = 0; scope < merged.size(); ++scope)
      merged.at(scope) = TagListPtr::adopt(
          gst_tag_list_merge(inputs_[0].tags.at(scope).get(), inputs_[1].tags.at(scope).get(), GST_TAG_MERGE_KEEP));
  }
  for (std::size_t scope = 0; scope < merged.size(); ++scope) {
    auto& tags = merged.at(scope);
    if (!tags || gst_tag_list_is_empty(tags.get())) continue;
    tags = TagListPtr::adopt(gst_tag_list_copy(tags.get()));
    gst_tag_list_set_scope(tags.get(), static_cast<GstTagScope>(scope));
    gst_pad_push_event(source_, gst_event_new_tag(tags.to_c()));
  }
}

StructurePtr MixElement::stats() const {
  const MutexLocker lock(mutex_);
  return report_ ? report_->to_structure() : StructurePtr(gst_structure_new_empty("klingv2amix"));
}

void MixElement::report(MixReport report) {
  auto structure = report.to_structure();
  const GCharPtr text(gst_structure_to_string(structure.get()));
  GST_INFO_OBJECT(element_, "mixed in %d passes: %s", report.mastering.passes, text.get());
  {
    const MutexLocker lock(mutex_);
    report_ = report;
  }
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure.release()));
  g_object_notify(G_OBJECT(element_), "stats");
}

void MixElement::push_next() {
  auto buffer =
      output_->next([this](std::span<float> room) { return mixer_ ? mixer_->read(room) : player_->read(room); });
  if (buffer) return push(std::move(buffer));
  if (mixer_) report_streamed();
  end_output();
}

void MixElement::push(BufferPtr buffer) {
  const GstFlowReturn flow = gst_pad_push(source_, buffer.to_c());
  if (flow == GST_FLOW_OK) {
    const MutexLocker lock(mutex_);
    position_ = output_->end();
  } else if (flow == GST_FLOW_FLUSHING) {
    pause_source();
  } else {
    if (flow != GST_FLOW_EOS) GST_ELEMENT_FLOW_ERROR(element_, flow);
    end_output();
  }
}

void MixElement::pause_source() {
  gst_pad_pause_task(source_);
}

void MixElement::end_output() {
  {
    const MutexLocker lock(mutex_);
    finished_ = true;
    for (const auto& each : inputs_)
      if (each.streamed && is_too_late(each)) each.streamed->cancel();
  }
  gst_pad_push_event(source_, gst_event_new_eos());
  pause_source();
}

void MixElement::fail(const ErrorDetails& details) {
  if (details.kind == ErrorKind::cancelled) return pause_source();
  messages::post_error(element_, details);
  end_output();
}

}  // namespace klingv2a
