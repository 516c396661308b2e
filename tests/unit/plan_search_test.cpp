// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The planner against a search that tries everything, against rows that were measured, and against itself: by the whole
// film, and while it comes in.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "error.h"
#include "plan/planner.h"
#include "shots.h"

namespace klingv2a::plan {
namespace {

using test::Dice;
using test::make_film;

// ---- everything is tried

// Says the rule once more, in other words than the planner's.
class BruteForce {
 public:
  BruteForce(const Media& media, const Settings& settings) : media_(media), settings_(settings) {
    borders_.push_back({.at = media.range.begin, .place = Place::edge, .required = true});
    borders_.insert(borders_.end(), media.borders.begin(), media.borders.end());
    borders_.push_back({.at = media.range.end, .place = Place::edge, .required = true});
  }

  [[nodiscard]] std::optional<Cost> best() {
    try_from(0, 0);
    return best_;
  }

 private:
  void try_from(std::size_t begin, Cost cost) {
    if (begin + 1 == borders_.size()) {
      best_ = std::min(best_.value_or(cost), cost);
      return;
    }
    for (std::size_t end = begin + 1; end < borders_.size(); ++end) {
      if (const auto clip = price(borders_[begin], borders_[end])) try_from(end, cost + *clip);
      if (borders_[end].required) return;
    }
  }
  [[nodiscard]] std::optional<Cost> price(const Border& begin, const Border& end) const {
    Nanoseconds from = std::max(media_.range.begin, begin.at - settings_.handle(begin.place));
    Nanoseconds to = std::min(media_.range.end, end.at + settings_.handle(end.place));
    if (to - from < settings_.shortest && begin.required && end.required) {
      const auto total = settings_.shortest;
      from = std::max(media_.range.begin, from - (total - (to - from)) / 2);
      to = from + total;
      if (to > media_.range.end) {
        to = media_.range.end;
        from = std::max(media_.range.begin, to - total);
      }
    }
    const auto length = to - from;
    if (length < settings_.shortest || length > settings_.longest) return std::nullopt;
    Nanoseconds key = media_.range.begin;
    for (const auto at : media_.key_frames)
      if (at <= from) key = std::max(key, at);
    const auto tail = to == media_.range.end ? 0 : settings_.reorder;
    const bool is_remuxed = settings_.may_remux && to + tail - key <= settings_.longest;
    if (!is_remuxed && !settings_.may_transcode) return std::nullopt;
    return kClip + (is_remuxed ? 0 : settings_.transcode_price) + settings_.price_of(end);
  }

