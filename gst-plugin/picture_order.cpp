// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture_order.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "read_map.h"
#include "slice_data.h"

namespace klingv2a {

namespace {

using Bytes = std::span<const std::byte>;

// Their packets say it in ways that are not looked into here; or, raw, are too large for many of them to wait.
constexpr std::array<std::string_view, 6> kNotKnown{"video/x-raw",   "video/x-wmv", "video/x-cavs",
                                                    "video/x-dirac", "video/x-svq", "video/x-pn-realvideo"};
constexpr std::array<std::string_view, 3> kMpeg4{"video/x-xvid", "video/x-divx", "video/x-3ivx"};

// What follows a start code (00 00 01 and `code`); empty if there is none.
Bytes after_start_code(Bytes bytes, unsigned code) {
  const std::array<std::byte, 4> wanted{std::byte{0}, std::byte{0}, std::byte{1}, static_cast<std::byte>(code)};
  const auto found = std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end());
  return found == bytes.end() ? Bytes()
                              : bytes.subspan(static_cast<std::size_t>(found - bytes.begin()) + wanted.size());
}

// 0 beyond the end.
unsigned at(Bytes bytes, std::size_t index) {
  return index < bytes.size() ? std::to_integer<unsigned>(bytes[index]) : 0;
}

// ISO/IEC 13818-2, 6.2.3 and 6.2.3.1; MPEG-1 has the first of the two only.
struct Mpeg2Picture {
  static constexpr unsigned kFrame = 3;
  unsigned number = 0;  // temporal_reference
  bool is_b = false;
  unsigned structure = kFrame;  // 1: top field, 2: bottom field
};

std::optional<Mpeg2Picture> read_mpeg2(Bytes bytes) {
  constexpr unsigned kPicture = 0x00, kExtension = 0xB5, kPictureCoding = 8, kB = 3;
  auto rest = after_start_code(bytes, kPicture);
  if (rest.size() < 2) return std::nullopt;
  Mpeg2Picture picture;
  picture.number = at(rest, 0) << 2U | at(rest, 1) >> 6U;
  picture.is_b = (at(rest, 1) >> 3U & 7U) == kB;
  constexpr std::size_t kNearby = 64;  // the extension follows the picture's header
  rest = after_start_code(rest.first(std::min(rest.size(), kNearby)), kExtension);
  if (rest.size() >= 3 && at(rest, 0) >> 4U == kPictureCoding && (at(rest, 2) & 3U) != 0)
    picture.structure = at(rest, 2) & 3U;
  return picture;
}

}  // namespace

PictureOrder::Coding PictureOrder::coding_of(const GstCaps* caps) {
  if (!caps) return Coding::unknown;
  if (has_slices(caps)) return Coding::slices;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const std::string_view name = gst_structure_get_name(structure);
  int version = 0;
  gst_structure_get_int(structure, "mpegversion", &version);
  if (name == "video/mpeg" && version < 4) return Coding::mpeg2;
  int divx = 0;  // 3 is Microsoft's MPEG-4, which has no B-frames
  if (gst_structure_get_int(structure, "divxversion", &divx) && divx == 3) return Coding::in_place;
  if (name == "video/mpeg" || std::ranges::find(kMpeg4, name) != kMpeg4.end()) return Coding::mpeg4;
  return std::ranges::find(kNotKnown, name) == kNotKnown.end() ? Coding::in_place : Coding::unknown;
}

void PictureOrder::set_caps(CapsPtr caps) {
  coding_ = coding_of(caps.get());
  caps_ = std::move(caps);
  if (coding_ == Coding::slices) count_.set_caps(caps_.get());
}

void PictureOrder::forget() {
  references_ = others_ = 0;
  first_field_.reset();
  count_.forget();
}

std::optional<PicturePlace> PictureOrder::next(GstBuffer* picture) {
  try {
    switch (coding_) {
      case Coding::in_place:
        return PicturePlace{0, ++references_};
      case Coding::mpeg2:
        return next_mpeg2(picture);
      case Coding::mpeg4:
        return next_mpeg4(picture);
      case Coding::slices:
        return next_counted(picture);
      case Coding::unknown:
        return std::nullopt;
    }
  } catch (const Error&) {
    // A packet that cannot be read is reported where it is hashed.
  }
  return std::nullopt;
}

// A B picture is shown at once, an I or P picture when the next one of them comes.
PicturePlace PictureOrder::place_by_kind(bool is_b) {
  if (is_b) return {references_ - 1, ++others_};
  others_ = 1;  // 1 is for its second field
  return {++references_, 0};
}

std::optional<PicturePlace> PictureOrder::next_mpeg2(GstBuffer* buffer) {
  const ReadMap map(buffer);
  const auto picture = read_mpeg2(map.bytes());
  if (!picture) return std::nullopt;
  const auto first = std::exchange(first_field_, std::nullopt);
  if (picture->structure == Mpeg2Picture::kFrame) return place_by_kind(picture->is_b);
  const bool completes = first && first->structure != picture->structure && first->number == picture->number;
  if (completes && !first->is_b) return PicturePlace{references_, 1};
  if (!completes) first_field_ = Field{picture->structure, picture->number, picture->is_b};
  return place_by_kind(picture->is_b);
}

// ISO/IEC 14496-2, 6.2.5: two bits behind the start code say I, P, B or S.
std::optional<PicturePlace> PictureOrder::next_mpeg4(GstBuffer* buffer) {
  constexpr unsigned kPicture = 0xB6, kB = 2;
  constexpr std::size_t kPlaceholder = 8;  // in AVI, for a picture that came in an earlier packet together with another
  const ReadMap map(buffer);
  const auto rest = after_start_code(map.bytes(), kPicture);
  if (rest.empty()) return std::nullopt;
  if (map.bytes().size() < kPlaceholder || !after_start_code(rest, kPicture).empty()) coding_ = Coding::unknown;
  if (coding_ == Coding::unknown) return std::nullopt;
  return place_by_kind(at(rest, 0) >> 6U == kB);
}

std::optional<PicturePlace> PictureOrder::next_counted(GstBuffer* picture) {
  const auto count = count_.next(picture);
  if (!count) return std::nullopt;
  return PicturePlace{count->sequence, count->count};
}

}  // namespace klingv2a
