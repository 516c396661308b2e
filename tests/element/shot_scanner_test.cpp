// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The shot scanner on invented films whose cuts are known, through real encoders and decoders.
#include "shot_scanner.h"

#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <future>
#include <map>

#include "coded_film.h"
#include "error.h"
#include "factories.h"
#include "small_luma.h"

namespace klingv2a {
namespace {

using namespace std::chrono_literals;
using plan::FrameMark;
using plan::Place;
using test::encode;
using test::kFilmFrame;
using test::Packet;
using test::Shot;

// Frames before the start of a segment have negative running times.
constexpr Nanoseconds kShift = -3 * kSecond;
constexpr int kNeighbours = plan::ShotDetector::kNeighbours;

using Packets = std::vector<Packet>;
using Marks = std::vector<FrameMark>;

void append(Marks& marks, const Marks& more) {
  marks.insert(marks.end(), more.begin(), more.end());
}

// Marks are taken after each `batch` buffers.
Marks scan(std::span<const Packet> packets, ScanWindow window = {}, std::size_t batch = 1) {
  Marks marks;
  ShotScanner scanner(packets.front().caps, window);
  std::size_t count = 0;
  for (const auto& packet : packets) {
    const auto time = packet.time ? std::optional(*packet.time + kShift) : std::nullopt;
    EXPECT_TRUE(scanner.push(packet.caps, packet.buffer, time));
    if (++count % batch == 0) append(marks, scanner.take_marks());
  }
  scanner.end();
  scanner.finish(nullptr);
  append(marks, scanner.take_marks());
  return marks;
}

std::size_t first_difference(const Marks& one, const Marks& other) {
  std::size_t i = 0;
  while (i < one.size() && i < other.size() && one[i] == other[i]) ++i;
  return i;
}

// Of the key frames with enough packets up to `end`, number `earlier` from the last.
std::size_t key_before(std::span<const Packet> packets, std::size_t end, int earlier) {
  std::size_t at = end - std::min(end, std::size_t{ScanWindow::kOverlap});
  while (at > 0 && (!packets[at].is_key || --earlier > 0)) --at;
  return at;
}

std::vector<int> frames_of(const Marks& marks, Place place) {
  std::vector<int> frames;
  for (const auto& mark : marks)
    if (mark.place == place) frames.push_back(static_cast<int>((mark.at - kShift) / kFilmFrame));
  return frames;
}

bool is_near(const std::vector<int>& frames, int frame, int tolerance) {
  return std::ranges::any_of(frames, [&](int other) { return std::abs(frame - other) <= tolerance; });
}

// Precision and recall in one, at one frame of tolerance.
double f1(const std::vector<int>& wanted, const std::vector<int>& found) {
  const auto right = std::ranges::count_if(wanted, [&](int frame) { return is_near(found, frame, 1); });
  return 2.0 * static_cast<double>(right) / static_cast<double>(wanted.size() + found.size());
}

// ---- films

test::FilmStrip film_of(const std::vector<Shot>& shots, double grain) {
  test::FilmMaker maker(grain, 5);
  for (const auto& shot : shots) maker.add(shot);
  return maker.strip();
}

// Three cuts, a dissolve and a fade; flashes, a pan, movement.
const test::FilmStrip& short_film() {
  static const auto film = film_of({{.frames = 50, .flash_at = 20, .flash_frames = 2, .seed = 1},
                                    {.frames = 45, .pan = 2, .seed = 2},
                                    {.frames = 60, .move = 2, .seed = 3},
                                    {.frames = 90, .entry = Shot::Entry::dissolve, .entry_frames = 20, .seed = 8},
                                    {.frames = 110, .entry = Shot::Entry::through_black, .entry_frames = 15, .seed = 9},
                                    {.frames = 45, .seed = 6}},
                                   2);
  return film;
}

Shot random_shot(test::Dice& dice, std::uint32_t seed) {
  Shot shot{.frames = static_cast<int>(dice.number(20, 60)), .seed = seed};
  const auto kind = dice.number(0, 4);
  if (kind == 0) shot.pan = 0.5 + 3 * dice.fraction();
  if (kind == 1) shot.move = 1 + 3 * dice.fraction();
  if (kind == 2) {
    shot.flash_at = static_cast<int>(dice.number(8, shot.frames - 8));
    shot.flash_frames = static_cast<int>(dice.number(1, 3));
  } else if (kind == 3) {
    shot.entry = dice.number(0, 1) == 0 ? Shot::Entry::dissolve : Shot::Entry::through_black;
    shot.entry_frames = static_cast<int>(dice.number(12, 30));
    shot.frames += 60;
  }
  return shot;
}

const test::FilmStrip& long_film() {
  static const auto film = [] {
    test::Dice dice(7);
    std::vector<Shot> shots;
    for (std::uint32_t i = 0; i < 18; ++i) shots.push_back(random_shot(dice, 500 + i));
    return film_of(shots, 4);
  }();
  return film;
}

std::string h264(int key_interval, const char* more = "scenecut=40",
                 const char* form = "stream-format=avc,alignment=au") {
  return "x264enc threads=1 speed-preset=ultrafast bframes=3 b-adapt=true key-int-max=" + std::to_string(key_interval) +
         " option-string=\"" + more + "\" ! h264parse ! video/x-h264," + form;
}

// Some encoders lose a frame.
void expect_short_film(const Marks& marks, const std::string& how, std::size_t lost = 0) {
  const auto& film = short_film();
  EXPECT_EQ(marks.size(), film.frames.size() - lost) << how;
  std::vector<int> missing;
  for (std::size_t i = 0; i < film.frames.size(); ++i)
    if (std::ranges::none_of(
            marks, [&](const FrameMark& mark) { return mark.at == static_cast<Nanoseconds>(i) * kFilmFrame + kShift; }))
      missing.push_back(static_cast<int>(i));
  EXPECT_EQ(missing.size(), lost) << how << testing::PrintToString(missing);
  EXPECT_EQ(frames_of(marks, Place::shot_change), film.cuts) << how;
  const auto graduals = frames_of(marks, Place::gradual);
  EXPECT_EQ(graduals.size(), film.graduals.size()) << how;
  for (const int gradual : film.graduals) EXPECT_TRUE(is_near(graduals, gradual, 10)) << how;
}

// ---- what is found

TEST(ShotScanner, FindsTheCutsOfACorpusWhereverKeyFramesAre) {
  const auto& film = long_film();
  const std::vector<std::pair<int, const char*>> codings{{12, "open-gop=1:scenecut=0"},
                                                         {50, "open-gop=0:scenecut=40"},
                                                         {50, "open-gop=1"},
                                                         {250, "open-gop=0:scenecut=0"}};
  for (const auto& [interval, more] : codings) {
    const auto found = frames_of(scan(encode(film.frames, h264(interval, more))), Place::shot_change);
    EXPECT_GE(f1(film.cuts, found), 0.95) << interval << " " << more;
  }
}

TEST(ShotScanner, TakesNoFlashForACut) {
  for (const int frames : {1, 2, 3, 4}) {
    const auto film = film_of({{.frames = 100, .flash_at = 50, .flash_frames = frames, .seed = 4}}, 2);
    const auto marks = scan(encode(film.frames, h264(50)));
    EXPECT_EQ(frames_of(marks, Place::shot_change), std::vector<int>{}) << frames;
  }
}

TEST(ShotScanner, ReadsEachCodecAndForm) {
  const std::map<std::string, std::string> codings{
      {"identity", "identity"},
      {"x264enc", h264(50)},
      {"x264enc ", h264(50, "scenecut=40", "stream-format=byte-stream,alignment=au")},
      {"x265enc", "x265enc speed-preset=ultrafast ! h265parse ! video/x-h265,stream-format=hvc1,alignment=au"},
      {"x265enc ", "x265enc speed-preset=ultrafast ! h265parse ! video/x-h265,stream-format=byte-stream"},
      {"vp8enc", "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=50"},
      {"vp9enc", "vp9enc deadline=1 cpu-used=8 keyframe-max-dist=50"},
      {"jpegenc", "jpegenc"}};
  for (const auto& [encoder, elements] : codings) {
    if (!has_factory(encoder.substr(0, encoder.find(' ')).c_str())) continue;
    expect_short_film(scan(encode(short_film().frames, elements)), elements);
  }
}

// From start code to start code.
void append_units(Packets& units, const CapsPtr& caps, const Packet& packet) {
  std::vector<std::uint8_t> bytes(gst_buffer_get_size(packet.buffer.get()));
  gst_buffer_extract(packet.buffer.get(), 0, bytes.data(), bytes.size());
  const std::array<std::uint8_t, 3> code{0, 0, 1};
  auto begin = std::search(bytes.begin(), bytes.end(), code.begin(), code.end());
  for (bool is_first = true; begin != bytes.end(); is_first = false) {
    const auto end = std::search(begin + 1, bytes.end(), code.begin(), code.end());
    auto unit = BufferPtr::adopt(gst_buffer_new_memdup(&*begin, static_cast<gsize>(end - begin)));
    GST_BUFFER_PTS(unit.get()) = is_first ? GST_BUFFER_PTS(packet.buffer.get()) : GST_CLOCK_TIME_NONE;
    units.push_back({.caps = caps, .buffer = unit, .time = is_first ? packet.time : std::nullopt});
    begin = end;
  }
}

TEST(ShotScanner, ReadsNalUnits) {
  const auto caps = CapsPtr::adopt(gst_caps_from_string("video/x-h264,stream-format=byte-stream,alignment=nal"));
  Packets units;
  for (const auto& packet :
       encode(short_film().frames, h264(50, "scenecut=40", "stream-format=byte-stream,alignment=au")))
    append_units(units, caps, packet);
  expect_short_film(scan(units), "NAL units");
}

TEST(ShotScanner, ReadsRawVideoOfEachKindAlike) {
  const auto& frames = short_film().frames;
  const auto marks = scan(encode(frames, "identity"));
  for (const auto* format : {"NV12", "YUY2", "I420_10LE", "P010_10LE"})
    EXPECT_TRUE(scan(encode(frames, std::string("videoconvert dither=none ! video/x-raw,format=") + format)) == marks)
        << format;
  for (const auto* format : {"RGB", "BGRx", "v210"})
    expect_short_film(scan(encode(frames, std::string("videoconvert dither=none ! video/x-raw,format=") + format)),
                      format);
}

TEST(ShotScanner, ReadsInterlacedVideo) {
  expect_short_film(scan(encode(short_film().frames, "capssetter caps=video/x-raw,interlace-mode=interleaved")),
                    "interleaved");
}

// Of two fields one is enough. The second has no time of its own.
TEST(ShotScanner, ReadsFieldsThatAreBuffers) {
  auto packets = encode(short_film().frames, "identity");
  const auto caps = CapsPtr::adopt(gst_caps_from_string(
      "video/x-raw(format:Interlaced),format=I420,width=320,height=360,framerate=25/1,interlace-mode=alternate"));
  Packets fields;
  for (auto& packet : packets) {
    packet.caps = caps;
    fields.push_back(packet);
    packet.time.reset();
    fields.push_back(packet);
  }
  expect_short_film(scan(fields), "fields");
}

// ---- always the same

// For as long as it lives, decoders of H.264 other than this one are not taken.
class OnlyDecoder {
 public:
  explicit OnlyDecoder(const char* name) {
    for (const auto* each : {"avdec_h264", "openh264dec"}) {
      auto feature = GObjectPtr<GstPluginFeature>::adopt(gst_registry_lookup_feature(gst_registry_get(), each));
      if (!feature) continue;
      const bool is_taken = g_str_equal(each, name);
      found_ = found_ || is_taken;
      ranks_.emplace_back(std::move(feature), 0U);
      ranks_.back().second = gst_plugin_feature_get_rank(ranks_.back().first.get());
      gst_plugin_feature_set_rank(ranks_.back().first.get(), is_taken ? GST_RANK_PRIMARY + 100 : GST_RANK_NONE);
    }
  }
  ~OnlyDecoder() {
    for (const auto& [feature, rank] : ranks_) gst_plugin_feature_set_rank(feature.get(), rank);
  }
  OnlyDecoder(const OnlyDecoder&) = delete;
  OnlyDecoder& operator=(const OnlyDecoder&) = delete;
  [[nodiscard]] bool found() const { return found_; }

