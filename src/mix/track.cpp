// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mix/track.h"

#include <algorithm>
#include <utility>

#include "error.h"

namespace klingv2a::mix {

bool MemoryBudget::take(std::uint64_t bytes) noexcept {
  auto left = left_.load();
  while (left >= bytes)
    if (left_.compare_exchange_weak(left, left - bytes)) return true;
  return false;
}

Track::Track(std::size_t channels, std::shared_ptr<MemoryBudget> budget, std::string spool_directory)
    : channels_(channels), budget_(std::move(budget)), spool_directory_(std::move(spool_directory)) {}

Track::~Track() {
  budget_->give_back(taken_);
}

void Track::append(std::span<const float> interleaved) {
  const std::size_t full = kChunkFrames * channels_;
  while (!interleaved.empty()) {
    if (current_.capacity() < full) current_.reserve(full);
    const auto part = interleaved.first(std::min(interleaved.size(), full - current_.size()));
    for (const float sample : part) current_.push_back(repair(sample, repaired_));
    frames_ += static_cast<std::int64_t>(part.size() / channels_);
    if (current_.size() == full) seal();
    interleaved = interleaved.subspan(part.size());
  }
}

void Track::append_silence(std::int64_t frames) {
  while (frames > 0) {
    const auto filled = static_cast<std::int64_t>(current_.size() / channels_);
    const std::int64_t count = std::min(frames, kChunkFrames - filled);
    if (count == kChunkFrames) {
      chunks_.emplace_back();
    } else {
      current_.resize(static_cast<std::size_t>(filled + count) * channels_);
      if (filled + count == kChunkFrames) seal();
    }
    frames_ += count;
    frames -= count;
  }
}

void Track::seal() {
  const auto bytes = std::as_bytes(std::span(current_));
  if (budget_->take(bytes.size())) {
    taken_ += bytes.size();
    chunks_.push_back({std::move(current_), std::nullopt});
  } else {
    if (!file_) file_ = std::make_unique<SpoolFile>(spool_directory_);
    file_->write_at(file_end_, bytes);
    chunks_.push_back({{}, file_end_});
    file_end_ += bytes.size();
  }
  current_.clear();
}

void Track::read(std::int64_t first, std::span<float> interleaved) const {
  const auto channels = static_cast<std::int64_t>(channels_);
  std::fill(interleaved.begin(), interleaved.end(), 0.0F);
  auto left = static_cast<std::int64_t>(interleaved.size()) / channels;
  std::int64_t at = first;
  if (at < 0) {
    left += at;
    at = 0;
  }
  left = std::min(left, frames_ - at);
  while (left > 0) {
    const std::int64_t in_chunk = at % kChunkFrames;
    const std::int64_t count = std::min(left, kChunkFrames - in_chunk);
    read_chunk(static_cast<std::size_t>(at / kChunkFrames), in_chunk,
               interleaved.subspan(static_cast<std::size_t>((at - first) * channels),
                                   static_cast<std::size_t>(count * channels)));
    at += count;
    left -= count;
  }
}

void Track::read_chunk(std::size_t number, std::int64_t first, std::span<float> interleaved) const {
  const bool is_last = number == chunks_.size();
  const std::size_t skipped = static_cast<std::size_t>(first) * channels_;
  if (!is_last && chunks_[number].file_offset) {
    const auto bytes = std::as_writable_bytes(interleaved);
    if (file_->read_at(*chunks_[number].file_offset + skipped * sizeof(float), bytes) != bytes.size())
      throw make_error(ErrorKind::disk, Phase::hold, "a spool file is shorter than what was written to it");
    return;
  }
  const auto& samples = is_last ? current_ : chunks_[number].samples;
  if (samples.empty()) return;
  std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(skipped), interleaved.size(), interleaved.begin());
}

}  // namespace klingv2a::mix
