// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture_times.h"

#include <algorithm>
#include <cmath>

#include "log.h"

namespace klingv2a {

namespace {

// At least one PTS in 0.7 s (ISO/IEC 13818-1, 2.7.4), at up to 120 pictures a second, on each side.
constexpr std::size_t kWindow = 192;
constexpr std::size_t kPast = 32;  // more than any codec reorders (16)
constexpr double kTolerance = 2.0 * GST_MSECOND;

std::optional<double> known(GstClockTime time) {
  return GST_CLOCK_TIME_IS_VALID(time) ? std::optional(static_cast<double>(time)) : std::nullopt;
}

GstClockTime rounded(double time) {
  return static_cast<GstClockTime>(std::llround(std::max(time, 0.0)));
}

using Point = PictureTimes::Point;

double between(const Point& a, const Point& b, double x) {
  return b.x > a.x ? a.y + (x - a.x) / (b.x - a.x) * (b.y - a.y) : a.y;
}

// `x` on the line through `points`, which are in order and at least one; outside of them `slope` goes on.
double on_line(const std::vector<Point>& points, double x, double slope) {
  const auto right = std::ranges::find_if(points, [&](const Point& point) { return point.x >= x; });
  if (right == points.end()) return points.back().y + (x - points.back().x) * slope;
  if (right == points.begin()) return right->y + (x - right->x) * slope;
  return between(*(right - 1), *right, x);
}

double mean_slope(const std::vector<Point>& points) {
  return (points.back().y - points.front().y) / (points.back().x - points.front().x);
}

// What an input says may run backwards; the line does not.
std::vector<Point> rising(const std::vector<Point>& points) {
  std::vector<Point> kept;
  for (const auto& point : points)
    if (kept.empty() || (point.x > kept.back().x && point.y > kept.back().y)) kept.push_back(point);
  return kept;
}

std::optional<double> frame_of(const GstCaps* caps) {
  int numerator = 0, denominator = 0;
  const auto* structure = caps ? gst_caps_get_structure(caps, 0) : nullptr;
  if (!structure || !gst_structure_get_fraction(structure, "framerate", &numerator, &denominator)) return std::nullopt;
  if (numerator <= 0 || denominator <= 0) return std::nullopt;
  return static_cast<double>(GST_SECOND) * denominator / numerator;
}

bool are_nal_units(const GstCaps* caps) {
  const auto* structure = caps ? gst_caps_get_structure(caps, 0) : nullptr;
  return structure && g_strcmp0(gst_structure_get_string(structure, "alignment"), "nal") == 0;
}

}  // namespace

void PictureTimes::set_caps(CapsPtr caps) {
  frame_ = frame_of(caps.get());
  names_units_ = are_nal_units(caps.get());
  order_.set_caps(std::move(caps));
}

void PictureTimes::forget() {
  window_.clear();
  past_.clear();
  ready_.clear();
  dts_only_.reset();
  begun_ = false;
  order_.forget();
}

// What some decoders need before the first picture (Theora, for one). Where packets tell what they are, they are asked.
bool PictureTimes::is_header(const GstBuffer* buffer) const {
  return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) && !order_.may_reorder() &&
         !GST_BUFFER_PTS_IS_VALID(buffer) && !GST_BUFFER_DTS_IS_VALID(buffer);
}

PictureTimes::Picture PictureTimes::looked_at(BufferPtr picture) {
  GstBuffer* buffer = picture.get();
  Picture one;
  if (!names_units_ && !is_header(buffer)) one.place = order_.next(buffer);
  one.pts = GST_BUFFER_PTS(buffer);
  one.dts = GST_BUFFER_DTS(buffer);
  const bool same = GST_CLOCK_TIME_IS_VALID(one.pts) && one.pts == one.dts;
  one.doubtful = doubts_ && one.place && !std::exchange(begun_, true) && same && order_.may_reorder();
  one.item = Item::adopt(GST_MINI_OBJECT_CAST(picture.to_c()));
  return one;
}

bool PictureTimes::lacks_time(const Picture& picture) const {
  return picture.place && (dts_only_ || !GST_CLOCK_TIME_IS_VALID(picture.pts));
}

void PictureTimes::put(BufferPtr picture) {
  auto one = looked_at(std::move(picture));
  if (window_.empty() && !lacks_time(one) && !one.doubtful) return release(std::move(one));
  window_.push_back(std::move(one));
  if (has_nothing_to_wait_for()) return finish();
  if (pictures_waiting() >= kWindow) settle(kWindow / 2);
}

void PictureTimes::put(EventPtr event) {
  auto item = Item::adopt(GST_MINI_OBJECT_CAST(event.to_c()));
  if (window_.empty())
    ready_.push_back(std::move(item));
  else
    window_.push_back({.item = std::move(item)});
}

PictureTimes::Item PictureTimes::take() {
  if (ready_.empty()) return {};
  auto item = std::move(ready_.front());
  ready_.pop_front();
  return item;
}

// A first picture whose PTS is its DTS waits for the second, which shows what they are.
bool PictureTimes::has_nothing_to_wait_for() const {
  if (std::ranges::any_of(window_, [this](const auto& one) { return lacks_time(one); })) return false;
  return pictures_waiting() > 1 || !window_.front().doubtful;
}

std::size_t PictureTimes::pictures_waiting() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(window_, [](const auto& one) { return GST_IS_BUFFER(one.item.get()); }));
}

