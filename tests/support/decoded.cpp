// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decoded.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace klingv2a::test {
namespace {

constexpr std::chrono::seconds kReadDeadline{30};
constexpr double kNsPerSecond = 1e9;
constexpr double kBright = 120;  // mean luma: the test clips are far from it on either side

void run_to_end(PipelineRun& run) {
  const End end = run.run(kReadDeadline);
  const std::string error = run.first_error();
  run.stop();
  if (end != End::eos) throw std::runtime_error(std::string("reading a file: ") + to_string(end) + ", " + error);
}

std::string source(const std::string& path) {
  return "filesrc location=\"" + path + "\" ! ";
}

struct Format {
  std::string name;
  int rate = 0, channels = 0;
  bool planar = false;
  [[nodiscard]] std::size_t sample_bytes() const { return name == "F32LE" ? sizeof(float) : sizeof(std::int16_t); }
};

Format format_of(const std::string& text) {
  Format format;
  const std::unique_ptr<GstCaps, Deleter<gst_caps_unref>> caps(gst_caps_from_string(text.c_str()));
  if (!caps || gst_caps_get_size(caps.get()) != 1) throw std::runtime_error("no sound came: " + text);
  const GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  const char* name = gst_structure_get_string(structure, "format");
  format.name = name ? name : "";
  format.planar = g_strcmp0(gst_structure_get_string(structure, "layout"), "non-interleaved") == 0;
  gst_structure_get_int(structure, "rate", &format.rate);
  gst_structure_get_int(structure, "channels", &format.channels);
  if ((format.name != "S16LE" && format.name != "F32LE") || format.rate <= 0 || format.channels <= 0)
    throw std::runtime_error("not a format that is read here: " + text);
  return format;
}

std::int16_t sample_at(const Format& format, const std::string& bytes, std::size_t index) {
  if (format.name == "S16LE") {
    std::int16_t value = 0;
    std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
    return value;
  }
  float value = 0;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return static_cast<std::int16_t>(std::clamp<long>(std::lround(value * 32768.0F), -32768, 32767));
}

void append(DecodedSound& pcm, const Format& format, const std::string& bytes) {
  const std::size_t all = bytes.size() / format.sample_bytes();
  const auto channels = static_cast<std::size_t>(format.channels);
  const std::size_t frames = all / channels;
  for (std::size_t i = 0; i < all; ++i)
    pcm.samples.push_back(sample_at(format, bytes, format.planar ? i % channels * frames + i / channels : i));
}

TimedSound sound_of(const std::vector<SeenBuffer>& buffers, const Format& format) {
  TimedSound sound;
  sound.pcm.rate = format.rate;
  sound.pcm.channels = format.channels;
  if (!buffers.empty()) sound.start_ns = buffers.front().running_time;
  for (const auto& buffer : buffers) {
    const double played = static_cast<double>(sound.length()) * kNsPerSecond / format.rate;
    const auto drift = buffer.running_time - sound.start_ns - std::llround(played);
    sound.largest_drift_ns = std::max<std::int64_t>(sound.largest_drift_ns, std::abs(drift));
    append(sound.pcm, format, buffer.bytes);
  }
  return sound;
}

}  // namespace

std::vector<std::int64_t> TimedSound::clicks() const {
  auto found = pcm.clicks();
  const auto offset = to_samples(start_ns, pcm.rate);
  for (auto& click : found) click += offset;
  return found;
}

TimedSound sound_of_pad(const PadLog& log) {
  return sound_of(log.buffers(), format_of(log.caps()));
}

TimedSound sound_since_flush(const PadLog& log) {
  return sound_of(log.buffers_since_flush(), format_of(log.caps()));
}

DecodedSound wav_of_last_task(const sim::Service& service) {
  const std::string task = service.base_url() + "/v1/audio/video-to-audio/" + service.paid_tasks().back().task_id;
  const std::string answer = http_call({"GET", task, "Bearer sim-key", {}}).body;
  return decode_sound(http_call({"GET", json_at(answer, "$.data.task_result.audios[0].url_wav"), {}, {}}).body,
                      "wavparse");
}

TimedSound sound_of_file(const std::string& path) {
  PipelineRun run(source(path) +
                  "decodebin caps=\"audio/x-raw(ANY)\" expose-all-streams=false ! audioconvert ! "
                  "audio/x-raw,format=S16LE,layout=interleaved ! fakesink name=sink sync=false");
  const PadLog& log = run.watch("sink", "sink", PadLog::Keep::bytes);
  run_to_end(run);
  return sound_of_pad(log);
}

