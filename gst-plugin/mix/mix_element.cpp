// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2amix from the outside in: properties, states, and what arrives at the sink pads.
#include "mix/mix_element.h"

#include <algorithm>
#include <utility>

#include "error.h"
#include "log.h"
#include "messages.h"
#include "reaper.h"

namespace klingv2a {

namespace {

// True of the inputs, and no longer of what leaves.
constexpr std::array kInputOnlyTags{GST_TAG_AUDIO_CODEC,     GST_TAG_CODEC,           GST_TAG_CONTAINER_FORMAT,
                                    GST_TAG_BITRATE,         GST_TAG_NOMINAL_BITRATE, GST_TAG_MINIMUM_BITRATE,
                                    GST_TAG_MAXIMUM_BITRATE, GST_TAG_ENCODER,         GST_TAG_ENCODER_VERSION,
                                    GST_TAG_TRACK_GAIN,      GST_TAG_TRACK_PEAK,      GST_TAG_ALBUM_GAIN,
                                    GST_TAG_ALBUM_PEAK,      GST_TAG_REFERENCE_LEVEL};

bool is_playable(const GstSegment& segment) {
  return segment.format == GST_FORMAT_TIME && segment.rate == 1.0;
}

}  // namespace

MixElement::MixElement(GstElement* element, GstPad* source) : element_(element), source_(source) {}

MixElement::~MixElement() = default;

// ---- pads and properties

bool MixElement::has_pad(Role role) const {
  const MutexLocker lock(mutex_);
  return input(role).pad != nullptr;
}

void MixElement::adopt_pad(Role role, GstPad* pad) {
  const MutexLocker lock(mutex_);
  input(role) = {};
  input(role).pad = pad;
  if (budget_) input(role).sound = new_sound(role);
}

void MixElement::dismiss_pad(Role role) {
  const MutexLocker lock(mutex_);
  input(role).leaves = true;
  if (input(role).streamed) input(role).streamed->cancel();
}

void MixElement::forget_pad(Role role) {
  Input old;
  {
    const MutexLocker lock(mutex_);
    old = std::exchange(input(role), {});
    // The mixer may have it.
    if (old.streamed) old.streamed->set_ended(true);
  }
  changed_.notify_all();
  let_go(std::move(old), nullptr);
}

SetResult MixElement::set_property(guint id, const GValue* value) {
  const MutexLocker lock(mutex_);
  MixProperties* const properties = &properties_;
  return set_unless(
      budget_ != nullptr, value, [&](GValue* present) { return get_mix_property(*properties, id, present); },
      [&] { (void)set_mix_property(*properties, id, value); });
}

bool MixElement::get_property(guint id, GValue* value) const {
  if (id == first_free_mix_property()) return g_value_take_boxed(value, stats().release()), true;
  const MutexLocker lock(mutex_);
  return get_mix_property(properties_, id, value);
}

// ---- states

void MixElement::prepare() {
  const MutexLocker lock(mutex_);
  budget_ = std::make_shared<mix::MemoryBudget>(properties_.max_hold_bytes);
  streams_ = properties_.streams();
  for (const auto role : kRoles)
    if (input(role).pad) input(role).sound = new_sound(role);
  stopping_ = false;
  restart();
}

// What a run begins with; with the mutex held and the task not running.
void MixElement::restart() {
  flushing_ = header_sent_ = tags_changed_ = playing_ = finished_ = false;
  cancelled_ = std::make_shared<std::atomic<bool>>(false);
  report_.reset();
  position_ = end_ = GST_CLOCK_TIME_NONE;
  info_.reset();
  output_.reset();
  mixer_.reset();
  for (auto& each : inputs_) each.joined = each.renewed = false;
}

// Whoever waits for room there goes on.
void MixElement::cancel_streams() {
  for (const auto& each : inputs_)
    if (each.streamed) each.streamed->cancel();
}

void MixElement::begin_stop() {
  {
    const MutexLocker lock(mutex_);
    stopping_ = true;
    *cancelled_ = true;
    cancel_streams();
  }
  changed_.notify_all();
}

void MixElement::finish_stop() {
  forget_inputs();
}

// A spool file of gigabytes takes its time to close: without the mutex, and on no thread that matters.
void MixElement::let_go(Input old, std::unique_ptr<mix::Player> player) {
  if (!old.kept || old.kept->spooled_bytes() == 0) return;
  reap([input = std::make_shared<Input>(std::move(old)), played = std::shared_ptr<mix::Player>(std::move(player))] {});
}

void MixElement::forget_inputs() {
  std::array<Input, 2> old;
  std::unique_ptr<mix::Player> player;
  {
    const MutexLocker lock(mutex_);
    player = std::move(player_);
    mixer_.reset();
    for (const auto role : kRoles)
      old.at(static_cast<std::size_t>(role)) = std::exchange(input(role), Input{.pad = input(role).pad});
    budget_.reset();
  }
  // The player reads both: it goes with the first one that is in a file.
  for (auto& each : old) {
    const bool is_slow = each.kept && each.kept->spooled_bytes() > 0;
    let_go(std::move(each), is_slow ? std::exchange(player, nullptr) : nullptr);
  }
}

// ---- what arrives

std::shared_ptr<MixInput> MixElement::new_sound(Role role) {
  return std::make_shared<MixInput>([this, role](const SoundPlace& place) { return begin_sound(role, place); });
}

// On the streaming thread of the pad, when its first sound comes.
std::shared_ptr<mix::Sound> MixElement::begin_sound(Role role, const SoundPlace& place) {
  const std::size_t channels = place.layout.size();
  const MutexLocker lock(mutex_);
  auto& each = input(role);
  each.place = place;
  if (!streams_) return each.kept = std::make_shared<mix::Track>(channels, budget_, properties_.spool_dir);
  const std::int64_t lead = role == Role::original ? mix::StreamMixer::lead(properties_.mixing(std::nullopt)) : 0;
  each.streamed = std::make_shared<mix::StreamTrack>(channels, to_frames(properties_.max_ahead) + lead, [this] {
    { const MutexLocker changed(mutex_); }
    changed_.notify_all();
  });
  if (stopping_ || is_too_late(each) || each.flushing || each.leaves) each.streamed->cancel();
  return each.streamed;
}

// Null: what comes now is not wanted.
std::shared_ptr<MixInput> MixElement::sound_of(Role role) {
  const MutexLocker lock(mutex_);
  return is_too_late(input(role)) || input(role).flushing ? nullptr : input(role).sound;
}

GstFlowReturn MixElement::chain(Role role, BufferPtr buffer) {
  try {
    return fill(role, std::move(buffer));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) return why_refused(role);
    messages::post_error(element_, error.details());
    return GST_FLOW_ERROR;
  }
}

