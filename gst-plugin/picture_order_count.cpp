// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture_order_count.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "error.h"
#include "slice_data.h"

namespace klingv2a {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kMostSets = 64;  // of each kind; the standards allow 32 and 256, of which few are ever used

// The bits of a NAL unit behind its header, without the bytes 03 that keep start codes out. Behind the end it reads
// zeros, and is no longer good.
class Bits {
 public:
  Bits(Bytes unit, std::size_t header) : unit_(unit.subspan(std::min(header, unit.size()))) {}
  [[nodiscard]] bool good() const { return good_; }

  unsigned bit() {
    if (left_ == 0) next_byte();
    --left_;
    return byte_ >> left_ & 1U;
  }
  unsigned bits(unsigned count) {
    unsigned value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 1U | bit();
    return value;
  }
  void skip(unsigned count) {
    for (unsigned i = 0; i < count; ++i) (void)bit();
  }
  // ue(v): Exp-Golomb.
  unsigned number() {
    unsigned zeros = 0;
    while (good_ && zeros < 32 && bit() == 0) ++zeros;
    if (zeros >= 32) good_ = false;
    return good_ ? (1U << zeros) - 1 + bits(zeros) : 0;
  }
  // se(v).
  int signed_number() {
    const unsigned code = number();
    const int half = static_cast<int>((code + 1) / 2);
    return code % 2 == 1 ? half : -half;
  }

 private:
  void next_byte() {
    constexpr unsigned kKeepsApart = 3;
    left_ = 8;
    byte_ = 0;
    if (at_ < unit_.size() && zeros_ >= 2 && std::to_integer<unsigned>(unit_[at_]) == kKeepsApart) {
      ++at_;
      zeros_ = 0;
    }
    good_ = good_ && at_ < unit_.size();
    if (!good_) return;
    byte_ = std::to_integer<unsigned>(unit_[at_++]);
    zeros_ = byte_ == 0 ? zeros_ + 1 : 0;
  }

