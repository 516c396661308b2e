// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row/row_sounds.h"

#include <algorithm>
#include <utility>

#include "messages.h"

namespace klingv2a {

namespace {

// Sounds that wait to be played: 20 s of stereo take 4 MB.
constexpr std::size_t kMostAhead = 2;

// 32-bit float, as joins want it.
CapsPtr float_caps(const GstCaps* caps) {
  auto changed = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(changed.get(), "format", G_TYPE_STRING, GST_AUDIO_NE(F32), "layout", G_TYPE_STRING, "interleaved",
                      nullptr);
  return changed;
}

bool is_wanted(const ClipSound& sound) {
  return !sound.settled && !sound.left_out;
}

join::Kind kind_of(plan::Place place) {
  return place == plan::Place::inside ? join::Kind::inside : join::Kind::at_change;
}

}  // namespace

void RowSounds::add(ElementState& /*locked*/, const SoundPtr& sound) NO_THREAD_SAFETY_ANALYSIS {
  sounds_.push_back(sound);
}

void RowSounds::end_here() {
  {
    const MutexLocker lock(state_.mutex);
    ended_ = true;
  }
  state_.changed.notify_all();
}

void RowSounds::cancel() {
  {
    const MutexLocker lock(state_.mutex);
    cancelled_ = true;
  }
  state_.changed.notify_all();
  g_cancellable_cancel(cancel_.get());
}

void RowSounds::main() noexcept {
  for (auto number = wait_for_next(); number && join(*number); number = wait_for_next()) {
  }
}

// ---- what is next

bool RowSounds::is_complete() const {
  return ended_ || (!sounds_.empty() && sounds_.back()->place->is_last);
}

// A seek has come back to what was played: the row is joined again from its beginning, since each join depends on the
// one before.
void RowSounds::begin_again_if_wanted() {
  const std::size_t given = finished_ ? next_ : std::max<std::size_t>(next_, 1) - 1;
  const auto wanted = [&](const auto& sound) { return is_wanted(*sound); };
  const auto end = sounds_.begin() + static_cast<std::ptrdiff_t>(given);
  if (std::find_if(sounds_.begin(), end, wanted) == end) return;
  next_ = 0;
  finished_ = false;
}

bool RowSounds::has_next() const {
  if (state_.row.sounds_ahead() >= kMostAhead) return false;
  if (next_ < sounds_.size()) return sounds_[next_]->is_decided();
  return is_complete() && !finished_ && !sounds_.empty();
}

std::optional<std::size_t> RowSounds::wait_for_next() {
  const MutexLocker lock(state_.mutex);
  for (;;) {
    if (cancelled_) return std::nullopt;
    begin_again_if_wanted();
    if (has_next()) return next_;
    state_.changed.wait(state_.mutex);
  }
}

// ---- joining

RowSounds::SoundPtr RowSounds::sound_at(std::size_t number) {
  const MutexLocker lock(state_.mutex);
  return number < sounds_.size() ? sounds_[number] : nullptr;
}

// What goes wrong here is no clip's: no sound of the row can follow.
bool RowSounds::join(std::size_t number) {
  try {
    if (number == 0) begin_row();
    if (sound_at(number))
      join_next(number);
    else
      finish_row(number);
    return true;
  } catch (const std::exception& thrown) {
    const Error error = as_error(thrown);
    if (error.kind() != ErrorKind::cancelled)
      failures_.fail({nullptr, error.details(), Found::on_companion}, Failures::Policy::ignore);
    return false;
  }
}

void RowSounds::begin_row() {
  GstAudioInfo info;
  gst_audio_info_from_caps(&info, links_.audio_caps().get());
  format_ = {.rate = GST_AUDIO_INFO_RATE(&info), .channels = GST_AUDIO_INFO_CHANNELS(&info)};
  joiner_.emplace(format_);
  if (records_) return;
  std::string journal, base_url;
  {
    const MutexLocker lock(state_.mutex);
    journal = state_.taken.cycle.journal;
    base_url = state_.taken.cycle.service.base_url;
  }
  records_.emplace(
      journal, base_url, [this](const Error& error) { state_.warn(error.details()); }, cancel_);
}

void RowSounds::join_next(std::size_t number) {
  const auto sound = sound_at(number);
  const auto earlier = number > 0 ? sound_at(number - 1) : nullptr;
  join::RowClip clip = decode_or_fail(sound);
  if (earlier) clip.found = records_->find(earlier->key, sound->key, format_);
  const bool was_found = clip.found.has_value();
  const auto piece = joiner_->add(std::move(clip));
  if (earlier) {
    note_join(earlier, sound, was_found);
    give(earlier, piece);
  }
  const MutexLocker lock(state_.mutex);
  next_ = number + 1;
}

void RowSounds::finish_row(std::size_t number) {
  give(sound_at(number - 1), joiner_->finish());
  const MutexLocker lock(state_.mutex);
  finished_ = true;
}

// A clip without a sound may have one in another run, and is joined anew then.
void RowSounds::note_join(const SoundPtr& earlier, const SoundPtr& later, bool was_found) {
  const auto& made = joiner_->made();
  if (!made) return;
  bool has_sounds = false;
  {
    const MutexLocker lock(state_.mutex);
    const auto has_sound = [](const ClipSound& sound) { return !sound.left_out && sound.result && sound.result->file; };
    has_sounds = has_sound(*earlier) && has_sound(*later);
  }
  if (has_sounds && !was_found) records_->write(earlier->key, later->key, format_, made->join);
  messages::post_join(state_.self, later->number, later->place->range.begin, join::report_of(*made));
}

// One that cannot be decoded any more is the clip's failure, and silence for its neighbours.
join::RowClip RowSounds::decode_or_fail(const SoundPtr& sound) {
  try {
    return decode(sound);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled) throw;
    failures_.fail({sound, error.details()});
  }
  {
    const MutexLocker lock(state_.mutex);
    sound->result = RowResult{};
  }
  return decode(sound);
}

join::RowClip RowSounds::decode(const SoundPtr& sound) {
  RowPlace place;
  std::optional<RowResult> result;
  {
    const MutexLocker lock(state_.mutex);
    place = *sound->place;
    if (!sound->left_out) result = sound->result;
  }
  const auto frame_at = [&](Nanoseconds time) { return to_samples(time - place.row_begin, format_.rate); };
  join::RowClip clip{.samples = {},
                     .shown_begin = frame_at(place.shown.begin),
                     .begin = frame_at(place.range.begin),
                     .end = frame_at(place.range.end),
                     .begins = kind_of(place.begins)};
  if (!result || !result->file) return clip;
  const auto soundtrack =
      decode_soundtrack(*result->file, float_caps(links_.audio_caps().get()), result->window, cancel_.get());
  const auto frames = frame_at(place.shown.end) - clip.shown_begin;
  const auto buffer = soundtrack->slice(0, frames);
  clip.samples.resize(format_.samples_of(frames));
  gst_buffer_extract(buffer.get(), 0, clip.samples.data(), clip.samples.size() * sizeof(float));
  return clip;
}

void RowSounds::give(const SoundPtr& sound, const std::optional<join::RowJoiner::Piece>& piece) {
  std::string task_id;
  {
    const MutexLocker lock(state_.mutex);
    if (!piece || !is_wanted(*sound)) return;
    if (sound->result) task_id = sound->result->task_id;
  }
  state_.settle(sound, make_soundtrack(links_.audio_caps(), piece->samples), task_id);
}

}  // namespace klingv2a