GstFlowReturn MixElement::why_refused(Role role) const {
  const MutexLocker lock(mutex_);
  if (input(role).flushing || stopping_) return GST_FLOW_FLUSHING;
  return is_too_late(input(role)) ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
}

GstFlowReturn MixElement::fill(Role role, BufferPtr buffer) {
  const auto sound = sound_of(role);
  if (!sound) return why_refused(role);
  if (!sound->has_info()) return GST_FLOW_NOT_NEGOTIATED;
  sound->add(std::move(buffer));
  return GST_FLOW_OK;
}

bool MixElement::on_sink_event(Role role, EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      on_stream_start(role, event.get());
      return true;
    case GST_EVENT_CAPS:
      return on_caps(role, event.get());
    case GST_EVENT_SEGMENT:
      return on_segment(role, event.get());
    case GST_EVENT_TAG:
      on_tags(role, event.get());
      return true;
    case GST_EVENT_GAP:
      return on_gap(role, event.get());
    case GST_EVENT_EOS:
      on_end(role);
      return true;
    case GST_EVENT_FLUSH_START:
      on_flush_start(role, std::move(event));
      return true;
    case GST_EVENT_FLUSH_STOP:
      on_flush_stop(role, std::move(event));
      return true;
    default:
      // Two streams become a third: what else is said of one of them does not hold for it.
      return true;
  }
}

void MixElement::on_stream_start(Role role, GstEvent* event) {
  const gchar* id = nullptr;
  gst_event_parse_stream_start(event, &id);
  guint group = 0;
  const bool has_group = gst_event_parse_group_id(event, &group);
  const MutexLocker lock(mutex_);
  auto& each = input(role);
  each.stream_id = id ? id : "";
  each.group = has_group ? std::optional(group) : std::nullopt;
  if (is_too_late(each)) return;
  each.ended = false;
  if (each.streamed) each.streamed->set_ended(false);
}

