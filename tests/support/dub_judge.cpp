// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dub_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <filesystem>
#include <future>
#include <stdexcept>

#include "program.h"
#include "sim_client.h"

namespace klingv2a::test {
namespace {

using Streams = std::vector<const FileStream*>;

constexpr double kNsPerSecond = 1e9;
constexpr double kNsPerSample = kNsPerSecond / kSoundRate;
constexpr std::int64_t kMatroskaTick = 1'000'000;
constexpr int kEmptyText = 2;  // bytes
constexpr double kAacFrame = 1024.0 / kSoundRate;
// Around the click, and how far from its place it is looked for.
constexpr std::int64_t kTemplate = 512, kSearch = 4000;

const char* const kVideo =
    "ffmpeg -v error -y -f lavfi -i testsrc=s=1280x720:r=25:d=3.2:decimals=2 -c:v libx264 -preset ultrafast -bf 2 -g "
    "25 "
    "-pix_fmt yuv420p video.mp4";
const char* const kOriginal =
    "ffmpeg -v error -y -f lavfi -i anoisesrc=d=3.2:c=pink:a=0.2:r=48000:s=1 "
    "-f lavfi -i anoisesrc=d=3.2:c=pink:a=0.2:r=48000:s=2 -filter_complex "
    "\"[0][1]join=inputs=2:channel_layout=stereo,"
    "aeval='val(ch)+0.6*between(t,1,1.001)*sin(2*PI*3000*(t-1))':c=same\" original.wav";

// Without it, two seconds pass until the task is looked at.
constexpr const char* kCallback = " callback-listen=127.0.0.1:0 ";

// For GstValueArrays of strings.
std::vector<std::string> strings_in(const GstStructure* structure, const char* field) {
  std::vector<std::string> all;
  const GValue* array = structure ? gst_structure_get_value(structure, field) : nullptr;
  for (guint i = 0; array && i < gst_value_array_get_size(array); ++i)
    all.emplace_back(g_value_get_string(gst_value_array_get_value(array, i)));
  return all;
}

std::vector<std::string> reported_losses(GstElement* bin) {
  GstStructure* report = nullptr;
  g_object_get(bin, "report", &report, nullptr);
  const std::unique_ptr<GstStructure, Deleter<gst_structure_free>> owned(report);
  return strings_in(report, "lost");
}

// Times of packets against the first picture of their file.
std::vector<std::int64_t> times(const FileStream& stream, std::int64_t first_picture) {
  std::vector<std::int64_t> all;
  for (const auto& packet : stream.packets)
    all.push_back(packet.ns == LLONG_MIN ? packet.ns : packet.ns - first_picture);
  return all;
}

std::int64_t tolerance_ns(const FileStream& a, const FileStream& b) {
  return std::max(a.tick_ns(), b.tick_ns()) + 1;
}

void expect_same_times(const FileStream& input, std::int64_t input_zero, const FileStream& output,
                       std::int64_t output_zero) {
  auto expected = times(input, input_zero);
  const auto actual = times(output, output_zero);
  expected.resize(std::min(expected.size(), actual.size()));
  ASSERT_EQ(expected.size(), actual.size());
  std::int64_t worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i)
    if (expected[i] != LLONG_MIN) worst = std::max<std::int64_t>(worst, std::abs(expected[i] - actual[i]));
  EXPECT_LE(worst, tolerance_ns(input, output)) << "ns that packets of " << input.field("codec_name") << " have moved";
}

// Without those of mov_text that only say that there is nothing now.
FileStream with_text(FileStream stream) {
  if (stream.field("codec_name") == "mov_text")
    std::erase_if(stream.packets, [](const FilePacket& packet) { return packet.size <= kEmptyText; });
  return stream;
}

Streams without(Streams streams, std::size_t index) {
  if (index < streams.size()) streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(index));
  return streams;
}

bool mixes(const DubCase& file) {
  return file.properties.find("separate") == std::string::npos;
}

std::string language(const FileStream& stream) {
  const auto found = stream.field("tag:language");
  return found.empty() ? "und" : found;
}

// At most `more` packets at the end are missing.
void expect_same_packets(const FileStream& input, const FileStream& output, int more) {
  auto expected = input.hashes();
  const auto actual = output.hashes();
  if (expected.size() > actual.size() && expected.size() - actual.size() <= static_cast<std::size_t>(more))
    expected.resize(actual.size());
  ASSERT_EQ(expected.size(), actual.size()) << input.field("codec_name");
  const auto differs = std::ranges::mismatch(expected, actual).in1;
  EXPECT_EQ(differs, expected.end()) << input.field("codec_name") << " packet " << differs - expected.begin();
}

