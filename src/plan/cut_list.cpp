// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/cut_list.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "error.h"

namespace klingv2a::plan {

namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20U;
constexpr std::size_t kMostTimes = 100'000;
constexpr std::int64_t kMostSeconds = 1000 * 3600;
constexpr int kMinute = 60, kHour = 3600;

struct Refusal {
  std::string why;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// What is before `end`, which is taken off with it; all, if there is none.
std::string_view take_until(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  const auto part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

// ---- times

std::optional<std::int64_t> whole_number(std::string_view digits) {
  constexpr std::size_t kMostDigits = 9;
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
  return number;
}

// Digits after the point.
std::optional<Nanoseconds> fraction(std::string_view digits) {
  constexpr std::size_t kMostDigits = 9;
  auto number = whole_number(digits);
  for (auto i = digits.size(); number && i < kMostDigits; ++i) *number *= 10;
  return number;
}

std::optional<Nanoseconds> read_seconds(std::string_view text) {
  const bool has_point = text.find('.') != std::string_view::npos;
  const auto seconds = whole_number(take_until(text, '.'));
  const auto rest = has_point ? fraction(text) : 0;
  if (!seconds || !rest || *seconds > kMostSeconds) return std::nullopt;
  return *seconds * kSecond + *rest;
}

// [HH:]MM:SS[.fraction]
std::optional<Nanoseconds> read_clock(std::string_view text) {
  const bool has_hours = std::ranges::count(text, ':') == 2;
  const auto hours = has_hours ? whole_number(take_until(text, ':')) : 0;
  const auto minutes = whole_number(take_until(text, ':'));
  const auto seconds = read_seconds(text);
  if (!hours || !minutes || !seconds || *minutes >= kMinute || *seconds >= kMinute * kSecond) return std::nullopt;
  if (*hours > kMostSeconds / kHour) return std::nullopt;
  return (*hours * kHour + *minutes * kMinute) * kSecond + *seconds;
}

// Frames that time code counts in a second.
std::int64_t counted_in_second(FrameRate rate) {
  return (rate.numerator + rate.denominator - 1) / rate.denominator;
}

bool is_known(FrameRate rate) {
  constexpr std::int64_t kMost = 1'000'000;
  return rate.numerator > 0 && rate.denominator > 0 && rate.numerator <= kMost && rate.denominator <= kMost;
}

// Drop-frame time code leaves out the first numbers of each minute but each tenth.
std::int64_t left_out(std::int64_t minutes, std::int64_t minute_frames, FrameRate rate) {
  constexpr std::int64_t kDropped = 2, kThirty = 30;
  const auto in_second = counted_in_second(rate);
  if (rate.denominator != 1001 || in_second % kThirty != 0)
    throw Refusal{"drop-frame time code is of 29.97 or 59.94 frames a second"};
  const auto each = kDropped * in_second / kThirty;
  if (minutes % 10 != 0 && minute_frames < each) throw Refusal{"drop-frame time code leaves out this frame's number"};
  return each * (minutes - minutes / 10);
}

// HH:MM:SS:FF, or with a ; before FF.
std::optional<Nanoseconds> read_time_code(std::string_view text, FrameRate rate) {
  const auto number_at = text.find_last_of(":;");
  const bool drops = text[number_at] == ';';
  const auto clock = text.substr(0, number_at);
  const auto time = read_clock(clock);
  const auto number = whole_number(text.substr(number_at + 1));
  if (!time || !number || clock.find('.') != std::string_view::npos) return std::nullopt;
  if (!is_known(rate)) throw Refusal{"a time with a frame's number needs the frame rate"};
  const auto in_second = counted_in_second(rate);
  if (*number >= in_second) throw Refusal{"there are " + std::to_string(in_second) + " frames a second"};
  const auto seconds = *time / kSecond;
  auto frame = seconds * in_second + *number;
  if (drops) frame -= left_out(seconds / kMinute, seconds % kMinute * in_second + *number, rate);
  // Each factor is bounded, but not their product: whole seconds first.
  const auto units = frame * rate.denominator;
  return units / rate.numerator * kSecond + units % rate.numerator * kSecond / rate.numerator;
}

Nanoseconds read_time(std::string_view text, FrameRate rate) {
  const auto colons = std::ranges::count(text, ':');
  std::optional<Nanoseconds> time;
  if (colons == 3 || text.find(';') != std::string_view::npos)
    time = read_time_code(text, rate);
  else
    time = colons == 0 ? read_seconds(text) : read_clock(text);
  if (!time || *time > kMostSeconds * kSecond) throw Refusal{"is no time"};
  return *time;
}

// ---- PySceneDetect's table

std::string_view field(std::string_view line, std::size_t index) {
  for (; index > 0; --index) (void)take_until(line, ',');
  return trimmed(take_until(line, ','));
}

class SceneTable {
 public:
  static bool is_head(std::string_view line) { return line.starts_with("Scene Number,"); }
  static bool is_before_head(std::string_view line) { return line.starts_with("Timecode List:"); }

  void read_head(std::string_view line) {
    constexpr std::string_view kStart = "Start Time (seconds)";
    const auto fields = static_cast<std::size_t>(std::ranges::count(line, ',')) + 1;
    while (start_ < fields && field(line, start_) != kStart) ++start_;
    if (start_ == fields) throw Refusal{"has no column \"" + std::string(kStart) + "\""};
  }
  // Nothing for the first scene.
  std::optional<Nanoseconds> read_scene(std::string_view line) {
    const auto time = read_seconds(field(line, start_));
    if (!time) throw Refusal{"has no time in its column " + std::to_string(start_ + 1)};
    return std::exchange(is_first_, false) ? std::nullopt : time;
  }

 private:
  std::size_t start_ = 0;  // number of its column
  bool is_first_ = true;
};

// ---- the list

class Reader {
 public:
  explicit Reader(FrameRate rate) : rate_(rate) {}

  void read(std::string_view line) {
    if (line.empty() || line.front() == '#' || (times.empty() && SceneTable::is_before_head(line))) return;
    if (in_table_) {
      add(table_.read_scene(line));
    } else if (times.empty() && SceneTable::is_head(line)) {
      table_.read_head(line);
      in_table_ = true;
    } else {
      add(read_time(trimmed(line.substr(0, line.find('#'))), rate_));
    }
  }
  std::vector<Nanoseconds> times;

 private:
  void add(std::optional<Nanoseconds> time) {
    if (times.size() == kMostTimes) throw Refusal{"there are more than " + std::to_string(kMostTimes) + " times"};
    if (time) times.push_back(*time);
  }
  const FrameRate rate_;
  SceneTable table_;
  bool in_table_ = false;
};

Error refusal_of(std::size_t number, std::string_view line, const std::string& why) {
  constexpr std::size_t kShown = 40;
  const auto shown = std::string(line.substr(0, kShown)) + (line.size() > kShown ? " ..." : "");
  return make_error(ErrorKind::input, Phase::check,
                    "line " + std::to_string(number) + " of the list of shot changes, \"" + shown + "\": " + why,
                    "write one time a line, as 83.5 or 00:01:23.500");
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

}  // namespace

std::vector<Nanoseconds> read_cut_list(std::string_view text, FrameRate rate) {
  if (text.size() > kMostBytes)
    throw make_error(ErrorKind::input, Phase::check, "the list of shot changes has more than 16 MiB",
                     "give a list of times");
  Reader reader(rate);
  auto rest = without_mark(text);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto line = trimmed(take_until(rest, '\n'));
    try {
      reader.read(line);
    } catch (const Refusal& refusal) {
      throw refusal_of(number, line, refusal.why);
    }
  }
  auto& times = reader.times;
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

}  // namespace klingv2a::plan
