// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The picture order count of H.264 and H.265 (ITU-T H.264, 8.2.1; H.265, 8.3.1), from parameter sets and the first
// slice of each picture. Everything is read with bounds. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "gst_ptr.h"

namespace klingv2a {

// `count` counts within a coded sequence; the sequences follow one another.
struct OrderCount {
  std::int64_t sequence = 0, count = 0;
};

class PictureOrderCount {
 public:
  // Fixed caps of H.264 or H.265, with or without parameter sets in codec_data.
  void set_caps(GstCaps* caps);
  // The next picture (access unit) in decode order. Nullopt where it holds none, or one that cannot be read.
  // Throws Error{input} like visit_units().
  [[nodiscard]] std::optional<OrderCount> next(GstBuffer* picture);
  void forget();

 private:
  using Bytes = std::span<const std::byte>;
  struct Sequence {
    bool separate_planes = false, frames_only = true;
    unsigned frame_number_bits = 0, kind = 0, count_bits = 0;
  };
  struct Picture {
    unsigned sequence = 0;  // its id
    bool has_output_flag = false;
    unsigned extra_bits = 0;
  };
  struct Slice {
    bool starts_sequence = false;
    bool counts_on = false;  // the pictures behind it count from it
    std::optional<unsigned> low_bits;
    Sequence in;
  };

  void take_unit(unsigned type, Bytes unit);
  void take_avc(unsigned type, Bytes unit);
  void take_hevc(unsigned type, Bytes unit);
  void read_avc_sequence(Bytes unit);
  void read_hevc_sequence(Bytes unit);
  void read_avc_picture(Bytes unit);
  void read_hevc_picture(Bytes unit);
  [[nodiscard]] std::optional<Slice> read_avc_slice(unsigned type, Bytes unit) const;
  [[nodiscard]] std::optional<Slice> read_hevc_slice(unsigned type, Bytes unit) const;
  [[nodiscard]] const Sequence* sequence_of(unsigned picture_id) const;
  [[nodiscard]] OrderCount count(const Slice& slice);

  CapsPtr caps_;
  bool hevc_ = false;
  std::map<unsigned, Sequence> sequences_;
  std::map<unsigned, Picture> pictures_;
  std::optional<Slice> first_slice_;  // of the picture that is being read
  bool slice_seen_ = false;
  bool begun_ = false;
  std::int64_t sequence_ = 0;
  std::int64_t high_ = 0, low_ = 0;  // of the last picture that counts
  std::int64_t decoded_ = 0;
};

}  // namespace klingv2a