// Matroska's muxer cannot write that it is unknown; readers then take it for English.
void expect_same_language(const FileStream& input, const FileStream& output) {
  EXPECT_TRUE(language(input) == "und" || language(input) == language(output)) << language(output);
}

void expect_same_stream(const FileStream& input, std::int64_t input_zero, const FileStream& output,
                        std::int64_t output_zero, int more) {
  EXPECT_EQ(input.field("codec_name"), output.field("codec_name"));
  expect_same_packets(input, output, more);
  expect_same_times(input, input_zero, output, output_zero);
  expect_same_language(input, output);
}

// Where `wanted` is most alike in `sound`, to be found around `expected`.
std::int64_t place_of(const std::vector<float>& wanted, const std::vector<float>& sound, std::int64_t expected) {
  const auto length = static_cast<std::int64_t>(wanted.size());
  std::int64_t best = LLONG_MIN;
  double highest = 0;
  for (auto at = std::max<std::int64_t>(expected - kSearch, 0);
       at <= std::min<std::int64_t>(expected + kSearch, static_cast<std::int64_t>(sound.size()) - length); ++at) {
    double product = 0, energy = 1e-12;
    for (std::int64_t i = 0; i < length; ++i) {
      const double sample = sound[static_cast<std::size_t>(at + i)];
      product += sample * wanted[static_cast<std::size_t>(i)];
      energy += sample * sample;
    }
    const double likeness = product / std::sqrt(energy);
    if (likeness > highest) {
      highest = likeness;
      best = at;
    }
  }
  return best;
}

bool has_edit_lists(const std::string& name) {
  return name.ends_with(".mp4") || name.ends_with(".mov");
}

void expect_duration(const ProbedFile& input, const ProbedFile& output, const DubCase& file) {
  const double expected = file.duration_s > 0 ? file.duration_s : input.duration_s();
  // Only edit lists can trim the priming at the start, and what fills up the last packet.
  const int packets = file.codec != "aac" ? 0 : has_edit_lists(file.output) ? 1 : 2;
  EXPECT_NEAR(output.duration_s(), expected, packets * kAacFrame + 0.0021);
}

void expect_sound(const ProbedFile& output, const DubCase& file) {
  const auto sounds = output.streams("audio");
  ASSERT_GT(sounds.size(), static_cast<std::size_t>(file.sound_track));
  const auto& sound = *sounds[static_cast<std::size_t>(file.sound_track)];
  EXPECT_EQ(sound.field("codec_name"), file.codec);
  EXPECT_EQ(sound.field("channels"), std::to_string(file.channels));
  // What a lossy coder takes away of noise is not ours.
  const auto found = loudness_of(output.path(), file.sound_track);
  const bool exact = file.codec.starts_with("pcm") || file.codec == "flac";
  EXPECT_NEAR(found.integrated, file.loudness, exact ? 0.3 : 0.5);
  EXPECT_LE(found.true_peak, exact ? -1 : 0);
}

void expect_losses(const DubRunSeen& seen, const DubCase& file) {
  ASSERT_EQ(seen.lost.size(), file.lost.size()) << ::testing::PrintToString(seen.lost);
  EXPECT_EQ(seen.reported, seen.lost);
  std::vector<std::string> warned;
  for (const auto& warning : seen.warnings) warned.push_back(warning.text);
  ASSERT_EQ(warned.size(), seen.lost.size()) << ::testing::PrintToString(warned);
  for (std::size_t i = 0; i < file.lost.size(); ++i) {
    EXPECT_NE(seen.lost[i].find(file.lost[i]), std::string::npos) << seen.lost[i];
    EXPECT_NE(warned.at(i).find(seen.lost[i]), std::string::npos) << warned[i];
  }
}

}  // namespace

InputFiles::InputFiles() {
  (void)make("video.mp4", kVideo);
  (void)make("original.wav", kOriginal);
}

std::string InputFiles::make(const std::string& file, const std::string& command) {
  auto path = folder_.file(file);
  if (command.empty()) return std::filesystem::path(file).is_absolute() ? file : path;
  if (!made_.emplace(file, command).second) {
    if (made_[file] != command) throw std::runtime_error(file + " is made in two ways");
    return path;
  }
  const auto result = run_program({"sh", "-ec", "cd \"$0\" && " + command, folder_.path()});
  if (result.exit_code != 0) throw std::runtime_error(command + ": " + result.errors);
  return path;
}

void PrintTo(const DubCase& file, std::ostream* out) {
  *out << file.name;
}

