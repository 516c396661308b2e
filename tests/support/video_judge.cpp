// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>

#include "decoded.h"
#include "pipeline_run.h"
#include "program.h"
#include "put_server.h"
#include "sim_client.h"
#include "temporary_folder.h"

namespace klingv2a::test {
namespace {

constexpr int kFlashes[] = {40, 70};
constexpr double kMostFrames = 60;  // a second
constexpr double kNsPerSecond = 1e9;

double rate_of(const std::string& text) {
  const auto slash = text.find('/');
  const double numerator = std::atof(text.c_str());
  return slash == std::string::npos ? numerator : numerator / std::atof(text.c_str() + slash + 1);
}

std::string text_of_size(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

std::string generator(const VideoInput& input) {
  std::string filters = "testsrc2=s=" + text_of_size(input.width, input.height) + ":r=" + input.rate +
                        ":d=" + std::to_string(input.seconds) +
                        ",format=yuv420p,lutyuv=y=16+val/8:u=128:v=128"
                        ",drawbox=x=iw/16:y=ih/16:w=iw/3:h=ih/4:c=0xA0A0A0:t=fill"
                        ",drawbox=c=white:t=fill:enable='between(n,40,42)+between(n,70,72)'";
  return input.filters.empty() ? filters : filters + "," + input.filters;
}

std::string make_file(const VideoInput& input, const TemporaryFolder& folder) {
  const std::string path = folder.file(input.file);
  std::vector<std::string> command{"ffmpeg", "-v", "error", "-y"};
  if (input.source.empty())
    command.insert(command.end(), {"-f", "lavfi", "-i", generator(input)});
  else
    command.insert(command.end(), {"-i", input.source});
  command.insert(command.end(), input.coding.begin(), input.coding.end());
  command.push_back(path);
  const auto result = run_program(command, {}, std::chrono::seconds(180));  // 4K takes long to encode
  if (result.exit_code != 0) throw std::runtime_error("ffmpeg: " + result.errors);
  if (input.remux.empty()) return path;
  std::string remuxed = folder.file("remuxed-" + input.file);
  PipelineRun run("filesrc location=" + path + " ! " + input.remux + " ! filesink location=" + remuxed);
  if (run.run() != End::eos) throw std::runtime_error(run.first_error());
  return remuxed;
}

// What ffprobe says of the first video stream of a file.
class Probe {
 public:
  explicit Probe(const std::string& path)
      : text_(run_program({"ffprobe", "-v", "error", "-select_streams", "v:0", "-show_streams", "-show_format", "-of",
                           "json", path})
                  .output) {}
  [[nodiscard]] std::string stream(const std::string& field) const { return json_at(text_, "$.streams[0]." + field); }
  [[nodiscard]] std::string format(const std::string& field) const { return json_at(text_, "$.format." + field); }
  [[nodiscard]] int number(const std::string& field) const { return std::atoi(stream(field).c_str()); }
  [[nodiscard]] double pixel_aspect() const {
    std::string ratio = stream("sample_aspect_ratio");
    std::ranges::replace(ratio, ':', '/');
    const double shape = ratio.empty() || ratio == "N/A" ? 1 : rate_of(ratio);
    return shape > 0 ? shape : 1;
  }
  [[nodiscard]] bool is_turned() const { return std::abs(std::atoi(json_at(text_, "$..rotation").c_str())) == 90; }
  // Of the picture as it is shown.
  [[nodiscard]] double aspect() const {
    const double shape = number("width") * pixel_aspect() / number("height");
    return is_turned() ? 1 / shape : shape;
  }

 private:
  std::string text_;
};

// A picture as it is shown, in 16 x 16 grey pixels.
std::vector<double> thumbnail(const std::string& path, const TemporaryFolder& folder) {
  const std::string raw = folder.file("thumbnail.gray");
  const auto result =
      run_program({"ffmpeg", "-v", "error", "-y", "-i", path, "-vf",
                   "select='gte(n,10)',scale=16:16:flags=area,format=gray", "-frames:v", "1", "-f", "rawvideo", raw});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  std::ifstream file(raw, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<double> pixels;
  for (const char pixel : bytes) pixels.push_back(static_cast<unsigned char>(pixel));
  return pixels;
}

// 1: they differ in brightness and contrast only.
double likeness(std::vector<double> a, std::vector<double> b) {
  if (a.size() != b.size() || a.empty()) return 0;
  for (auto* pixels : {&a, &b}) {
    const double mean = std::accumulate(pixels->begin(), pixels->end(), 0.0) / static_cast<double>(pixels->size());
    for (auto& pixel : *pixels) pixel -= mean;
  }
  const auto product = [](const auto& x, const auto& y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  return product(a, b) / std::sqrt(product(a, a) * product(b, b));
}

// One video on its way through klingv2a.
class Judgement {
 public:
  explicit Judgement(const VideoInput& input) : input_(input), source_(make_file(input, folder_)) {}

  void run() {
    sim::Service service(quick_service());
    PipelineRun run("filesrc location=" + source_ + " ! " + input_.elements + " ! " +
                    klingv2a_on(service, "publish=\"" + store_.publish() + "\"") +
                    "k.video ! queue ! fakesink sync=false k.audio ! queue ! fakesink sync=false");
    const auto& arrived = run.watch("k", "sink");
    const auto& video = run.watch("k", "video");
    const auto& audio = run.watch("k", "audio", PadLog::Keep::bytes);
    ASSERT_EQ(run.run(), End::eos) << run.first_error();
    expect_reasons(run);
    run.stop();
    expect_untouched(arrived, video);
    const auto tasks = service.paid_tasks();
    ASSERT_EQ(tasks.size(), 1U);
    expect_in_sync(video, sound_of_pad(audio));
    EXPECT_LE(std::abs(tasks[0].frames - frames_of_proxy()), input_.source.empty() ? input_.frames_off : 1);
    expect_proxy(tasks[0].video_sha256);
  }

 private:
  [[nodiscard]] double rate() const { return rate_of(input_.rate); }
  // Of the video, or of a proxy that has fewer.
  [[nodiscard]] double frame_s() const { return 1 / std::min(rate(), kMostFrames); }
  [[nodiscard]] int frames() const { return static_cast<int>(std::lround(input_.seconds * rate())); }
  [[nodiscard]] double length_s() const { return input_.lasts > 0 ? input_.lasts : input_.seconds; }
  [[nodiscard]] int frames_of_proxy() const { return rate() > kMostFrames ? (frames() + 1) / 2 : frames(); }
  [[nodiscard]] bool is_remuxed() const { return input_.conformed.empty(); }

  void expect_reasons(const PipelineRun& run) const {
    const std::string conformed = run.stat_text("k", "conformed"), encoder = run.stat_text("k", "encoder");
    EXPECT_EQ(conformed.empty(), is_remuxed()) << conformed;
    EXPECT_EQ(encoder.empty(), is_remuxed()) << encoder;
    EXPECT_NE(conformed.find(input_.conformed), std::string::npos) << conformed;
    EXPECT_TRUE(run.warnings().empty()) << run.warnings().front().text;
  }

  static void expect_untouched(const PadLog& arrived, const PadLog& video) {
    EXPECT_EQ(first_difference(arrived.buffers(), video.buffers()), "");
    EXPECT_EQ(arrived.caps(), video.caps());
    EXPECT_TRUE(video.ended());
  }

  // Of the frames, in the order in which they are shown; from the first one on.
  [[nodiscard]] std::vector<double> times_of(const PadLog& video) const {
    auto times = frame_times(video.buffers());
    std::vector<double> seconds;
    if (times.size() == static_cast<std::size_t>(frames())) {
      for (const auto time : times) seconds.push_back(static_cast<double>(time - times.front()) / kNsPerSecond);
      return seconds;
    }
    for (int i = 0; i < frames(); ++i) seconds.push_back(i / rate());  // AVI has none
    return seconds;
  }

  void expect_in_sync(const PadLog& video, const TimedSound& sound) const {
    const auto samples = [&](double seconds) { return seconds * sound.pcm.rate; };
    EXPECT_NEAR(static_cast<double>(sound.length()), samples(length_s()), samples(frame_s()) + 1);
    if (!input_.source.empty()) return;
    const auto times = times_of(video);
    const auto clicks = sound.pcm.clicks();
    ASSERT_EQ(clicks.size(), std::size(kFlashes));
    for (std::size_t i = 0; i < clicks.size(); ++i) {
      const double flash = times.at(static_cast<std::size_t>(kFlashes[i]));
      EXPECT_NEAR(static_cast<double>(clicks[i]), samples(flash), samples(frame_s()) + 1) << "flash " << i;
    }
  }

  void expect_proxy(const std::string& sha256) {
    const std::string bytes = store_.file_of_sum(sha256);
    ASSERT_FALSE(bytes.empty()) << "the service has fetched something else";
    const std::string path = folder_.file("proxy.mp4");
    std::ofstream(path, std::ios::binary) << bytes;
    const Probe proxy(path), source(source_);
    expect_within_limits(proxy, bytes.size());
    EXPECT_NEAR(std::atof(proxy.format("duration").c_str()), length_s(), frame_s() + 0.001);
    const double aspect = input_.aspect > 0 ? input_.aspect : source.aspect();
    EXPECT_NEAR(proxy.aspect() / aspect, 1, 0.01) << proxy.aspect() << " of " << aspect;
    EXPECT_GT(likeness(thumbnail(source_, folder_), thumbnail(path, folder_)), 0.9) << "other pictures, or turned";
  }

  void expect_within_limits(const Probe& proxy, std::size_t bytes) const {
    EXPECT_EQ(proxy.stream("codec_name"), "h264");
    EXPECT_TRUE(proxy.stream("pix_fmt") == "yuv420p" || (is_remuxed() && proxy.stream("pix_fmt") == "yuvj420p"))
        << proxy.stream("pix_fmt");
    EXPECT_EQ(proxy.stream("field_order"), "progressive");
    const int width = proxy.number("width"), height = proxy.number("height");
    const int side = std::min(width, height);
    EXPECT_TRUE(side == 720 || side == 1080) << width << "x" << height;
    EXPECT_EQ(width % 2 + height % 2, 0) << width << "x" << height;
    EXPECT_TRUE(is_remuxed() || proxy.pixel_aspect() == 1) << proxy.pixel_aspect();
    EXPECT_LE(rate_of(proxy.stream("avg_frame_rate")), kMostFrames + 0.01);
    const double seconds = std::atof(proxy.format("duration").c_str());
    EXPECT_GE(seconds, 3 - frame_s() / 2);
    EXPECT_LE(seconds, 20 + frame_s() / 2);
    EXPECT_LE(bytes, 100'000'000U);
    EXPECT_EQ(proxy.format("nb_streams"), "1");
  }

  const VideoInput& input_;
  const TemporaryFolder folder_;
  const std::string source_;
  PutServer store_;
};

}  // namespace

void PrintTo(const VideoInput& input, std::ostream* out) {
  *out << input.name;
}

VideoInput sized(int width, int height, VideoInput input) {
  input.width = width;
  input.height = height;
  return input;
}

VideoInput at(const std::string& rate, VideoInput input) {
  input.rate = rate;
  return input;
}

VideoInput filtered(const std::string& filters, VideoInput input) {
  input.filters = filters;
  return input;
}

VideoInput turned(const std::string& orientation, VideoInput input) {
  input.remux = "qtdemux ! h264parse ! taginject tags=\"image-orientation=" + orientation + "\" ! mp4mux";
  return input;
}

VideoInput shown_as(double aspect, VideoInput input) {
  input.aspect = aspect;
  return input;
}

void judge_video(const VideoInput& input) {
  Judgement(input).run();
}

}  // namespace klingv2a::test
