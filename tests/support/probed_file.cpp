// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probed_file.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "program.h"
#include "temporary_folder.h"

namespace klingv2a::test {
namespace {

using Fields = std::map<std::string, std::string>;

constexpr double kNsPerSecond = 1e9;
constexpr std::int64_t kLeastGap = 256;  // samples; less is rounding

std::string run_or_throw(const std::vector<std::string>& command, std::string ProgramResult::*wanted) {
  auto result = run_program(command);
  if (result.exit_code != 0) throw std::runtime_error(command.front() + ": " + result.errors);
  return result.*wanted;
}

// ffprobe's compact lines: "stream|index=0|codec_name=h264".
Fields fields_of(const std::string& line) {
  Fields fields;
  std::istringstream words(line);
  for (std::string word; std::getline(words, word, '|');)
    if (const auto equals = word.find('='); equals != std::string::npos)
      fields[word.substr(0, equals)] = word.substr(equals + 1);
  return fields;
}

double ratio(const std::string& text) {
  const auto slash = text.find('/');
  return slash == std::string::npos ? 0 : std::atof(text.c_str()) / std::atof(text.c_str() + slash + 1);
}

FilePacket packet_of(const Fields& fields, double tick_s) {
  FilePacket packet;
  const auto pts = fields.find("pts");
  const bool timed = pts != fields.end() && pts->second != "N/A";
  packet.ns = timed ? std::llround(std::strtod(pts->second.c_str(), nullptr) * tick_s * kNsPerSecond) : LLONG_MIN;
  const auto duration = fields.find("duration");
  if (duration != fields.end())
    packet.duration_ns = std::llround(std::atof(duration->second.c_str()) * tick_s * kNsPerSecond);
  packet.shown = fields.at("flags").find('D') == std::string::npos;
  packet.size = std::stoi(fields.at("size"));
  packet.hash = fields.at("data_hash");
  return packet;
}

// Where ffprobe lists side data, it goes on in a line of its own.
std::vector<std::string> whole_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream input(text);
  for (std::string line; std::getline(input, line);)
    if (!lines.empty() && line.starts_with("|"))
      lines.back() += line;
    else
      lines.push_back(line);
  return lines;
}

std::vector<float> read_samples(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<float> samples(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes of samples
  file.read(reinterpret_cast<char*>(samples.data()), static_cast<std::streamsize>(samples.size() * sizeof(float)));
  return samples;
}

// What ashowinfo wrote of each frame says where its samples lie; where a file has a gap, there is silence.
FileSound on_timeline(const std::vector<float>& samples, const std::string& log) {
  const std::regex frame(" pts:(-?[0-9]+) .*nb_samples:([0-9]+)");
  FileSound sound;
  std::int64_t first = 0;
  std::size_t used = 0;
  for (std::sregex_iterator match(log.begin(), log.end(), frame), end; match != end; ++match) {
    const auto pts = std::stoll((*match)[1]);
    const auto count = std::min(static_cast<std::size_t>(std::stoll((*match)[2])), samples.size() - used);
    if (used == 0) first = pts;
    const auto gap = pts - first - static_cast<std::int64_t>(sound.samples.size());
    if (gap > kLeastGap) sound.samples.resize(sound.samples.size() + static_cast<std::size_t>(gap));
    const auto from = samples.begin() + static_cast<std::ptrdiff_t>(used);
    sound.samples.insert(sound.samples.end(), from, from + static_cast<std::ptrdiff_t>(count));
    used += count;
  }
  sound.start_ns = std::llround(static_cast<double>(first) * kNsPerSecond / kSoundRate);
  return sound;
}

double last_number(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern + "\\s+(-?[0-9.]+|-inf)");
  double value = NAN;
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
    value = std::stod((*match)[1]);
  return value;
}

}  // namespace

std::string FileStream::field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

std::vector<std::string> FileStream::hashes() const {
  std::vector<std::string> all;
  for (const auto& packet : packets) all.push_back(packet.hash);
  return all;
}

std::int64_t FileStream::tick_ns() const {
  return static_cast<std::int64_t>(std::ceil(ratio(field("time_base")) * kNsPerSecond));
}

std::int64_t FileStream::first_shown() const {
  std::int64_t first = LLONG_MAX;
  for (const auto& packet : packets)
    if (packet.shown && packet.ns != LLONG_MIN) first = std::min(first, packet.ns);
  return first;
}

