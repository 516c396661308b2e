// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What plans cost: for an hour of film of several kinds, the paid clips and the joins inside shots of the whole plan
// and of the one that is made while the film comes in, and how long the search takes. Limits: the online plan costs at
// most 1.02 of the whole one on average; an hour with 900 shots is planned within 100 ms.
#include <chrono>
#include <cstdio>
#include <numeric>

#include "shots.h"

namespace klingv2a {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr Nanoseconds kPlanAhead = 60 * kSecond;
constexpr std::uint32_t kSeeds = 5;

plan::Cost cost_of(const std::vector<plan::PlannedClip>& clips, const plan::Settings& settings) {
  return std::accumulate(clips.begin(), clips.end(), plan::Cost{0}, [&](plan::Cost sum, const auto& clip) {
    return sum + plan::kClip + settings.price_of(clip.ends_at);
  });
}

std::vector<plan::PlannedClip> plan_online(const plan::Media& media, const plan::Settings& settings) {
  plan::Planner planner(settings, media.range.begin, kPlanAhead);
  std::vector<plan::PlannedClip> clips;
  const auto take = [&] {
    while (const auto clip = planner.next()) clips.push_back(*clip);
  };
  for (const auto& border : media.borders) {
    planner.add(border);
    planner.know_until(border.at);
    take();
  }
  planner.end(media.range.end);
  take();
  return clips;
}

struct Kind {
  const char* name;
  double shot_s, spread;
};

void measure(const Kind& kind) {
  const plan::Settings settings;
  unsigned whole_clips = 0, whole_joins = 0, online_clips = 0, online_joins = 0;
  double ratio = 0, seconds = 0;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    const auto media = test::make_film({.shot_s = kind.shot_s, .spread = kind.spread, .seed = seed});
    const auto begin = std::chrono::steady_clock::now();
    const auto whole = plan::plan_whole(media, settings);
    seconds += Seconds(std::chrono::steady_clock::now() - begin).count();
    const auto online = plan_online(media, settings);
    const auto of_whole = plan::summarize(whole), of_online = plan::summarize(online);
    whole_clips += of_whole.clips;
    whole_joins += of_whole.joins_inside;
    online_clips += of_online.clips;
    online_joins += of_online.joins_inside;
    ratio += static_cast<double>(cost_of(online, settings)) / static_cast<double>(cost_of(whole, settings));
  }
  std::printf("%-10s %5.0f / %3.0f %14.0f / %3.0f %14.4f %12.1f ms\n", kind.name, double{1} * whole_clips / kSeeds,
              double{1} * whole_joins / kSeeds, double{1} * online_clips / kSeeds, double{1} * online_joins / kSeeds,
              ratio / kSeeds, 1000 * seconds / kSeeds);
}

void run() {
  std::printf("one hour      clips / inside   online: clips / inside   cost, online    whole plan in\n");
  for (const auto& kind : {Kind{"film", 4, 0.8}, Kind{"drama", 6, 0.8}, Kind{"sport", 9, 0.8},
                           Kind{"interview", 20, 0.9}, Kind{"trailer", 2, 0.7}})
    measure(kind);
}

}  // namespace
}  // namespace klingv2a

int main() {
  klingv2a::run();
}