DubRunSeen dub(const std::string& source, const std::string& properties, const std::string& output) {
  sim::Service service(quick_service());
  PipelineRun run("filesrc location=\"" + source + "\" ! klingv2abin name=k api-key=sim-key base-url=" +
                  service.base_url() + kCallback + properties + " ! filesink location=\"" + output + "\"");
  DubRunSeen seen;
  run.start();
  run.wait_for_message([&](GstMessage* message) {
    if (gst_message_has_name(message, "klingv2abin-lost"))
      seen.lost.emplace_back(gst_structure_get_string(gst_message_get_structure(message), "what"));
    return false;
  });
  seen.end = run.wait_for_end(Milliseconds(100));  // it has ended, or its time is over
  seen.reported = reported_losses(run.element("k").get());
  run.stop();
  seen.error = run.first_error();
  seen.errors = run.errors();
  seen.warnings = run.warnings();
  seen.posts = posts(service);
  return seen;
}

void expect_same_video(const ProbedFile& input, const ProbedFile& output, const DubCase& file) {
  if (file.reframed) {
    EXPECT_EQ(picture_hashes(input.path()), picture_hashes(output.path()));
  } else {
    expect_same_packets(input.video(), output.video(), file.beyond_edit);
  }
  expect_same_times(input.video(), input.video().first_shown(), output.video(), output.video().first_shown());
}

void expect_same_others(const ProbedFile& input, const ProbedFile& output, const DubCase& file) {
  for (const std::string type : {"video", "audio", "subtitle", "data"}) {
    auto before = input.streams(type), after = output.streams(type);
    if (type == "video" || (type == "audio" && mixes(file))) before = without(before, 0);
    if (type == "video") after = without(after, 0);
    if (type == "audio") after = without(after, static_cast<std::size_t>(file.sound_track));
    if (type == file.gone) before.clear();
    ASSERT_EQ(before.size(), after.size()) << type;
    for (std::size_t i = 0; i < before.size(); ++i)
      expect_same_stream(with_text(*before[i]), input.video().first_shown(), with_text(*after[i]),
                         output.video().first_shown(), file.beyond_edit);
  }
}

void expect_in_step(const ProbedFile& input, const ProbedFile& output, int sound_track) {
  auto decoded = std::async(std::launch::async, [&] { return first_channel(input.path(), 0); });
  const auto after = first_channel(output.path(), sound_track), before = decoded.get();
  const auto loudest = std::ranges::max_element(before.samples, {}, [](float sample) { return std::abs(sample); });
  const auto click = std::clamp<std::int64_t>(loudest - before.samples.begin() - kTemplate / 2, 0,
                                              static_cast<std::int64_t>(before.samples.size()) - kTemplate);
  const std::vector<float> wanted(before.samples.begin() + click, before.samples.begin() + click + kTemplate);
  const double zeros = static_cast<double>(before.start_ns - input.video().first_shown()) -
                       static_cast<double>(after.start_ns - output.video().first_shown());
  const double expected = static_cast<double>(click) + zeros / kNsPerSample;
  const auto found = place_of(wanted, after.samples, std::llround(expected));
  const auto tick = std::max(input.video().tick_ns(), output.video().tick_ns());
  const double tolerance = tick >= kMatroskaTick ? static_cast<double>(tick) / kNsPerSample : 1.5;
  EXPECT_NEAR(static_cast<double>(found), expected, tolerance) << "samples against the first picture";
  EXPECT_LE(after.start_ns, output.video().first_shown() + tick + static_cast<std::int64_t>(kNsPerSample))
      << "the beginning of the sound is missing";
}

void judge_dub(const DubCase& file, InputFiles& inputs) {
  const auto source = inputs.make(file.file, file.make);
  const TemporaryFolder folder;
  const auto target = folder.file(file.output);
  auto probed = std::async(std::launch::async, [&] { return ProbedFile(source); });
  const auto seen = dub(source, file.properties, target);
  ASSERT_EQ(seen.end, End::eos) << seen.error;
  EXPECT_EQ(seen.posts, 1);
  expect_losses(seen, file);
  const ProbedFile input = probed.get(), output(target);
  expect_same_video(input, output, file);
  expect_same_others(input, output, file);
  expect_duration(input, output, file);
  expect_sound(output, file);
  if (!file.in_step) return;
  expect_same_language(*input.streams("audio").at(0),
                       *output.streams("audio").at(static_cast<std::size_t>(file.sound_track)));
  expect_in_step(input, output, file.sound_track);
}

}  // namespace klingv2a::test
