// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One input of the mix, whole. Kept in memory as long as the budget that it shares with the other inputs lasts, and in
// a file without a name beyond it. Silence takes no room.
//
// Written by one thread; afterwards, as a `const Track`, read by any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mix/sound.h"
#include "spool_file.h"

namespace klingv2a::mix {

// Bytes that several tracks may keep in memory together. Any thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : left_(bytes) {}
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept;
  void give_back(std::uint64_t bytes) noexcept { left_ += bytes; }

 private:
  std::atomic<std::uint64_t> left_;
};

class Track final : public Sound {
 public:
  // `spool_directory`: see SpoolFile; the file is made when it is needed. The chunk that is being filled
  // (chunk_bytes()) is not counted in `budget`.
  Track(std::size_t channels, std::shared_ptr<MemoryBudget> budget, std::string spool_directory);
  ~Track() override;
  Track(const Track&) = delete;
  Track& operator=(const Track&) = delete;

  // These two, and read(), throw Error{disk}.
  void append(std::span<const float> interleaved) override;
  void append_silence(std::int64_t frames) override;

  [[nodiscard]] std::size_t channels() const noexcept override { return channels_; }
  [[nodiscard]] std::int64_t frames() const override { return frames_; }
  void read(std::int64_t first, std::span<float> interleaved) const override;

  [[nodiscard]] std::uint64_t spooled_bytes() const noexcept { return file_end_; }
  // In memory; it never becomes less.
  [[nodiscard]] std::uint64_t held_bytes() const noexcept { return taken_ + current_.capacity() * sizeof(float); }
  [[nodiscard]] std::uint64_t repaired_samples() const override { return repaired_; }
  [[nodiscard]] std::size_t chunk_bytes() const noexcept { return kChunkFrames * channels_ * sizeof(float); }

 private:
  static constexpr std::int64_t kChunkFrames = 16384;
  // In memory, in the file, or, with neither, silence.
  struct Chunk {
    std::vector<float> samples;
    std::optional<std::uint64_t> file_offset;
  };

  void seal();
  void read_chunk(std::size_t number, std::int64_t first, std::span<float> interleaved) const;

  const std::size_t channels_;
  const std::shared_ptr<MemoryBudget> budget_;
  const std::string spool_directory_;
  std::vector<Chunk> chunks_;   // full ones
  std::vector<float> current_;  // the one that is being filled
  std::unique_ptr<SpoolFile> file_;
  std::uint64_t file_end_ = 0, taken_ = 0, repaired_ = 0;
  std::int64_t frames_ = 0;
};

}  // namespace klingv2a::mix