bool MixElement::on_caps(Role role, GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstAudioInfo info;
  if (!gst_audio_info_from_caps(&info, caps) || GST_AUDIO_INFO_RATE(&info) != kMixRate) return false;
  if (const auto sound = sound_of(role)) sound->set_info(info);
  {
    const MutexLocker lock(mutex_);
    if (!input(role).info) input(role).info = info;
    input(role).present_info = info;
  }
  changed_.notify_all();
  return true;
}

bool MixElement::on_segment(Role role, GstEvent* event) {
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  if (!is_playable(*segment)) {
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("a mix needs sound in time format, at rate 1.0"), (nullptr));
    return false;
  }
  if (const auto sound = sound_of(role)) sound->set_segment(*segment);
  return true;
}

bool MixElement::on_gap(Role role, GstEvent* event) {
  GstClockTime timestamp = 0, duration = 0;
  gst_event_parse_gap(event, &timestamp, &duration);
  try {
    if (const auto sound = sound_of(role)) sound->add_gap(timestamp, duration);
    return true;
  } catch (const Error& error) {
    messages::post_error(element_, error.details());
    return false;
  }
}

// The first word about a thing counts: the tags of a stream are repeated more than once.
void MixElement::on_tags(Role role, GstEvent* event) {
  GstTagList* list = nullptr;
  gst_event_parse_tag(event, &list);
  const auto scope = static_cast<std::size_t>(gst_tag_list_get_scope(list));
  auto tags = TagListPtr::adopt(gst_tag_list_copy(list));
  for (const char* tag : kInputOnlyTags) gst_tag_list_remove_tag(tags.get(), tag);
  {
    const MutexLocker lock(mutex_);
    auto& kept = input(role).tags.at(scope);
    kept = TagListPtr::adopt(gst_tag_list_merge(kept.get(), tags.get(), GST_TAG_MERGE_REPLACE));
    tags_changed_ = true;
  }
}

void MixElement::on_end(Role role) {
  {
    const MutexLocker lock(mutex_);
    auto& each = input(role);
    if (each.ended || !each.sound) return;
    each.ended = true;
    if (each.streamed) each.streamed->set_ended(true);
  }
  changed_.notify_all();
}

void MixElement::on_flush_start(Role role, EventPtr event) {
  bool is_first = false;
  {
    const MutexLocker lock(mutex_);
    input(role).flushing = true;
    if (input(role).streamed) input(role).streamed->cancel();
    is_first = !std::exchange(flushing_, true);
    *cancelled_ = true;
  }
  changed_.notify_all();
  if (is_first) gst_pad_push_event(source_, event.to_c());
}

void MixElement::on_flush_stop(Role role, EventPtr event) {
  bool is_over = true;
  Input old;
  {
    const MutexLocker lock(mutex_);
    auto& each = input(role);
    each.flushing = each.ended = each.awaits_flush = each.joined = false;
    each.renewed = true;
    // A new one: the old sound may still be read.
    old.kept = std::exchange(each.kept, nullptr);
    each.streamed.reset();
    each.place.reset();
    if (budget_) each.sound = new_sound(role);
    if (each.sound && each.info) {
      each.sound->set_info(*each.info);
      each.sound->set_info(*each.present_info);
    }
    is_over = is_flush_over();
  }
  let_go(std::move(old), nullptr);
  if (is_over) finish_flush(std::move(event));
}

bool MixElement::is_flush_over() const {
  return std::none_of(inputs_.begin(), inputs_.end(),
                      [](const Input& each) { return each.flushing || each.awaits_flush; });
}

// The source flows again when no input is being flushed any more.
void MixElement::finish_flush(EventPtr event) {
  gst_pad_pause_task(source_);
  gst_pad_push_event(source_, event.to_c());
  std::unique_ptr<mix::Player> played;
  {
    const MutexLocker lock(mutex_);
    played = std::move(player_);
    if (stopping_) return;
    restart();
  }
  gst_pad_start_task(source_, work, this, nullptr);
}

}  // namespace klingv2a