  Bytes unit_;
  std::size_t at_ = 0;
  unsigned byte_ = 0, left_ = 0, zeros_ = 0;
  bool good_ = true;
};

constexpr std::size_t kAvcHeader = 1, kHevcHeader = 2;

// H.264, 7.3.2.1.1.1
void skip_scaling_list(Bits& in, unsigned size) {
  int last = 8, next = 8;
  for (unsigned i = 0; i < size && in.good(); ++i) {
    if (next != 0) next = (last + in.signed_number() + 256) % 256;
    last = next == 0 ? last : next;
  }
}

// H.264, 7.3.2.1.1: what only the higher profiles have. Returns separate_colour_plane_flag.
bool read_high_profile(Bits& in) {
  constexpr unsigned k444 = 3;
  const unsigned chroma = in.number();
  const bool separate_planes = chroma == k444 && in.bit() == 1;
  in.number();
  in.number();
  in.skip(1);
  if (in.bit() == 0) return separate_planes;
  const unsigned lists = chroma == k444 ? 12 : 8;
  for (unsigned i = 0; i < lists; ++i)
    if (in.bit() == 1) skip_scaling_list(in, i < 6 ? 16 : 64);
  return separate_planes;
}

bool has_high_fields(unsigned profile) {
  static constexpr unsigned kHigh[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::ranges::find(kHigh, profile) != std::end(kHigh);
}

// H.265, 7.3.3
void skip_profile_tier_level(Bits& in, unsigned more_layers) {
  constexpr unsigned kProfile = 88, kLevel = 8, kMost = 8;
  in.skip(kProfile + kLevel);
  std::vector<std::pair<bool, bool>> present;
  for (unsigned i = 0; i < more_layers; ++i) {
    const bool profile = in.bit() == 1;
    present.emplace_back(profile, in.bit() == 1);
  }
  if (more_layers > 0) in.skip(2 * (kMost - more_layers));
  for (const auto& [profile, level] : present) in.skip((profile ? kProfile : 0) + (level ? kLevel : 0));
}

template <typename Set>
void keep(std::map<unsigned, Set>& sets, unsigned id, const Set& set) {
  if (sets.size() < kMostSets || sets.contains(id)) sets[id] = set;
}

}  // namespace

void PictureOrderCount::set_caps(GstCaps* caps) {
  caps_ = CapsPtr::share(caps);
  hevc_ = codec_name(caps) == "h265";
  try {
    visit_parameter_sets(caps, [this](unsigned type, Bytes unit) { take_unit(type, unit); });
  } catch (const Error&) {
    // They may come among the packets.
  }
}

void PictureOrderCount::forget() {
  ++sequence_;
  high_ = low_ = decoded_ = 0;
  begun_ = false;
}

std::optional<OrderCount> PictureOrderCount::next(GstBuffer* picture) {
  first_slice_.reset();
  slice_seen_ = false;
  visit_units(caps_.get(), picture, [this](unsigned type, Bytes unit) { take_unit(type, unit); });
  if (!first_slice_) return std::nullopt;
  return count(*first_slice_);
}

void PictureOrderCount::take_unit(unsigned type, Bytes unit) {
  if (hevc_)
    take_hevc(type, unit);
  else
    take_avc(type, unit);
}

void PictureOrderCount::take_avc(unsigned type, Bytes unit) {
  constexpr unsigned kSlice = 1, kPartitionA = 2, kIdr = 5, kSequence = 7, kPicture = 8;
  if (type == kSequence) read_avc_sequence(unit);
  if (type == kPicture) read_avc_picture(unit);
  const bool slice = type == kSlice || type == kPartitionA || type == kIdr;
  if (slice && !std::exchange(slice_seen_, true)) first_slice_ = read_avc_slice(type, unit);
}

void PictureOrderCount::take_hevc(unsigned type, Bytes unit) {
  constexpr unsigned kLastSlice = 9, kFirstIrap = 16, kLastIrap = 21, kSequence = 33, kPicture = 34;
  const bool base_layer = unit.size() >= kHevcHeader && (std::to_integer<unsigned>(unit[0]) & 1U) == 0 &&
                          std::to_integer<unsigned>(unit[1]) >> 3U == 0;
  if (!base_layer) return;
  if (type == kSequence) read_hevc_sequence(unit);
  if (type == kPicture) read_hevc_picture(unit);
  const bool slice = type <= kLastSlice || (type >= kFirstIrap && type <= kLastIrap);
  if (slice && !std::exchange(slice_seen_, true)) first_slice_ = read_hevc_slice(type, unit);
}

// H.264, 7.3.2.1.1
void PictureOrderCount::read_avc_sequence(Bytes unit) {
  Bits in(unit, kAvcHeader);
  Sequence sequence;
  const unsigned profile = in.bits(8);
  in.skip(16);
  const unsigned id = in.number();
  if (has_high_fields(profile)) sequence.separate_planes = read_high_profile(in);
  sequence.frame_number_bits = in.number() + 4;
  sequence.kind = in.number();
  if (sequence.kind == 0) sequence.count_bits = in.number() + 4;
  if (sequence.kind == 1) return;  // a cycle of offsets: nobody writes it
  in.number();
  in.skip(1);
  in.number();
  in.number();
  sequence.frames_only = in.bit() == 1;
  if (in.good() && sequence.frame_number_bits <= 16 && sequence.count_bits <= 16) keep(sequences_, id, sequence);
}

// H.265, 7.3.2.2
void PictureOrderCount::read_hevc_sequence(Bytes unit) {
  Bits in(unit, kHevcHeader);
  Sequence sequence;
  in.skip(4);
  const unsigned more_layers = in.bits(3);
  in.skip(1);
  skip_profile_tier_level(in, more_layers);
  const unsigned id = in.number();
  if (in.number() == 3) sequence.separate_planes = in.bit() == 1;
  in.number();
  in.number();
  if (in.bit() == 1)
    for (int edge = 0; edge < 4; ++edge) in.number();
  in.number();
  in.number();
  sequence.count_bits = in.number() + 4;
  if (in.good() && sequence.count_bits <= 16) keep(sequences_, id, sequence);
}

void PictureOrderCount::read_avc_picture(Bytes unit) {
  Bits in(unit, kAvcHeader);
  const unsigned id = in.number();
  Picture picture;
  picture.sequence = in.number();
  if (in.good()) keep(pictures_, id, picture);
}

void PictureOrderCount::read_hevc_picture(Bytes unit) {
  Bits in(unit, kHevcHeader);
  const unsigned id = in.number();
  Picture picture;
  picture.sequence = in.number();
  in.skip(1);
  picture.has_output_flag = in.bit() == 1;
  picture.extra_bits = in.bits(3);
  if (in.good()) keep(pictures_, id, picture);
}

const PictureOrderCount::Sequence* PictureOrderCount::sequence_of(unsigned picture_id) const {
  const auto picture = pictures_.find(picture_id);
  if (picture == pictures_.end()) return nullptr;
  const auto sequence = sequences_.find(picture->second.sequence);
  return sequence == sequences_.end() ? nullptr : &sequence->second;
}

// H.264, 7.3.3
std::optional<PictureOrderCount::Slice> PictureOrderCount::read_avc_slice(unsigned type, Bytes unit) const {
  constexpr unsigned kIdr = 5, kReferenceMask = 0x60;
  Bits in(unit, kAvcHeader);
  in.number();
  in.number();
  const Sequence* sequence = sequence_of(in.number());
  if (!sequence) return std::nullopt;
  Slice slice;
  slice.in = *sequence;
  slice.starts_sequence = type == kIdr;
  slice.counts_on = (std::to_integer<unsigned>(unit[0]) & kReferenceMask) != 0;
  if (sequence->separate_planes) in.skip(2);
  in.skip(sequence->frame_number_bits);
  if (!sequence->frames_only && in.bit() == 1) in.skip(1);
  if (slice.starts_sequence) in.number();
  if (sequence->kind == 0) slice.low_bits = in.bits(sequence->count_bits);
  return in.good() ? std::optional(slice) : std::nullopt;
}

// H.265, 7.3.6.1
std::optional<PictureOrderCount::Slice> PictureOrderCount::read_hevc_slice(unsigned type, Bytes unit) const {
  constexpr unsigned kFirstIrap = 16, kLastBla = 18, kCra = 21, kLeading = 6, kLastLeading = 9, kLastSublayer = 14;
  Bits in(unit, kHevcHeader);
  const bool first = in.bit() == 1;
  const bool irap = type >= kFirstIrap;
  if (irap) in.skip(1);
  const unsigned picture_id = in.number();
  const Sequence* sequence = sequence_of(picture_id);
  if (!sequence || !first) return std::nullopt;
  Slice slice;
  slice.in = *sequence;
  slice.starts_sequence = irap && (type != kCra || !begun_);
  const bool lowest = (std::to_integer<unsigned>(unit[1]) & 7U) == 1;
  const bool leading = type >= kLeading && type <= kLastLeading;
  slice.counts_on = lowest && !leading && (type > kLastSublayer || type % 2 == 1);
  in.skip(pictures_.at(picture_id).extra_bits);
  in.number();
  if (pictures_.at(picture_id).has_output_flag) in.skip(1);
  if (sequence->separate_planes) in.skip(2);
  const bool idr = irap && type > kLastBla && type != kCra;
  slice.low_bits = idr ? 0 : in.bits(sequence->count_bits);
  return in.good() ? std::optional(slice) : std::nullopt;
}

OrderCount PictureOrderCount::count(const Slice& slice) {
  begun_ = true;
  if (slice.starts_sequence) {
    ++sequence_;
    high_ = low_ = decoded_ = 0;
  }
  if (!slice.low_bits) return {sequence_, ++decoded_};  // shown in the order of its packets
  const auto low = static_cast<std::int64_t>(*slice.low_bits);
  const std::int64_t range = std::int64_t{1} << slice.in.count_bits;
  std::int64_t high = high_;
  if (low < low_ && low_ - low >= range / 2) high += range;
  if (low > low_ && low - low_ > range / 2) high -= range;
  if (slice.counts_on) {
    high_ = high;
    low_ = low;
  }
  return {sequence_, high + low};
}

}  // namespace klingv2a