 private:
  bool found_ = false;
  std::vector<std::pair<GObjectPtr<GstPluginFeature>, guint>> ranks_;
};

std::vector<Marks> scan_by_each_decoder(std::span<const Packet> packets) {
  std::vector<Marks> all;
  for (const auto* decoder : {"avdec_h264", "openh264dec"}) {
    const OnlyDecoder only(decoder);
    if (only.found()) all.push_back(scan(packets));
  }
  return all;
}

// openh264dec sometimes gives a picture of a stream with B-frames one frame too early.
TEST(ShotScanner, FindsTheSameByEachDecoder) {
  const auto& film = long_film();
  const auto plain = scan_by_each_decoder(encode(
      film.frames, "x264enc threads=1 speed-preset=ultrafast bframes=0 ! h264parse ! video/x-h264,alignment=au"));
  if (plain.size() < 2) GTEST_SKIP() << "one decoder is installed";
  EXPECT_EQ(plain[0].size(), film.frames.size());
  EXPECT_TRUE(plain[0] == plain[1]) << first_difference(plain[0], plain[1]);

  const auto reordered = scan_by_each_decoder(encode(film.frames, h264(50)));
  const auto cuts = frames_of(reordered[0], Place::shot_change), others = frames_of(reordered[1], Place::shot_change);
  EXPECT_EQ(f1(cuts, others), 1);
}

TEST(ShotScanner, FindsTheSameHoweverItIsAsked) {
  const auto packets = encode(short_film().frames, h264(50));
  const auto marks = scan(packets);
  EXPECT_TRUE(scan(packets) == marks);
  for (const std::size_t batch : {7U, 100U, 100'000U}) EXPECT_TRUE(scan(packets, {}, batch) == marks) << batch;
}

// Each window begins at a key frame, or in open GOPs at the one before, and has a part of the next one.
TEST(ShotScanner, FindsTheSameInWindows) {
  constexpr std::size_t kWindow = 300;
  for (const auto* more : {"open-gop=0:scenecut=0", "open-gop=1:scenecut=0"}) {
    const auto packets = encode(long_film().frames, h264(50, more));
    const auto whole = scan(packets);
    Marks marks;
    std::size_t begin = 0, end = 0;
    for (int earlier = more[9] == '1' ? 2 : 1; end < packets.size(); begin = key_before(packets, end, earlier)) {
      end = std::min(begin + kWindow, packets.size());
      const ScanWindow window{.begins_inside = begin > 0, .ends_inside = end < packets.size()};
      for (const auto& mark : scan(std::span(packets).subspan(begin, end - begin), window))
        if (marks.empty() || mark.at > marks.back().at) marks.push_back(mark);
    }
    EXPECT_TRUE(marks == whole) << more << ": " << first_difference(marks, whole);
  }
}

TEST(ShotScanner, LeavesOutTheEdgesOfAWindow) {
  const auto packets = encode(short_film().frames, "identity");
  const auto inner = std::span(packets).subspan(60, 200);
  const auto marks = scan(inner, {.begins_inside = true, .ends_inside = true});
  ASSERT_EQ(marks.size(), inner.size() - ScanWindow::kOverlap);
  const auto whole = scan(packets);
  EXPECT_TRUE(std::ranges::equal(marks, std::span(whole).subspan(60 + kNeighbours, marks.size())));
  EXPECT_TRUE(scan(inner.first(ScanWindow::kOverlap), {.begins_inside = true, .ends_inside = true}).empty());
}

// libav gets what follows the key frame of an open GOP wrong where it begins with it.
TEST(ShotScanner, SaysNothingWrongWhereAWindowBeginsInAnOpenGop) {
  const auto packets = encode(long_film().frames, h264(50, "open-gop=1:scenecut=0"));
  const auto whole = scan(packets);
  auto begin = std::ranges::find_if(packets.begin() + 1, packets.end(), &Packet::is_key);
  const auto marks = scan({begin, packets.end()}, {.begins_inside = true});
  ASSERT_GT(marks.size(), packets.size() / 2);
  EXPECT_TRUE(std::ranges::equal(marks, std::span(whole).last(marks.size())));
}

// ---- who waits

CapsPtr large_caps() {
  return CapsPtr::adopt(gst_caps_from_string("video/x-raw,format=I420,width=7680,height=4320,framerate=25/1"));
}

BufferPtr large_picture() {
  GstVideoInfo info;
  gst_video_info_from_caps(&info, large_caps().get());
  auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
  gst_buffer_memset(buffer.get(), 0, 0x55, GST_VIDEO_INFO_SIZE(&info));
  GST_BUFFER_PTS(buffer.get()) = 0;
  return buffer;
}

TEST(ShotScanner, MakesItsFeederWaitAndAbandonedLetsItGo) {
  const auto caps = large_caps();
  const auto picture = large_picture();
  ShotScanner scanner(caps);
  std::promise<void> runs;
  auto fed = std::async(std::launch::async, [&] {
    std::size_t pushed = 0, taken = 0, most = 0;
    while (scanner.push(caps, picture, static_cast<Nanoseconds>(pushed) * kFilmFrame)) {
      taken += scanner.take_marks().size();
      most = std::max(most, ++pushed - taken);
      if (pushed == 200) runs.set_value();
    }
    return most;
  });
  ASSERT_EQ(runs.get_future().wait_for(60s), std::future_status::ready);
  scanner.abandon();
  ASSERT_EQ(fed.wait_for(10s), std::future_status::ready);
  // Those that wait, the one that is looked at, and the neighbours of the next mark.
  EXPECT_LE(fed.get(), 4U + 2U + kNeighbours);
  EXPECT_FALSE(scanner.push(caps, picture, kSecond));
  EXPECT_THROW(scanner.finish(nullptr), Error);
}

ErrorKind kind_of_end(ShotScanner& scanner, GCancellable* cancel) {
  try {
    scanner.finish(cancel);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::service;  // none
}

TEST(ShotScanner, AbandonedWhileItsEndIsWaitedForItEnds) {
  ShotScanner scanner(large_caps());
  auto end = std::async(std::launch::async, [&] { return kind_of_end(scanner, nullptr); });
  EXPECT_EQ(end.wait_for(200ms), std::future_status::timeout) << "it ended without an end";
  scanner.abandon();
  ASSERT_EQ(end.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(end.get(), ErrorKind::cancelled);
}

TEST(ShotScanner, IsCancelled) {
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  ShotScanner scanner(large_caps());
  g_cancellable_cancel(cancel.get());
  EXPECT_EQ(kind_of_end(scanner, cancel.get()), ErrorKind::cancelled);
}

// ---- what cannot be decoded

TEST(ShotScanner, SaysThatThereIsNoDecoder) {
  const auto caps = CapsPtr::adopt(gst_caps_from_string("video/x-of-a-codec-that-nobody-knows"));
  try {
    const ShotScanner scanner(caps);
    FAIL() << "it decodes it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
  }
}

// The last packets are damaged, or of a form that nobody announced.
TEST(ShotScanner, KeepsWhatItFoundBeforeTheVideoBroke) {
  const auto whole = encode(short_film().frames, "jpegenc");
  constexpr std::size_t kWhole = 200;
  for (const auto* caps : {"image/jpeg", "video/x-h264,stream-format=byte-stream,alignment=au"}) {
    ShotScanner scanner(whole.front().caps);
    const auto other = CapsPtr::adopt(gst_caps_from_string(caps));
    const auto junk = BufferPtr::adopt(gst_buffer_new_memdup("not a picture", 13));
    try {
      for (std::size_t i = 0; i < whole.size(); ++i) {
        const auto& packet = whole[i];
        const bool is_junk = i >= kWhole;
        (void)scanner.push(is_junk ? other : packet.caps, is_junk ? junk : packet.buffer, *packet.time + kShift);
      }
      scanner.end();
      scanner.finish(nullptr);
      ADD_FAILURE() << "nothing is wrong with it";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    }
    const auto marks = scanner.take_marks();
    EXPECT_GE(marks.size(), kWhole - kNeighbours - 10) << caps;
    EXPECT_TRUE(is_near(frames_of(marks, Place::shot_change), short_film().cuts.front(), 0)) << caps;
  }
}

// Packets that are lost or damaged: what the decoder still gives is judged, each frame once.
TEST(ShotScanner, GoesOnAfterDamage) {
  auto packets = encode(short_film().frames, h264(25));
  test::Dice dice(3);
  for (std::size_t i = 100; i < 140; ++i) {
    auto damaged = BufferPtr::adopt(gst_buffer_copy_deep(packets[i].buffer.get()));
    const auto size = static_cast<std::int64_t>(gst_buffer_get_size(damaged.get()));
    for (int k = 0; k < 20; ++k)
      gst_buffer_memset(damaged.get(), static_cast<gsize>(dice.number(4, size - 1)),
                        static_cast<guint8>(dice.number(0, 255)), 1);
    if (packets[i].time) GST_BUFFER_PTS(damaged.get()) = GST_BUFFER_PTS(packets[i].buffer.get());
    packets[i].buffer = damaged;
  }
  const auto marks = scan(packets);
  EXPECT_TRUE(std::ranges::is_sorted(marks, {}, &FrameMark::at));
  EXPECT_GT(marks.size(), packets.size() / 2);
  EXPECT_TRUE(is_near(frames_of(marks, Place::shot_change), short_film().cuts.back(), 1));
}

TEST(ShotScanner, OfNothingFindsNothing) {
  ShotScanner scanner(CapsPtr::adopt(gst_caps_from_string(test::kFilmCaps)));
  scanner.end();
  scanner.finish(nullptr);
  EXPECT_TRUE(scanner.take_marks().empty());
}

// ---- small luma

TEST(SmallLuma, HasTheMeanOfEachPart) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, 640, 360);
  std::vector<std::uint8_t> bytes(GST_VIDEO_INFO_SIZE(&info), 100);
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = 180;  // a quarter of the first part
  const auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(bytes.data(), bytes.size()));
  SmallLuma reader;
  const auto luma = reader.read(buffer.get(), info);
  ASSERT_EQ(luma.size(), std::size_t{SmallLuma::kWidth} * SmallLuma::kHeight);
  EXPECT_EQ(luma[0], 120);
  EXPECT_EQ(luma[1], 100);
}

TEST(SmallLuma, HasTheSameBlackForEachRange) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 640, 360);
  info.colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
  const auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
  SmallLuma reader;
  gst_buffer_memset(buffer.get(), 0, 0, GST_VIDEO_INFO_SIZE(&info));
  EXPECT_EQ(reader.read(buffer.get(), info)[0], 16);
  gst_buffer_memset(buffer.get(), 0, 255, GST_VIDEO_INFO_SIZE(&info));
  EXPECT_EQ(reader.read(buffer.get(), info)[0], 235);
}

TEST(SmallLuma, OfWhatIsNoPictureIsEmpty) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, 640, 360);
  SmallLuma reader;
  const auto buffer = BufferPtr::adopt(gst_buffer_new_memdup("short", 5));
  EXPECT_TRUE(reader.read(buffer.get(), info).empty());
}

TEST(SmallLuma, TakesPicturesThatAreSmallerThanItsOwn) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, 2, 2);
  const auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
  gst_buffer_memset(buffer.get(), 0, 77, GST_VIDEO_INFO_SIZE(&info));
  SmallLuma reader;
  const auto luma = reader.read(buffer.get(), info);
  EXPECT_TRUE(std::ranges::all_of(luma, [](std::uint8_t value) { return value == 77; }));
}

}  // namespace
}  // namespace klingv2a
