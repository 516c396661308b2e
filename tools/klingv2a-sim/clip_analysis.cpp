// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_analysis.h"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "memory_pipeline.h"
#include "task_end.h"

namespace klingv2a::sim {
namespace {

using namespace std::chrono_literals;

constexpr double kDark = 60, kBright = 180;
constexpr double kMinSeconds = 3.0, kMaxSeconds = 20.0;
constexpr double kNsPerSecond = 1e9;

// Scaled down before it is looked at: the mean of a picture needs no more, and it takes no time.
constexpr std::size_t kWidth = 32, kHeight = 18, kPixels = kWidth * kHeight;
constexpr const char* kPipeline =
    "giostreamsrc name=clip ! qtdemux name=demux demux.video_0 ! queue ! decodebin ! "
    "videoscale name=scale add-borders=false ! video/x-raw,width=32,height=18 ! "
    "videoconvert ! video/x-raw,format=GRAY8 ! appsink name=frames sync=false";

using SamplePtr = std::unique_ptr<GstSample, Deleter<gst_sample_unref>>;
using CapsPtr = std::unique_ptr<GstCaps, Deleter<gst_caps_unref>>;
using Picture = std::array<std::uint8_t, kPixels>;

Picture read_picture(GstBuffer* buffer) {
  Picture picture{};
  gst_buffer_extract(buffer, 0, picture.data(), picture.size());  // a row of 32 bytes needs no padding
  return picture;
}

double mean(const Picture& picture) {
  double sum = 0;
  for (const std::uint8_t pixel : picture) sum += pixel;
  return sum / static_cast<double>(kPixels);
}

double difference(const Picture& a, const Picture& b) {
  double sum = 0;
  for (std::size_t i = 0; i < kPixels; ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return sum / static_cast<double>(kPixels) / 255.0;
}

// Collects the frames as they come out of the decoder.
class Watcher {
 public:
  void look(GstSample* sample) {
    GstBuffer* buffer = gst_sample_get_buffer(sample);
    const GstClockTime time =
        gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (!GST_CLOCK_TIME_IS_VALID(time)) return;
    const Picture picture = read_picture(buffer);
    const bool is_first = clip_.frames.empty();
    const double motion = is_first ? 0 : difference(before_, picture);
    const std::span<const std::uint8_t> before(before_);
    clip_.frames.push_back({static_cast<std::int64_t>(time), mean(picture), motion,
                            look_of(picture, is_first ? before.first(0) : before)});
    before_ = picture;
    if (GST_BUFFER_DURATION_IS_VALID(buffer))
      last_duration_ns_ = static_cast<std::int64_t>(GST_BUFFER_DURATION(buffer));
  }

  Clip finish() {
    if (clip_.frames.empty()) throw TaskFailure("Video file is invalid: it has no picture");
    const std::int64_t duration = last_duration_ns_ > 0 ? last_duration_ns_ : clip_.frame_ns();
    clip_.length_ns = clip_.frames.back().time_ns + duration;
    return std::move(clip_);
  }

 private:
  Clip clip_;
  Picture before_{};
  std::int64_t last_duration_ns_ = 0;
};

CapsPtr caps_of(const MemoryPipeline& pipeline, const char* element, const char* pad_name) {
  const auto pad = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(pipeline.element(element).get(), pad_name));
  return CapsPtr(pad ? gst_pad_get_current_caps(pad.get()) : nullptr);
}

void read_format(const MemoryPipeline& pipeline, Clip& clip) {
  const CapsPtr coded = caps_of(pipeline, "demux", "video_0");
  const CapsPtr decoded = caps_of(pipeline, "scale", "sink");
  if (coded) clip.codec = gst_structure_get_name(gst_caps_get_structure(coded.get(), 0));
  if (!decoded) return;
  const GstStructure* format = gst_caps_get_structure(decoded.get(), 0);
  gst_structure_get_int(format, "width", &clip.width);
  gst_structure_get_int(format, "height", &clip.height);
}

Clip decode(const Blob& file, GCancellable* cancellable) {
  MemoryPipeline pipeline(kPipeline);
  pipeline.feed("clip", file);
  const auto element = pipeline.element("frames");
  GstAppSink* sink = GST_APP_SINK(element.get());
  pipeline.start();
  Watcher watcher;
  for (bool end = false; !end;) {
    end = pipeline.ended(cancellable, 0ms);
    while (const SamplePtr sample{gst_app_sink_try_pull_sample(sink, end ? 0 : 20 * GST_MSECOND)}) {
      watcher.look(sample.get());
      throw_if_cancelled(cancellable);
    }
  }
  Clip clip = watcher.finish();
  read_format(pipeline, clip);
  return clip;
}

std::string seconds_text(std::int64_t ns) {
  const GCharPtr text(g_strdup_printf("%.3f s", static_cast<double>(ns) / kNsPerSecond));
  return text.get();
}

bool ends_as_video(const std::string& url) {
  const GUriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, nullptr));
  if (!uri) return false;
  const GCharPtr path(g_ascii_strdown(g_uri_get_path(uri.get()), -1));
  return g_str_has_suffix(path.get(), ".mp4") || g_str_has_suffix(path.get(), ".mov");
}

}  // namespace

std::vector<std::int64_t> Clip::flashes_ns() const {
  std::vector<std::int64_t> flashes;
  for (std::size_t i = 1; i < frames.size(); ++i)
    if (frames[i - 1].luma < kDark && frames[i].luma > kBright) flashes.push_back(frames[i].time_ns);
  return flashes;
}

std::int64_t Clip::frame_ns() const {
  std::vector<std::int64_t> distances;
  for (std::size_t i = 1; i < frames.size(); ++i) distances.push_back(frames[i].time_ns - frames[i - 1].time_ns);
  if (distances.empty()) return 0;
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  return *middle;
}

Clip analyse(const Blob& file, GCancellable* cancellable) {
  if (file->size() < 8 || std::string_view(*file).substr(4, 4) != "ftyp")
    throw TaskFailure("Video file format is invalid: not an MP4 or MOV file");
  try {
    return decode(file, cancellable);
  } catch (const TaskFailure&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw TaskFailure(std::string("Video file is invalid: ") + error.what());
  }
}

void judge(const std::string& url, const Clip& clip, bool check_resolution) {
  if (!ends_as_video(url)) throw TaskFailure("Video format is invalid: video_url does not end in .mp4 or .mov");
  if (clip.codec != "video/x-h264" && clip.codec != "video/x-h265")
    throw TaskFailure("Video codec is invalid: " + clip.codec);
  const double seconds = static_cast<double>(clip.length_ns) / kNsPerSecond;
  const double half_frame = static_cast<double>(clip.frame_ns()) / 2 / kNsPerSecond;
  if (seconds < kMinSeconds - half_frame || seconds > kMaxSeconds + half_frame)
    throw TaskFailure("Video duration is invalid: " + seconds_text(clip.length_ns) + ", not 3 s to 20 s");
  const int short_side = std::min(clip.width, clip.height);
  if (check_resolution && short_side != 720 && short_side != 1080)
    throw TaskFailure("Image pixel is invalid: " + std::to_string(clip.width) + "x" + std::to_string(clip.height) +
                      ", not 720p or 1080p");
}

}  // namespace klingv2a::sim