  const Media& media_;
  const Settings& settings_;
  std::vector<Border> borders_;
  std::optional<Cost> best_;
};

Cost cost_of(const std::vector<PlannedClip>& clips, const Settings& settings) {
  Cost cost = 0;
  for (const auto& clip : clips) {
    cost += settings.price_of(clip.ends_at);
    if (clip.way == Way::skip || clip.paid) continue;
    cost += kClip + (clip.way == Way::transcode ? settings.transcode_price : 0);
  }
  return cost;
}

Media small_row(Dice& dice) {
  Media media;
  media.range = {dice.number(0, 3) * kSecond, 0};
  media.range.end = media.range.begin + dice.number(30, 700) * 100 * kMillisecond;
  for (Nanoseconds at = media.range.begin; at < media.range.end; at += dice.number(1, 9) * kSecond)
    media.key_frames.push_back(at);
  Nanoseconds at = media.range.begin;
  for (int i = 0; i < 11; ++i) {
    at += dice.number(1, 90) * 100 * kMillisecond;
    if (at >= media.range.end) break;
    media.borders.push_back({.at = at,
                             .place = static_cast<Place>(dice.number(1, 3)),
                             .weight = inside_weight(dice.fraction(), dice.fraction()),
                             .required = dice.number(1, 6) == 1});
  }
  return media;
}

Settings random_settings(Dice& dice) {
  Settings settings;
  settings.join_price = dice.number(0, 20) * kClip / 10;
  settings.reorder = dice.number(0, 3) * 40 * kMillisecond;
  settings.may_remux = dice.number(0, 3) > 0;
  settings.may_transcode = !settings.may_remux || dice.number(0, 3) > 0;
  return settings;
}

TEST(PlanSearch, NothingIsCheaper) {
  Dice dice(7);
  int planned = 0, impossible = 0;
  for (int row = 0; row < 3000; ++row) {
    const auto media = small_row(dice);
    const auto settings = random_settings(dice);
    const auto best = BruteForce(media, settings).best();
    if (!best) {
      EXPECT_THROW((void)plan_whole(media, settings), Error) << "row " << row;
      ++impossible;
      continue;
    }
    ASSERT_EQ(cost_of(plan_whole(media, settings), settings), *best) << "row " << row;
    ++planned;
  }
  EXPECT_GT(planned, 1000);
  EXPECT_GT(impossible, 100);
}

// ---- while it comes in

std::vector<PlannedClip> plan_in_steps(const Media& media, const Settings& settings, Nanoseconds plan_ahead,
                                       Nanoseconds step) {
  Planner planner(settings, media.range.begin, plan_ahead);
  std::vector<PlannedClip> clips;
  auto key = media.key_frames.begin();
  auto border = media.borders.begin();
  for (Nanoseconds time = media.range.begin; time < media.range.end;) {
    time = std::min(time + step, media.range.end);
    for (; key != media.key_frames.end() && *key < time; ++key) planner.add_key_frame(*key);
    for (; border != media.borders.end() && border->at < time; ++border) planner.add(*border);
    if (time == media.range.end)
      planner.end(time);
    else
      planner.know_until(time);
    while (auto clip = planner.next()) clips.push_back(*clip);
  }
  return clips;
}

Nanoseconds last_key_frame(const Media& media, Nanoseconds until) {
  const auto after = std::ranges::upper_bound(media.key_frames, until);
  return after == media.key_frames.begin() ? media.range.begin : *std::prev(after);
}

void expect_whole_row(const std::vector<PlannedClip>& clips, const Media& media, const Settings& settings) {
  ASSERT_FALSE(clips.empty());
  EXPECT_EQ(clips.back().range.end, media.range.end);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    EXPECT_EQ(clips[i].range.begin, i > 0 ? clips[i - 1].range.end : media.range.begin) << i;
    if (clips[i].way == Way::skip) continue;
    EXPECT_GE(clips[i].shown.length(), settings.shortest) << i;
    EXPECT_LE(clips[i].shown.length(), settings.longest) << i;
    EXPECT_LE(clips[i].shown.begin, clips[i].range.begin);
    EXPECT_GE(clips[i].shown.end, clips[i].range.end);
    EXPECT_LE(clips[i].shown.end, media.range.end);
    EXPECT_LE(clips[i].shown.end - clips[i].decoded_from, settings.longest);
    const auto from = clips[i].way == Way::remux ? last_key_frame(media, clips[i].shown.begin) : clips[i].shown.begin;
    EXPECT_EQ(clips[i].decoded_from, from) << i;
  }
}

constexpr Nanoseconds kAhead = 60 * kSecond;

TEST(PlanSearch, WithoutABoundTheStepsDoNotMatter) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const auto media = make_film({.shot_s = 6, .length_s = 400, .seed = seed});
    EXPECT_EQ(plan_in_steps(media, {}, 0, 40 * kMillisecond), plan_whole(media, {})) << seed;
  }
}

TEST(PlanSearch, TheStepsDoNotMatterWithABoundEither) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const auto media = make_film({.shot_s = 5.0 + seed, .length_s = 400, .seed = seed});
    const auto by_frame = plan_in_steps(media, {}, kAhead, 40 * kMillisecond);
    EXPECT_EQ(by_frame, plan_in_steps(media, {}, kAhead, 7 * kSecond)) << seed;
    EXPECT_EQ(by_frame, plan_in_steps(media, {}, kAhead, 1000 * kSecond)) << seed;
  }
}

