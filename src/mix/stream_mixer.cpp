// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/stream_mixer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace klingv2a::mix {

namespace {

std::shared_ptr<const Programme> empty_programme(const MixSettings& settings, const Layout& layout) {
  auto programme = std::make_shared<Programme>();
  programme->settings = settings;
  programme->layout = layout;
  return programme;
}

}  // namespace

StreamMixer::StreamMixer(const StreamSettings& settings, const Layout& layout)
    : reader_(empty_programme(settings.mixing, layout)),
      stage_(layout.size(), settings.gain_db, settings.limit_db),
      channels_(layout.size()) {}

std::int64_t StreamMixer::lead(const MixSettings& settings) {
  return settings.duck ? static_cast<std::int64_t>(Ducker(settings.ducking, {}).lead()) : 0;
}

std::int64_t StreamMixer::latency(const MixSettings& settings) {
  return lead(settings) + kBlockFrames + static_cast<std::int64_t>(Limiter::latency());
}

void StreamMixer::join(Which which, std::shared_ptr<StreamTrack> track, const Layout& layout, std::int64_t offset) {
  const bool is_original = which == Which::original;
  MixSound sound{track, layout, offset};
  is_original ? reader_.join_original(std::move(sound)) : reader_.join_generated(std::move(sound));
  joined_.at(static_cast<std::size_t>(which)) = {std::move(track), offset,
                                                 is_original ? lead(reader_.programme().settings) : 0};
}

// An input that has ended is silent from then on. Whether it has is asked first: what came before is there, then.
StreamMixer::Mixable StreamMixer::mixable() const {
  bool has_ended = true;
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
  for (const auto& [track, offset, lead] : joined_) {
    if (!track || track->has_ended()) continue;
    has_ended = false;
    until = std::min(until, offset + track->frames() - lead);
  }
  if (has_ended) until = reader_.programme().frames();
  return {std::max<std::int64_t>(0, until - reader_.position()), has_ended};
}

bool StreamMixer::is_ready() const {
  return finished_ || stage_.ready() > 0 || mixable().is_worth_it();
}

std::size_t StreamMixer::read(std::span<float> interleaved) {
  const std::size_t room = interleaved.size() / channels_;
  while (stage_.ready() < room && !finished_) {
    const auto next = mixable();
    if (!next.is_worth_it()) break;
    finished_ = next.frames == 0;
    finished_ ? stage_.finish() : mix(std::min(next.frames, kBlockFrames));
  }
  const std::size_t frames = std::min(room, stage_.ready());
  stage_.take(interleaved.first(frames * channels_));
  return frames;
}

void StreamMixer::mix(std::int64_t frames) {
  block_.resize(static_cast<std::size_t>(frames) * channels_);
  const std::size_t count = reader_.read(block_);
  stage_.add(std::span(block_).first(count * channels_));
  for (const auto& [track, offset, lead] : joined_)
    if (track) track->drop_before(reader_.position() - offset);
}

}  // namespace klingv2a::mix
