// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal/plan_records.h"

#include <glib.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

namespace klingv2a::journal {

namespace {

constexpr std::size_t kMostKey = 64, kMostWord = 32, kMostText = 1000, kMostFullKey = 256, kMostFigures = 64 * 1024;
constexpr std::int64_t kMostFrames = 1'000'000'000, kMostTake = std::numeric_limits<std::uint32_t>::max();
// So that there is always a greater one.
constexpr std::int64_t kMostId = std::numeric_limits<std::int64_t>::max() - 1;
constexpr std::size_t kDigits = 20;

constexpr Column kCutColumns[] = {
    {"before_key", kMostKey + 1}, {"media_key", kMostKey + 1},   {"frames_before", kDigits + 1},
    {"frames", kDigits + 1},      {"frames_after", kDigits + 1}, {"place_begin", kMostWord + 1},
    {"place_end", kMostWord + 1}, {"way", kMostWord + 1},        {"planner", kMostText + 1},
    {"music", kMostText + 1},     {"id", kDigits + 1},
};
constexpr Column kJoinColumns[] = {
    {"earlier", kMostFullKey + 1}, {"later", kMostFullKey + 1}, {"figures", kMostFigures + 1}};
constexpr Column kTakeColumns[] = {{"row_key", kMostText + 1},
                                   {"media_key", kMostKey + 1},
                                   {"place", kDigits + 1},
                                   {"take", kDigits + 1},
                                   {"finished", kDigits + 1}};

bool is_key(std::string_view text) {
  constexpr std::size_t kShort = 32, kLong = 64;
  return (text.size() == kShort || text.size() == kLong) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= kMostWord &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos;
}

// Neither store takes a NUL as part of a text; GLib's check knows none either.
bool is_text(std::string_view text, std::size_t most) {
  return text.size() <= most && g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr);
}

// A record's texts, one after the other, and the first of them that cannot be.
class Reader {
 public:
  Reader(const Record& record, std::span<const Column> columns) : record_(record), columns_(columns) {}

  std::string key() {
    return next([](const std::string& text) { return is_key(text); });
  }
  std::string key_or_nothing() {
    return next([](const std::string& text) { return text.empty() || is_key(text); });
  }
  std::string word() {
    return next([](const std::string& text) { return is_word(text); });
  }
  std::string text(std::size_t least, std::size_t most) {
    return next([=](const std::string& text) { return text.size() >= least && is_text(text, most); });
  }
  std::int64_t number(std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    (void)next([&](const std::string& text) {
      const char* end = text.data() + text.size();
      const auto [stopped, error] = std::from_chars(text.data(), end, value);
      return error == std::errc() && stopped == end && value >= least && value <= most;
    });
    return value;
  }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  template <typename CanBe>
  std::string next(const CanBe& can_be) {
    const std::string& text = record_.at(at_);
    const char* name = columns_[at_].name;
    ++at_;
    constexpr std::size_t kShown = 40;
    if (!can_be(text) && fault_.empty())
      fault_ = std::string(name) + " is '" + text.substr(0, kShown) + (text.size() > kShown ? "…'" : "'");
    return text;
  }

  const Record& record_;
  const std::span<const Column> columns_;
  std::size_t at_ = 0;
  std::string fault_;
};

}  // namespace

const Table kCuts{"klingv2a_cuts", kCutColumns};
const Table kJoins{"klingv2a_joins", kJoinColumns};
const Table kTakes{"klingv2a_takes", kTakeColumns};

Record to_record(const Cut& cut) {
  return {cut.before,
          cut.media_key,
          std::to_string(cut.frames_before),
          std::to_string(cut.frames),
          std::to_string(cut.frames_after),
          cut.place_begin,
          cut.place_end,
          cut.way,
          cut.planner,
          cut.music,
          std::to_string(cut.id)};
}

Record to_record(const StoredJoin& join) {
  return {join.earlier, join.later, join.figures};
}

Record to_record(const Take& take) {
  return {take.row, take.media_key, std::to_string(take.place), std::to_string(take.take), take.finished ? "1" : "0"};
}

Checked<Cut> to_cut(const Record& record) {
  Reader reader(record, kCutColumns);
  Cut cut{.before = reader.key_or_nothing(),
          .media_key = reader.key(),
          .frames_before = reader.number(0, kMostFrames),
          .frames = reader.number(1, kMostFrames),
          .frames_after = reader.number(0, kMostFrames),
          .place_begin = reader.word(),
          .place_end = reader.word(),
          .way = reader.word(),
          .planner = reader.text(0, kMostText),
          .music = reader.text(0, kMostText),
          .id = reader.number(0, kMostId)};
  return {std::move(cut), reader.fault()};
}

Checked<StoredJoin> to_join(const Record& record) {
  Reader reader(record, kJoinColumns);
  StoredJoin join{.earlier = reader.text(1, kMostFullKey),
                  .later = reader.text(1, kMostFullKey),
                  .figures = reader.text(0, kMostFigures)};
  return {std::move(join), reader.fault()};
}

Checked<Take> to_take(const Record& record) {
  Reader reader(record, kTakeColumns);
  Take take{.row = reader.text(1, kMostText),
            .media_key = reader.key(),
            .place = reader.number(0, kMostFrames),
            .take = reader.number(0, kMostTake),
            .finished = reader.number(0, 1) == 1};
  return {std::move(take), reader.fault()};
}

Checked<std::int64_t> to_id(const std::string& text) {
  const Column column{"id", kDigits};
  const Record record{text.empty() ? "0" : text};
  Reader reader(record, {&column, 1});
  const std::int64_t id = reader.number(0, kMostId);
  return {id, reader.fault()};
}

}  // namespace klingv2a::journal