// Whatever the length, and although the end is not known before it comes.
TEST(PlanSearch, NoRestIsTooShort) {
  const Settings settings;
  for (int tenths = 30; tenths < 1300; tenths += 7) {
    auto media = make_film({.shot_s = 9, .length_s = tenths / 10.0, .seed = static_cast<std::uint32_t>(tenths)});
    for (Nanoseconds key = 0; key < media.range.end; key += 2 * kSecond) media.key_frames.push_back(key);
    for (const auto ahead : {Nanoseconds{0}, kAhead}) {
      SCOPED_TRACE(tenths);
      expect_whole_row(plan_in_steps(media, settings, ahead, 40 * kMillisecond), media, settings);
    }
  }
}

// A film that gives nothing to hold on to: whole seconds only, or a static camera.
TEST(PlanSearch, AnythingWithAGridCanBePlanned) {
  const Settings settings{.join_price = kClip / 20};
  for (const double length_s : {19.96, 20.04, 22.92, 23.12, 39.0, 61.0, 180.0, 600.0}) {
    auto media = make_film({.shot_s = 10000, .length_s = length_s, .grid = 40 * kMillisecond});
    const auto whole = plan_whole(media, settings);
    expect_whole_row(whole, media, settings);
    // In whole frames of 40 ms, the first and the last clip have one handle, the others two.
    const auto fewest = length_s <= 20 ? 1.0 : 2 + std::max(0.0, std::ceil((length_s - 2 * 19.48) / 19));
    EXPECT_EQ(static_cast<double>(whole.size()), fewest) << length_s;
    expect_whole_row(plan_in_steps(media, settings, kAhead, kSecond), media, settings);
  }
}

// ---- rows that were measured: one hour, `join-price` 0.5

struct Row {
  const char* film;
  double shot_s, spread;
  unsigned clips, inside;  // no more than these
};

// Greedy cutting needs as many joins inside shots in these films as in those that were measured.
class MeasuredRow : public ::testing::TestWithParam<Row> {
 protected:
  static constexpr std::uint32_t kSeeds = 4;
  [[nodiscard]] static Media film(std::uint32_t seed) {
    return make_film({.shot_s = GetParam().shot_s, .spread = GetParam().spread, .seed = seed});
  }
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.film;
}

INSTANTIATE_TEST_SUITE_P(, MeasuredRow,
                         ::testing::Values(Row{"film", 4, 0.8, 210, 30}, Row{"drama", 6, 0.8, 215, 41},
                                           Row{"sport", 9, 0.8, 214, 65}, Row{"interview", 20, 0.9, 205, 123},
                                           Row{"trailer", 2, 0.7, 202, 8}));

TEST_P(MeasuredRow, NeedsNoMoreClipsAndJoins) {
  unsigned clips = 0, inside = 0;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    const auto plan = summarize(plan_whole(film(seed), {}));
    clips += plan.clips;
    inside += plan.joins_inside;
  }
  EXPECT_LE(clips, GetParam().clips * kSeeds);
  EXPECT_LE(inside, GetParam().inside * kSeeds);
}

// The online form costs at most two of a hundred more.
TEST_P(MeasuredRow, CostsLittleMoreWhileItComesIn) {
  const Settings settings;
  Cost whole = 0, online = 0;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    const auto media = film(seed);
    whole += cost_of(plan_whole(media, settings), settings);
    online += cost_of(plan_in_steps(media, settings, kAhead, kSecond), settings);
  }
  EXPECT_LE(online, whole + whole / 50);
  EXPECT_GE(online, whole);
}

}  // namespace
}  // namespace klingv2a::plan
