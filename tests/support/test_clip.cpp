// SPDX-License-Identifier: LGPL-2.1-or-later
#include "test_clip.h"

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>

namespace klingv2a::test {
namespace {

constexpr std::uint8_t kDark = 24, kBright = 190, kTexture = 31;  // luma of texture 0; the texture's range
constexpr std::uint8_t kGrey = 128;
constexpr std::size_t kCell = 8;  // the texture's grain in pixels
constexpr GstClockTime kLongest = 120 * GST_SECOND;

struct Unref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
template <typename T>
using GstPtr = std::unique_ptr<T, Unref>;

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "klingv2a-clips-XXXXXX").string();
    if (!g_mkdtemp(name.data())) throw std::runtime_error("no temporary folder for the test clips");
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

struct Shelf {
  std::mutex mutex;
  Folder folder;
  std::map<ClipOptions, std::string> clips;
};

const char* muxer(ClipOptions::Container container) {
  switch (container) {
    case ClipOptions::Container::mp4:
      return "mp4mux";
    case ClipOptions::Container::mov:
      return "qtmux";
    case ClipOptions::Container::mkv:
      return "matroskamux";
    case ClipOptions::Container::ts:
      return "mpegtsmux";
    case ClipOptions::Container::h264:
      return "video/x-h264,stream-format=byte-stream,alignment=au";
  }
  return "";
}

const char* suffix(ClipOptions::Container container) {
  switch (container) {
    case ClipOptions::Container::mp4:
      return ".mp4";
    case ClipOptions::Container::mov:
      return ".mov";
    case ClipOptions::Container::mkv:
      return ".mkv";
    case ClipOptions::Container::ts:
      return ".ts";
    case ClipOptions::Container::h264:
      return ".h264";
  }
  return "";
}

std::string description(const ClipOptions& options, const std::string& path) {
  std::ostringstream text;
  text << "appsrc name=frames format=time caps=video/x-raw,format=I420,width=" << options.width
       << ",height=" << options.height << ",framerate=" << options.fps_n << "/" << options.fps_d
       << ",pixel-aspect-ratio=1/1,interlace-mode=progressive ! x264enc speed-preset=ultrafast b-adapt=false bframes="
       << options.bframes << " key-int-max=" << options.gop;
  if (options.kbit_s > 0) text << " bitrate=" << options.kbit_s << " vbv-buf-capacity=1000";
  text << " ! h264parse ! " << muxer(options.container) << " ! filesink location=\"" << path << "\"";
  return text.str();
}

// Fills the luma plane: cells whose brightness depends on place and frame, so that no two frames are alike.
void paint(const ClipOptions& options, std::size_t frame, std::uint8_t* luma) {
  const auto width = static_cast<std::size_t>(options.width), height = static_cast<std::size_t>(options.height);
  const bool flash = std::ranges::find(options.flash_frames, static_cast<int>(frame)) != options.flash_frames.end();
  const std::uint8_t base = flash ? kBright : kDark;
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* row = luma + y * width;
    if (y % kCell != 0) {
      std::copy_n(row - width, width, row);
      continue;
    }
    const std::size_t offset = y / kCell * 5 + frame * 3 + (y == 0 ? frame / 8 : 0);
    for (std::size_t x = 0; x < width; ++x)
      row[x] = static_cast<std::uint8_t>(base + ((x / kCell + offset) & kTexture));
  }
}

void paint_noise(std::size_t frame, std::uint8_t* luma, std::size_t size) {
  auto state = static_cast<std::uint32_t>(frame + 1);
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 1664525U + 1013904223U;
    luma[i] = static_cast<std::uint8_t>(kDark + ((state >> 24U) & kTexture));
  }
}

GstBuffer* make_frame(const ClipOptions& options, int frame) {
  const std::size_t luma = static_cast<std::size_t>(options.width) * static_cast<std::size_t>(options.height);
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, luma * 3 / 2, nullptr);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_WRITE)) throw std::runtime_error("a frame cannot be written");
  if (options.kbit_s > 0)
    paint_noise(static_cast<std::size_t>(frame), map.data, luma);
  else
    paint(options, static_cast<std::size_t>(frame), map.data);
  std::fill(map.data + luma, map.data + map.size, kGrey);
  gst_buffer_unmap(buffer, &map);
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(frame_ns(options, frame));
  GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>(frame_ns(options, frame + 1) - frame_ns(options, frame));
  return buffer;
}

// Hands out the frames one by one as the encoder asks for them, on the pipeline's own thread, so that a pipeline that
// fails leaves nobody waiting.
struct FrameSource {
  const ClipOptions& options;
  int next = 0;

  static void on_need(GstAppSrc* source, guint, gpointer data) {
    auto* self = static_cast<FrameSource*>(data);
    GstBuffer* buffer = self->next < frame_count(self->options) ? make_frame(self->options, self->next) : nullptr;
    ++self->next;
    if (buffer)
      gst_app_src_push_buffer(source, buffer);
    else
      gst_app_src_end_of_stream(source);
  }
};

// Empty: it went well.
std::string wait_for_end(GstElement* pipeline) {
  const GstPtr<GstBus> bus(gst_element_get_bus(pipeline));
  GstMessage* message =
      gst_bus_timed_pop_filtered(bus.get(), kLongest, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  if (!message) return "the encoder does not end";
  std::string what;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError* error = nullptr;
    char* debug = nullptr;
    gst_message_parse_error(message, &error, &debug);
    what = std::string(error->message) + " " + (debug ? debug : "");
    g_error_free(error);
    g_free(debug);
  }
  gst_message_unref(message);
  return what;
}

void encode(const ClipOptions& options, const std::string& path) {
  if (options.width % 8 != 0 || options.height % 8 != 0) throw std::runtime_error("test clip: width or height");
  GError* error = nullptr;
  GstElement* floating = gst_parse_launch(description(options, path).c_str(), &error);
  if (error) {
    const std::string what = error->message;
    g_error_free(error);
    if (floating) gst_object_unref(floating);
    throw std::runtime_error("test clip: " + what);
  }
  FrameSource frames{options};
  const GstPtr<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(floating)));
  const GstPtr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "frames"));
  GstAppSrcCallbacks callbacks{};
  callbacks.need_data = &FrameSource::on_need;
  gst_app_src_set_callbacks(GST_APP_SRC(source.get()), &callbacks, &frames, nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const std::string what = wait_for_end(pipeline.get());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (!what.empty()) throw std::runtime_error("test clip: " + what);
}

}  // namespace

int frame_count(const ClipOptions& options) {
  return static_cast<int>(std::lround(options.seconds * options.fps_n / options.fps_d));
}

std::int64_t frame_ns(const ClipOptions& options, int frame) {
  return std::int64_t{frame} * options.fps_d * 1'000'000'000 / options.fps_n;
}

std::string test_clip(const ClipOptions& options) {
  gst_init(nullptr, nullptr);
  static Shelf shelf;
  const std::lock_guard lock(shelf.mutex);
  if (const auto made = shelf.clips.find(options); made != shelf.clips.end()) return made->second;
  const std::string name = "clip-" + std::to_string(shelf.clips.size()) + suffix(options.container);
  const std::string path = (shelf.folder.path / name).string();
  encode(options, path);
  return shelf.clips[options] = path;
}

std::string test_clip_bytes(const ClipOptions& options) {
  const std::string path = test_clip(options);
  char* contents = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path.c_str(), &contents, &size, nullptr)) throw std::runtime_error("cannot read " + path);
  std::string bytes(contents, size);
  g_free(contents);
  return bytes;
}

}  // namespace klingv2a::test
