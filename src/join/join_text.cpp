// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/join_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "join/law.h"
#include "join/match.h"

namespace klingv2a::join {

namespace {

constexpr std::string_view kAtChange = "at-change", kInside = "inside", kNone = "none", kMatched = "matched",
                           kUnmatched = "unmatched";
constexpr int kVersion = 1, kLeastRate = 8000, kMostRate = 192000;
// Longer than any join with all its bands.
constexpr std::size_t kLongest = 4096;
// A fade lies this near to the border, and a fit is gone within a clip. Seconds.
constexpr std::int64_t kFadeWithin = 1, kFitWithin = 3600;

// ---- writing

void add(std::string& text, std::string_view word) {
  if (!text.empty()) text += ' ';
  text += word;
}

// The shortest text that is read as the same number.
template <typename Number>
void add_number(std::string& text, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  add(text, {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

void add_fit(std::string& text, const Fit& fit) {
  if (fit == Fit{}) return add(text, kNone);
  add_number(text, fit.gain_db);
  add_number(text, fit.full);
  add_number(text, fit.gone);
  add(text, fit.is_matched ? kMatched : kUnmatched);
  if (!fit.is_matched) return;
  for (const double db : fit.match_db) add_number(text, db);
}

// ---- reading

// Word by word; after the first that is wrong, nothing is right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text), is_good_(text.size() <= kLongest) {}

  [[nodiscard]] bool is_done() const noexcept { return is_good_ && is_at_end_; }

  void expect(std::string_view word) { is_good_ = next() == word && is_good_; }
  // Whether the next word is the first of the two; it is one of them.
  bool is_first(std::string_view first, std::string_view second) {
    const auto word = next();
    is_good_ = is_good_ && (word == first || word == second);
    return word == first;
  }
  // 0 where there is none, or one that is out of the range.
  template <typename Number>
  Number number(Number least, Number most) {
    return as_number(next(), least, most);
  }
  Fit fit(int rate, Side side) {
    const auto word = next();
    if (word == kNone) return {};
    Fit fit{.gain_db = as_number(word, -kMostGainDb, kMostGainDb)};
    fit.full = number(-kFadeWithin * rate, kFadeWithin * rate);
    fit.gone = number(-kFitWithin * rate, kFitWithin * rate);
    is_good_ = is_good_ && (side == Side::later ? fit.gone > fit.full : fit.gone < fit.full);
    fit.is_matched = is_first(kMatched, kUnmatched);
    if (fit.is_matched)
      for (auto& db : fit.match_db) db = number(-kMostMatchDb, kMostMatchDb);
    return fit;
  }

 private:
  std::string_view next() {
    const auto end = std::min(rest_.find(' '), rest_.size());
    const auto word = rest_.substr(0, end);
    is_good_ = is_good_ && !is_at_end_;
    is_at_end_ = end == rest_.size();
    rest_.remove_prefix(is_at_end_ ? end : end + 1);
    return word;
  }
  template <typename Number>
  Number as_number(std::string_view word, Number least, Number most) {
    Number number{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    // What is no number, as doubles may be, is in no range.
    is_good_ =
        is_good_ && error == std::errc() && end == word.data() + word.size() && number >= least && number <= most;
    return is_good_ ? number : Number{};
  }

  std::string_view rest_;
  bool is_good_, is_at_end_ = false;
};

}  // namespace

std::string to_text(const Join& join) {
  std::string text = "join";
  add_number(text, kVersion);
  add(text, join.kind == Kind::at_change ? kAtChange : kInside);
  add(text, "rate");
  add_number(text, join.rate);
  add(text, "fade");
  add_number(text, join.begin);
  add_number(text, join.length);
  add(text, "correlation");
  add_number(text, join.correlation);
  add(text, "earlier");
  add_fit(text, join.earlier);
  add(text, "later");
  add_fit(text, join.later);
  return text;
}

std::optional<Join> join_from_text(std::string_view text) {
  Reader reader(text);
  Join join;
  reader.expect("join");
  (void)reader.number(kVersion, kVersion);
  join.kind = reader.is_first(kAtChange, kInside) ? Kind::at_change : Kind::inside;
  reader.expect("rate");
  join.rate = reader.number(kLeastRate, kMostRate);
  const auto within = kFadeWithin * join.rate;
  reader.expect("fade");
  join.begin = reader.number(-within, within);
  join.length = reader.number(std::int64_t{0}, within);
  reader.expect("correlation");
  join.correlation = reader.number(kLeastCorrelation, 1.0);
  reader.expect("earlier");
  join.earlier = reader.fit(join.rate, Side::earlier);
  reader.expect("later");
  join.later = reader.fit(join.rate, Side::later);
  return reader.is_done() ? std::optional(join) : std::nullopt;
}

}  // namespace klingv2a::join