ProbedFile::ProbedFile(std::string path) : path_(std::move(path)) {
  const auto probe = [&](const std::string& entries) {
    const auto text = run_or_throw(
        {"ffprobe", "-v", "error", "-show_data_hash", "md5", "-show_entries", entries, "-of", "compact", path_},
        &ProgramResult::output);
    for (const auto& line : whole_lines(text)) read_line(line);
  };
  // Packets come first in ffprobe's answer, but their times need the streams'.
  probe(
      "stream=index,codec_type,codec_name,time_base,channels,sample_rate,width,duration:stream_disposition:stream_tags:"
      "format=duration,start_time,format_name:format_tags:chapter=id");
  probe("packet=stream_index,pts,duration,flags,size,data_hash");
}

void ProbedFile::read_line(const std::string& line) {
  auto fields = fields_of(line);
  if (line.starts_with("format|")) format_ = std::move(fields);
  // Programs of a transport stream list their streams again.
  else if (line.starts_with("stream|") && fields.at("index") == std::to_string(streams_.size()))
    streams_.push_back({std::move(fields), {}});
  else if (line.starts_with("chapter|"))
    ++chapters_;
  else if (line.starts_with("packet|")) {
    auto& stream = streams_.at(static_cast<std::size_t>(std::stoi(fields.at("stream_index"))));
    stream.packets.push_back(packet_of(fields, ratio(stream.field("time_base"))));
  }
}

std::vector<const FileStream*> ProbedFile::streams(const std::string& type) const {
  std::vector<const FileStream*> found;
  for (const auto& stream : streams_)
    if (stream.field("codec_type") == type) found.push_back(&stream);
  return found;
}

const FileStream& ProbedFile::video() const {
  const auto videos = streams("video");
  if (videos.empty()) throw std::runtime_error("no video in " + path_);
  return *videos.front();
}

double ProbedFile::duration_s() const {
  // FFmpeg only guesses how long a transport stream is, and muxers differ in where a Matroska file's length begins.
  const auto& format = format_.at("format_name");
  if (format == "mpegts" || format.starts_with("matroska")) return span_s();
  const auto found = format_.find("duration");
  return found == format_.end() ? 0 : std::atof(found->second.c_str());
}

double ProbedFile::span_s() const {
  std::int64_t first = LLONG_MAX, end = LLONG_MIN;
  for (const auto& stream : streams_)
    for (const auto& packet : stream.packets)
      if (packet.shown && packet.ns != LLONG_MIN) {
        first = std::min(first, packet.ns);
        end = std::max(end, packet.ns + packet.duration_ns);
      }
  return static_cast<double>(end - first) / kNsPerSecond;
}

std::string ProbedFile::tag(const std::string& name) const {
  // Matroska's names are in capitals.
  for (const auto& [key, value] : format_) {
    std::string lower = key;
    std::ranges::transform(lower, lower.begin(), [](unsigned char letter) { return std::tolower(letter); });
    if (lower == "tag:" + name) return value;
  }
  return "";
}

double FileSound::level_db(double from_s, double to_s) const {
  const double start = static_cast<double>(start_ns) / kNsPerSecond;
  const auto at = [&](double seconds) { return static_cast<std::size_t>((seconds - start) * kSoundRate); };
  double sum = 0;
  for (auto i = at(from_s); i < at(to_s); ++i) sum += std::pow(samples.at(i), 2);
  return 10 * std::log10(sum / static_cast<double>(at(to_s) - at(from_s)) + 1e-12);
}

FileSound first_channel(const std::string& path, int audio_track) {
  const TemporaryFolder folder;
  const std::string raw = folder.file("raw");
  const auto log =
      run_or_throw({"ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-copyts", "-i", path, "-map",
                    "0:a:" + std::to_string(audio_track), "-af",
                    "pan=1c|c0=c0,aresample=" + std::to_string(kSoundRate) + ",ashowinfo", "-f", "f32le", raw},
                   &ProgramResult::errors);
  return on_timeline(read_samples(raw), log);
}

Loudness loudness_of(const std::string& path, int audio_track) {
  const auto log = run_or_throw(
      {"ffmpeg", "-hide_banner", "-nostats", "-nostdin", "-i", path, "-map", "0:a:" + std::to_string(audio_track),
       "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"},
      &ProgramResult::errors);
  return {last_number(log, "I:"), last_number(log, "Peak:")};
}

std::vector<std::string> picture_hashes(const std::string& path) {
  const auto text = run_or_throw(
      {"ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framehash", "-"},
      &ProgramResult::output);
  std::vector<std::string> hashes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("#")) hashes.push_back(line.substr(line.rfind(',') + 1));
  return hashes;
}

}  // namespace klingv2a::test
