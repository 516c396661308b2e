// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many pictures there are in the file that a muxer writes: read from its own bytes as they pass, since muxers drop
// without a word what has no time or lies outside of its segment. On the muxer's streaming thread; count() on any. One
// mutex guards everything.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "container.h"
#include "mutex.h"

namespace klingv2a {

// The blocks of a Matroska file's tracks (RFC 9559), which come in pieces of any size.
class MatroskaBlocks {
 public:
  void take(std::span<const std::uint8_t> bytes);
  // Of all video tracks.
  [[nodiscard]] std::uint64_t pictures() const;

 private:
  // Looks at what is at hand of an element; false: more of it is needed.
  bool look();
  void note(std::uint64_t id, std::span<const std::uint8_t> content);

  std::vector<std::uint8_t> head_;
  std::uint64_t skip_ = 0;
  std::uint64_t track_ = 0;  // the number of the entry that is being read
  std::map<std::uint64_t, std::uint64_t> blocks_, types_;
};

// The packets (PES) of a transport stream's video.
class TsPictures {
 public:
  void take(std::span<const std::uint8_t> bytes);
  [[nodiscard]] std::uint64_t pictures() const { return pictures_; }

 private:
  std::vector<std::uint8_t> rest_;
  std::uint64_t pictures_ = 0;
};

class WrittenFrames {
 public:
  void set_container(Container container);
  // What the muxer gives.
  void take(GstBuffer* buffer);
  // It goes on at another byte of the file, as a rule to write down a size.
  void goes_to(std::uint64_t offset);
  // Nullopt: the container does not say.
  [[nodiscard]] std::optional<std::uint64_t> count();

 private:
  Mutex mutex_;
  Container container_ GUARDED_BY(mutex_) = Container::automatic;
  std::uint64_t offset_ GUARDED_BY(mutex_) = 0, seen_ GUARDED_BY(mutex_) =
                                                    0;  // where the muxer is; how far the file has been looked at
  MatroskaBlocks matroska_ GUARDED_BY(mutex_);
  TsPictures ts_ GUARDED_BY(mutex_);
  std::optional<std::uint64_t> in_moov_ GUARDED_BY(mutex_);
};

}  // namespace klingv2a
