// SPDX-License-Identifier: LGPL-2.1-or-later
//
// In which order the pictures of a coded video are shown, as its packets themselves say: needed where a container gives
// times to some of its pictures only. Not thread-safe; the streaming thread of one pad.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <utility>

#include "gst_ptr.h"
#include "picture_order_count.h"

namespace klingv2a {

// Of two pictures of a stream, the one with the smaller place is shown first.
struct PicturePlace {
  std::int64_t group = 0, place = 0;
  auto operator<=>(const PicturePlace&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
};

class PictureOrder {
 public:
  // Pictures of other caps come from here on; what is known of the earlier ones is forgotten.
  void set_caps(CapsPtr caps);
  // The next picture's place, in decode order. Nullopt: it is no picture, or its codec is not known here.
  [[nodiscard]] std::optional<PicturePlace> next(GstBuffer* picture);
  // May pictures of these caps be shown in another order than that of their packets?
  [[nodiscard]] bool may_reorder() const { return coding_ != Coding::in_place; }
  // The first picture after this may follow on anything.
  void forget();

 private:
  enum class Coding { unknown, in_place, mpeg2, mpeg4, slices };
  [[nodiscard]] static Coding coding_of(const GstCaps* caps);
  [[nodiscard]] std::optional<PicturePlace> next_mpeg2(GstBuffer* buffer);
  [[nodiscard]] std::optional<PicturePlace> next_mpeg4(GstBuffer* buffer);
  [[nodiscard]] std::optional<PicturePlace> next_counted(GstBuffer* picture);
  [[nodiscard]] PicturePlace place_by_kind(bool is_b);

  CapsPtr caps_;
  Coding coding_ = Coding::unknown;
  std::int64_t references_ = 0;  // so many I and P pictures have come
  std::int64_t others_ = 0;      // pictures since the last one of them
  // The field that the next one may complete.
  struct Field {
    unsigned structure = 0, number = 0;
    bool is_b = false;
  };
  std::optional<Field> first_field_;
  PictureOrderCount count_;
};

}  // namespace klingv2a
