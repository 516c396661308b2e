// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/programme.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace klingv2a::mix {

namespace {

float factor(double db) {
  return static_cast<float>(std::pow(10, db / 20));
}

std::int64_t end_of(const std::optional<MixSound>& sound) {
  return sound ? sound->offset + sound->track->frames() : 0;
}

}  // namespace

std::int64_t Programme::frames() const {
  return std::max(end_of(original), end_of(generated));
}

ProgrammeReader::ProgrammeReader(const std::shared_ptr<const Programme>& programme)
    : programme_(*programme),
      original_gain_(factor(programme_.settings.original_db)),
      generated_gain_(factor(programme_.settings.generated_db)) {
  if (programme_.original) original_routes_ = routes(programme_.original->layout, programme_.layout);
  if (programme_.generated) generated_routes_ = routes(programme_.generated->layout, programme_.layout);
}

void ProgrammeReader::join_original(MixSound sound) {
  original_routes_ = routes(sound.layout, programme_.layout);
  programme_.original = std::move(sound);
  ducker_.reset();
}

void ProgrammeReader::join_generated(MixSound sound) {
  generated_routes_ = routes(sound.layout, programme_.layout);
  programme_.generated = std::move(sound);
}

// What the original says in the first moments is heard before they begin. Not before somebody reads: of a sound that is
// still coming they may not be there yet.
void ProgrammeReader::begin_ducking() {
  const auto& original = programme_.original;
  if (ducker_ || !programme_.settings.duck || !original || !programme_.generated) return;
  ducker_.emplace(programme_.settings.ducking, original->layout);
  scratch_.resize(ducker_->lead() * original->track->channels());
  original->track->read(at_ - original->offset, scratch_);
  ducker_->prime(scratch_);
}

std::size_t ProgrammeReader::read(std::span<float> interleaved) {
  const std::size_t channels = programme_.layout.size();
  const auto left = static_cast<std::size_t>(std::max<std::int64_t>(0, programme_.frames() - at_));
  const std::size_t frames = std::min(left, interleaved.size() / channels);
  const auto out = interleaved.first(frames * channels);
  std::fill(out.begin(), out.end(), 0.0F);
  duck_gains_.clear();
  begin_ducking();
  if (ducker_) listen(frames);
  if (programme_.original) add(*programme_.original, original_routes_, original_gain_, {}, out);
  if (programme_.generated) add(*programme_.generated, generated_routes_, generated_gain_, duck_gains_, out);
  at_ += static_cast<std::int64_t>(frames);
  return frames;
}

void ProgrammeReader::add(const MixSound& sound, const std::vector<Route>& routes, float gain,
                          std::span<const float> gains, std::span<float> out) {
  const std::size_t frames = out.size() / programme_.layout.size();
  scratch_.resize(frames * sound.track->channels());
  sound.track->read(at_ - sound.offset, scratch_);
  add_routed(routes, {scratch_, sound.track->channels()}, gain, gains, out, programme_.layout.size());
}

void ProgrammeReader::listen(std::size_t frames) {
  const auto& original = *programme_.original;
  scratch_.resize(frames * original.track->channels());
  original.track->read(at_ - original.offset + static_cast<std::int64_t>(ducker_->lead()), scratch_);
  duck_gains_.resize(frames);
  ducker_->process(scratch_, duck_gains_);
  count_ducked();
}

void ProgrammeReader::count_ducked() {
  const std::int64_t begin = programme_.generated->offset, end = end_of(programme_.generated);
  for (std::size_t n = 0; n < duck_gains_.size(); ++n) {
    const std::int64_t frame = at_ + static_cast<std::int64_t>(n);
    if (duck_gains_[n] < 1 && frame >= begin && frame < end) ++ducked_;
  }
}

}  // namespace klingv2a::mix
