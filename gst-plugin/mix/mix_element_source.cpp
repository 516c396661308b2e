// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The source pad's task: waits for caps and sends what comes before the sound, waits for both ends, has the whole
// measured, and plays it. One step each time it is called. It alone pushes downstream, so nothing overtakes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "error.h"
#include "log.h"
#include "messages.h"
#include "mix/mix_element.h"

namespace klingv2a {

namespace {

constexpr std::size_t kBufferFrames = 1024;  // 21 ms
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
    case Step::play:
      return player_ ? push_next() : start_playing();
  }
}

// Waits for something to do; a stop or a flush ends the wait at once.
MixElement::Step MixElement::await_step() {
  bool is_over = false;
  {
    const auto deadline = std::chrono::steady_clock::now() + kLookAgain;
    const MutexLocker lock(mutex_);
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
  return has_everything() ? Step::play : Step::none;
}

// The original decides the layout; the generated sound only where there is no original.
bool MixElement::is_header_known() const {
  for (const auto& each : inputs_) {
    if (each.info) return true;
    if (each.pad && !each.ended && (gst_pad_is_linked(each.pad) || !has_everything())) return false;
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
    output_ = output_info();
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
  if (!output_) return;
  const auto caps = CapsPtr::adopt(gst_audio_info_to_caps(&*output_));
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

// Null: no input had any sound.
std::shared_ptr<mix::Programme> MixElement::make_programme() {
  auto programme = std::make_shared<mix::Programme>();
  const MutexLocker lock(mutex_);
  const auto &original = input(Role::original).collected, &generated = input(Role::generated).collected;
  if (!output_ || (!original && !generated)) return nullptr;
  const bool generated_first = !original || (generated && generated->start_frame < original->start_frame);
  const auto& first = generated_first ? *generated : *original;
  first_ = first.start;
  const auto to_sound = [&](const std::optional<CollectedSound>& each) -> std::optional<mix::MixSound> {
    if (!each) return std::nullopt;
    return mix::MixSound{each->track, each->layout, each->start_frame - first.start_frame};
  };
  for (const auto* each : {&original, &generated}) {
    if (!*each) continue;
    spooled_bytes_ += (*each)->track->spooled_bytes();
    repaired_samples_ += (*each)->track->repaired_samples();
  }
  programme->original = to_sound(original);
  programme->generated = to_sound(generated);
  programme->layout = layout_of(*output_);
  end_ = first_ + to_time(programme->frames());
  channels_ = programme->layout.size();
  return programme;
}

mix::MixSettings MixElement::mixing(const MixProperties& properties, const mix::Programme& programme,
                                    const std::atomic<bool>& cancelled) {
  std::optional<double> loudness;
  if (properties.mode == MixMode::duck && programme.original && programme.generated) {
    const double measured = mix::loudness_of(*programme.original, cancelled);
    if (std::isfinite(measured)) loudness = measured;
  }
  return properties.mixing(loudness);
}

void MixElement::start_playing() {
  std::shared_ptr<std::atomic<bool>> cancelled;
  MixProperties properties;
  {
    const MutexLocker lock(mutex_);
    playing_ = true;
    cancelled = cancelled_;
    properties = properties_;
  }
  const auto programme = make_programme();
  if (!programme) return end_output();
  if (programme->frames() > to_frames(MixInput::kLongest))
    throw make_error(ErrorKind::input, Phase::hold, "the two sounds begin more than 24 hours apart");
  programme->settings = mixing(properties, *programme, *cancelled);
  const auto result = mix::master(programme, properties.mastering(), *cancelled);
  report(result);
  send_tags();
  player_ = std::make_unique<mix::Player>(programme, result);
}

StructurePtr MixElement::stats() const {
  const MutexLocker lock(mutex_);
  StructurePtr structure(gst_structure_new_empty("klingv2amix"));
  if (!result_) return structure;
  gst_structure_set(structure.get(), "loudness-before", G_TYPE_DOUBLE, result_->loudness_before, "loudness-after",
                    G_TYPE_DOUBLE, result_->loudness_after, "true-peak-before", G_TYPE_DOUBLE,
                    result_->true_peak_before, "true-peak-after", G_TYPE_DOUBLE, result_->true_peak_after, "gain",
                    G_TYPE_DOUBLE, result_->gain_db, "measured", G_TYPE_BOOLEAN,
                    static_cast<gboolean>(result_->measured), "target-reached", G_TYPE_BOOLEAN,
                    static_cast<gboolean>(result_->reached), "limited-samples", G_TYPE_INT64, result_->limited_frames,
                    "ducked-samples", G_TYPE_INT64, result_->ducked_frames, "samples", G_TYPE_INT64, result_->frames,
                    "channels", G_TYPE_UINT, static_cast<guint>(channels_), "spooled-bytes", G_TYPE_UINT64,
                    spooled_bytes_, "repaired-samples", G_TYPE_UINT64, repaired_samples_, nullptr);
  return structure;
}

void MixElement::report(const mix::Mastering& result) {
  {
    const MutexLocker lock(mutex_);
    result_ = result;
  }
  auto structure = stats();
  const GCharPtr text(gst_structure_to_string(structure.get()));
  GST_INFO_OBJECT(element_, "mixed in %d passes: %s", result.passes, text.get());
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure.release()));
  g_object_notify(G_OBJECT(element_), "stats");
}

// Null at the end.
BufferPtr MixElement::next_buffer() {
  const auto frame_bytes = static_cast<gsize>(GST_AUDIO_INFO_BPF(&*output_));
  auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, kBufferFrames * frame_bytes, nullptr));
  GstMapInfo map;
  if (!gst_buffer_map(buffer.get(), &map, GST_MAP_WRITE)) throw std::bad_alloc();
  const auto unmap = [&](GstBuffer* mapped) { gst_buffer_unmap(mapped, &map); };
  const std::unique_ptr<GstBuffer, decltype(unmap)> mapped(buffer.get(), unmap);
  const auto channels = static_cast<std::size_t>(GST_AUDIO_INFO_CHANNELS(&*output_));
  const std::size_t frames = player_->read({reinterpret_cast<float*>(map.data), kBufferFrames * channels});
  if (frames == 0) return {};
  gst_buffer_set_size(buffer.get(), static_cast<gssize>(frames * frame_bytes));
  const auto end_frame = next_frame_ + static_cast<std::int64_t>(frames);
  GST_BUFFER_PTS(buffer.get()) = first_ + to_time(next_frame_);
  GST_BUFFER_DURATION(buffer.get()) = first_ + to_time(end_frame) - GST_BUFFER_PTS(buffer.get());
  GST_BUFFER_OFFSET(buffer.get()) = static_cast<guint64>(next_frame_);
  GST_BUFFER_OFFSET_END(buffer.get()) = static_cast<guint64>(end_frame);
  if (next_frame_ == 0) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  next_frame_ = end_frame;
  return buffer;
}

void MixElement::push_next() {
  auto buffer = next_buffer();
  if (!buffer) return end_output();
  const auto end = GST_BUFFER_PTS(buffer.get()) + GST_BUFFER_DURATION(buffer.get());
  const GstFlowReturn flow = gst_pad_push(source_, buffer.to_c());
  if (flow == GST_FLOW_OK) {
    const MutexLocker lock(mutex_);
    position_ = end;
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
