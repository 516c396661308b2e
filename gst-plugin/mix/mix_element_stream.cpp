// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mix that plays as its inputs come, since nothing has to be measured. An input comes in when it has its first
// sound; all that are linked are waited for. All of it on the source pad's task.
#include <algorithm>
#include <utility>

#include "error.h"
#include "mix/mix_element.h"

namespace klingv2a {

MixElement::Step MixElement::next_stream_step() const {
  if (!has_begun()) return Step::none;
  const bool has_newcomer =
      std::any_of(inputs_.begin(), inputs_.end(), [](const Input& each) { return each.streamed && !each.joined; });
  // Without a mixer nothing had any sound.
  return has_newcomer || !mixer_ || mixer_->is_ready() ? Step::streamed : Step::none;
}

// Whoever is linked has sound, or has ended without any.
bool MixElement::has_begun() const {
  bool any = false;
  for (const auto& each : inputs_) {
    if (each.pad && !each.ended && !each.streamed && gst_pad_is_linked(each.pad)) return false;
    any |= each.ended || each.streamed;
  }
  return any;
}

// A pad that is not linked any more brings nothing. When it is linked again, a STREAM_START comes first.
void MixElement::note_unlinked() {
  for (const auto& each : inputs_)
    if (each.streamed && each.pad && !gst_pad_is_linked(each.pad)) each.streamed->set_ended(true);
}

void MixElement::stream_next() {
  join_newcomers();
  if (!mixer_) return end_output();
  if (!mixer_->is_ready()) return;
  send_tags();
  push_next();
}

// Copies of what the mixer does not have yet; the others are empty.
MixElement::Inputs MixElement::newcomers() {
  Inputs result;
  const MutexLocker lock(mutex_);
  for (const auto role : kRoles) {
    auto& each = input(role);
    if (!each.streamed || std::exchange(each.joined, true)) continue;
    auto& copy = result.at(static_cast<std::size_t>(role));
    copy.place = each.place;
    copy.streamed = each.streamed;
  }
  return result;
}

void MixElement::join_newcomers() {
  const auto inputs = newcomers();
  for (const auto role : kRoles) {
    const auto& each = inputs.at(static_cast<std::size_t>(role));
    if (!each.streamed) continue;
    if (!mixer_) begin_streaming(inputs);
    const auto which = role == Role::original ? mix::StreamMixer::Which::original : mix::StreamMixer::Which::generated;
    mixer_->join(which, each.streamed, each.place->layout, each.place->start_frame - first_frame_);
  }
}

// The earlier one's first frame is the mix's. After a flush of the other one, that is where it had come to.
void MixElement::begin_streaming(const Inputs& inputs) {
  const auto begin_of = [](const Input& each) { return each.place->start_frame + each.streamed->first_frame(); };
  const Input *first = nullptr, *last = nullptr;
  for (const auto& each : inputs) {
    if (!each.streamed) continue;
    if (!first || begin_of(each) < begin_of(*first)) first = &each;
    if (!last || begin_of(each) > begin_of(*last)) last = &each;
  }
  first_frame_ = begin_of(*first);
  if (begin_of(*last) - first_frame_ > to_frames(MixInput::kLongest))
    throw make_error(ErrorKind::input, Phase::hold, "the two sounds begin more than 24 hours apart");
  mix::StreamSettings settings;
  {
    const MutexLocker lock(mutex_);
    settings = properties_.streaming();
  }
  mixer_ = std::make_unique<mix::StreamMixer>(settings, layout_of(*info_));
  output_ = std::make_unique<MixOutput>(*info_, first->place->start + to_time(first->streamed->first_frame()));
}

void MixElement::report_streamed() {
  MixReport result{.is_streamed = true, .channels = layout_of(*info_).size()};
  {
    const MutexLocker lock(mutex_);
    const auto settings = properties_.streaming();
    result.mastering.gain_db = settings.gain_db;
    result.mastering.limit_db = settings.limit_db;
    result.original_loudness =
        properties_.original_loudness == kNotGiven ? kUsualLoudness : properties_.original_loudness;
    for (const auto& each : inputs_) {
      if (!each.streamed) continue;
      result.held_bytes += each.streamed->most_held_bytes();
      result.repaired_samples += each.streamed->repaired_samples();
    }
    end_ = output_->end();
  }
  result.mastering.frames = mixer_->frames();
  result.mastering.limited_frames = mixer_->limited_frames();
  result.mastering.ducked_frames = mixer_->ducked_frames();
  report(result);
}

}  // namespace klingv2a