void PictureTimes::finish() {
  settle(pictures_waiting());
}

// Lets so many pictures go, and the events among and behind them.
void PictureTimes::settle(std::size_t count) {
  if (window_.empty()) return;
  give_times();
  while (!window_.empty()) {
    const bool picture = GST_IS_BUFFER(window_.front().item.get());
    if (picture && count == 0) break;
    if (picture) --count;
    auto one = std::move(window_.front());
    window_.pop_front();
    write_times(one);
    release(std::move(one));
  }
  if (!window_.empty() && has_nothing_to_wait_for()) finish();
}

void PictureTimes::release(Picture picture) {
  ready_.push_back(picture.item);
  picture.item = {};
  if (picture.place) past_.push_back(std::move(picture));
  if (past_.size() > kPast) past_.pop_front();
}

// In decode order.
std::vector<PictureTimes::Picture*> PictureTimes::placed() {
  std::vector<Picture*> pictures;
  for (auto* row : {&past_, &window_})
    for (auto& one : *row)
      if (one.place) pictures.push_back(&one);
  return pictures;
}

// One for each picture, in decode order; what is not named lies on the line between its neighbours. Empty: no picture
// has one, or it cannot be known how far they are apart.
std::vector<double> PictureTimes::decoding_times(const std::vector<Picture*>& pictures) const {
  std::vector<Point> points;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    if (const auto dts = known(pictures[i]->dts)) points.push_back({static_cast<double>(i), *dts});
  points = rising(points);
  if (points.empty() || (points.size() == 1 && !frame_)) return {};
  const double slope = points.size() > 1 ? mean_slope(points) : *frame_;
  std::vector<double> times;
  for (std::size_t i = 0; i < pictures.size(); ++i) times.push_back(on_line(points, static_cast<double>(i), slope));
  return times;
}

// The pictures in the order of showing. Their decoding times, sorted, are the times at which they are shown, less a
// delay; where there are none, equal steps stand for them.
std::vector<PictureTimes::Shown> PictureTimes::in_order_of_showing(const std::vector<Picture*>& pictures,
                                                                   std::vector<double> decoding) const {
  if (decoding.empty())
    for (std::size_t i = 0; i < pictures.size(); ++i)
      decoding.push_back(static_cast<double>(i) * frame_.value_or(GST_SECOND));
  auto sorted = pictures;
  std::ranges::sort(sorted, {}, [](const Picture* one) { return *one->place; });
  std::vector<Shown> shown;
  for (std::size_t i = 0; i < sorted.size(); ++i) shown.push_back({sorted[i], decoding[i]});
  return shown;
}

// Where pictures are reordered, one that others overtake is shown later than it is decoded. If its PTS is its DTS all
// the same, then that container has no PTS, and its times are those of the packets.
void PictureTimes::look_for_dts_only(const std::vector<Shown>& shown) {
  if (dts_only_) return;
  double delay = 0;
  for (const auto& one : shown)
    if (const auto dts = known(one.picture->dts)) delay = std::max(delay, *dts - one.axis);
  for (const auto& one : shown) {
    const auto pts = known(one.picture->pts);
    if (pts && one.picture->pts == one.picture->dts && one.axis + delay > *pts + kTolerance) dts_only_ = delay;
  }
  if (dts_only_) GST_INFO("the video has decoding times only: its frames are shown %.3f ms later", *dts_only_ / 1e6);
}

// From where a picture stands in the order of showing to its time.
std::optional<PictureTimes::Line> PictureTimes::line_through(const std::vector<Shown>& shown, bool is_time) const {
  if (dts_only_) return Line{{{0, *dts_only_}}, 1};
  std::vector<Point> points;
  for (const auto& one : shown)
    if (const auto pts = known(one.picture->pts)) points.push_back({one.axis, *pts});
  points = rising(points);
  if (points.empty() || (points.size() == 1 && !is_time)) return std::nullopt;
  return Line{points, is_time ? 1 : mean_slope(points)};
}

void PictureTimes::give_times() {
  const auto pictures = placed();
  const auto decoding = decoding_times(pictures);
  const auto shown = in_order_of_showing(pictures, decoding);
  if (!decoding.empty()) look_for_dts_only(shown);
  const auto line = line_through(shown, !decoding.empty() || frame_);
  if (!line) return;
  for (const auto& one : shown)
    if (one.picture->item && lacks_time(*one.picture))
      one.picture->new_pts = rounded(on_line(line->points, one.axis, line->slope));
  for (std::size_t i = 0; i < decoding.size(); ++i)
    if (!GST_CLOCK_TIME_IS_VALID(pictures[i]->dts)) pictures[i]->new_dts = rounded(decoding[i]);
}

// What give_times() found, written down for good.
void PictureTimes::write_times(Picture& picture) {
  if (!picture.new_pts) return;
  picture.pts = *picture.new_pts;
  if (picture.new_dts) picture.dts = std::min(*picture.new_dts, picture.pts);
  auto buffer = BufferPtr::adopt(gst_buffer_make_writable(GST_BUFFER_CAST(picture.item.to_c())));
  GST_BUFFER_PTS(buffer.get()) = picture.pts;
  GST_BUFFER_DTS(buffer.get()) = picture.dts;
  picture.item = Item::adopt(GST_MINI_OBJECT_CAST(buffer.to_c()));
}

}  // namespace klingv2a