std::vector<SeenBuffer> packets_of_file(const std::string& path, const std::string& demuxer, const std::string& caps,
                                        const std::string& parser) {
  PipelineRun run(source(path) + demuxer + " name=demux  demux. ! " + caps + " ! " +
                  (parser.empty() ? "" : parser + " ! ") + "fakesink name=sink sync=false");
  const PadLog& log = run.watch("sink", "sink");
  run_to_end(run);
  return log.buffers();
}

std::vector<SeenBuffer> pictures_of_file(const std::string& path) {
  PipelineRun run(source(path) +
                  "decodebin caps=\"video/x-raw(ANY)\" expose-all-streams=false ! videoconvert ! "
                  "video/x-raw,format=I420 ! fakesink name=sink sync=false");
  const PadLog& log = run.watch("sink", "sink");
  run_to_end(run);
  return log.buffers();
}

std::vector<int> flashes_of_file(const std::string& path) {
  // Scaled down: the mean of a picture needs no more.
  PipelineRun run(source(path) +
                  "decodebin caps=\"video/x-raw(ANY)\" expose-all-streams=false ! videoscale add-borders=false ! "
                  "video/x-raw,width=32,height=18 ! videoconvert ! video/x-raw,format=GRAY8 ! "
                  "fakesink name=sink sync=false");
  const PadLog& log = run.watch("sink", "sink", PadLog::Keep::bytes);
  run_to_end(run);
  std::vector<int> flashes;
  bool bright = true;  // the first picture is no flash: nothing is before it
  int picture = 0;
  for (const auto& buffer : log.buffers()) {
    double sum = 0;
    for (const char pixel : buffer.bytes) sum += static_cast<unsigned char>(pixel);
    const bool now = sum / static_cast<double>(buffer.bytes.size()) > kBright;
    if (now && !bright) flashes.push_back(picture);
    bright = now;
    ++picture;
  }
  return flashes;
}

std::vector<std::string> hashes(const std::vector<SeenBuffer>& buffers) {
  std::vector<std::string> sums;
  sums.reserve(buffers.size());
  for (const auto& buffer : buffers) sums.push_back(buffer.sha256);
  return sums;
}

std::string first_difference(const std::vector<SeenBuffer>& expected, const std::vector<SeenBuffer>& actual) {
  const auto [left, right] = std::ranges::mismatch(expected, actual);
  if (left == expected.end() && right == actual.end()) return {};
  const auto text = [](const auto& at, const auto& end) {
    if (at == end) return std::string("nothing");
    std::ostringstream out;
    out << at->size << " bytes " << at->sha256.substr(0, 8) << " pts " << at->pts << " dts " << at->dts << " duration "
        << at->duration << " flags " << std::hex << at->flags << std::dec << " running time " << at->running_time;
    return out.str();
  };
  return "buffer " + std::to_string(left - expected.begin()) + " of " + std::to_string(expected.size()) + ": " +
         text(left, expected.end()) + "; of " + std::to_string(actual.size()) + ": " + text(right, actual.end());
}

std::vector<std::int64_t> frame_times(const std::vector<SeenBuffer>& buffers) {
  std::vector<std::int64_t> times;
  for (const auto& buffer : buffers)
    if (buffer.running_time != G_MININT64) times.push_back(buffer.running_time);
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

std::int64_t span_ns(const std::vector<SeenBuffer>& buffers) {
  const auto times = frame_times(buffers);
  if (times.size() < 2) throw std::runtime_error("fewer than two frames");
  std::vector<std::int64_t> distances;
  for (std::size_t i = 1; i < times.size(); ++i) distances.push_back(times[i] - times[i - 1]);
  std::ranges::nth_element(distances, distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2));
  std::int64_t last = distances[distances.size() / 2];
  for (const auto& buffer : buffers)
    if (buffer.running_time == times.back() && GST_CLOCK_TIME_IS_VALID(buffer.duration) && buffer.duration > 0)
      last = static_cast<std::int64_t>(buffer.duration);
  return times.back() + last - std::max<std::int64_t>(times.front(), 0);
}

std::int64_t to_samples(std::int64_t ns, int rate) {
  return std::llround(static_cast<long double>(ns) * rate / kNsPerSecond);
}

}  // namespace klingv2a::test
