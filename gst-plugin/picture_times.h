// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Times for pictures that come without: MPEG program and transport streams may name the time of the first picture of a
// packet only, or of one picture in 0.7 s; AVI names decoding times only. Muxers drop such pictures. In which order
// they are shown the packets themselves say (picture_order.h); when they are shown follows from those around them that
// have a time, and from the decoding times between.
//
// Pictures with times pass at once, until one comes without: from then on a window of pictures is kept, so that there
// is something on both sides to count from. A picture whose time cannot be known leaves as it came. Not thread-safe;
// the streaming thread of one pad.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "gst_ptr.h"
#include "picture_order.h"

namespace klingv2a {

class PictureTimes {
 public:
  using Item = MiniPtr<GstMiniObject>;
  struct Point {
    double x = 0, y = 0;
  };

  // May a first PTS that is the DTS be the DTS only? So it is in AVI, and the picture waits for the next one.
  void set_doubts(bool doubts) { doubts_ = doubts; }
  // Pictures of these caps come next; finish() was called, and all items were taken.
  void set_caps(CapsPtr caps);
  void put(BufferPtr picture);
  // An event that may not overtake the pictures before it.
  void put(EventPtr event);
  // What may go on, in the order in which it came; null: nothing for now.
  [[nodiscard]] Item take();
  // Does something wait for its time?
  [[nodiscard]] bool waits() const { return !window_.empty(); }
  // The pictures that wait are the last ones before an end or a seam: they get what can be known.
  void finish();
  // A flush: everything that waits is dropped.
  void forget();

 private:
  struct Picture {
    Item item;  // or an event, which has no place
    std::optional<PicturePlace> place;
    GstClockTime pts = GST_CLOCK_TIME_NONE, dts = GST_CLOCK_TIME_NONE;
    bool doubtful = false;                         // its PTS may be its DTS: see look_for_dts_only()
    std::optional<GstClockTime> new_pts, new_dts;  // as far as is known up to now
  };
  // A picture's place on an axis along which the pictures are shown.
  struct Shown {
    Picture* picture = nullptr;
    double axis = 0;
  };
  // Through at least one point, which rise; before and behind them it goes on with `slope`.
  struct Line {
    std::vector<Point> points;
    double slope = 1;
  };

  [[nodiscard]] bool is_header(const GstBuffer* buffer) const;
  [[nodiscard]] Picture looked_at(BufferPtr picture);
  [[nodiscard]] bool lacks_time(const Picture& picture) const;
  [[nodiscard]] bool has_nothing_to_wait_for() const;
  [[nodiscard]] std::size_t pictures_waiting() const;
  void release(Picture picture);
  void settle(std::size_t count);
  void give_times();
  static void write_times(Picture& picture);
  [[nodiscard]] std::vector<Picture*> placed();
  [[nodiscard]] std::vector<double> decoding_times(const std::vector<Picture*>& pictures) const;
  [[nodiscard]] std::vector<Shown> in_order_of_showing(const std::vector<Picture*>& pictures,
                                                       std::vector<double> decoding) const;
  void look_for_dts_only(const std::vector<Shown>& shown);
  [[nodiscard]] std::optional<Line> line_through(const std::vector<Shown>& shown, bool is_time) const;

  PictureOrder order_;
  bool names_units_ = false;     // each buffer is a NAL unit: which of them lack a time nobody can say
  bool begun_ = false;           // a picture has come
  bool doubts_ = true;           // see set_doubts()
  std::optional<double> frame_;  // nanoseconds, as the caps say
  std::deque<Picture> window_;   // in decode order, with events among them
  std::deque<Picture> past_;     // the last ones that left, without their items
  std::deque<Item> ready_;
  std::optional<double> dts_only_;  // the container has no PTS (AVI): the reordering delay, in nanoseconds
};

}  // namespace klingv2a
