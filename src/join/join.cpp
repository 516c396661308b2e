// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/join.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "join/figures.h"
#include "join/law.h"
#include "join/match.h"
#include "join/spectrum.h"

namespace klingv2a::join {

namespace {

constexpr double kPlaceStep = 0.02, kSide = 1;  // seconds
// Not the whole sounds are fitted and measured, but this much on each side of the overlap: filters need a little more
// than what is measured. Seconds.
constexpr double kAroundLoudness = 1.5, kAroundMeasured = 3;
// A fit that is gone sooner would be heard to go. Seconds.
constexpr double kLeastReach = 0.1;
// Quieter than this a side is silence, which has no level and no spectrum to be brought to. LUFS.
constexpr double kSilent = -69;
// So that two spectra which happen to be alike do not outweigh any loudness. dB.
constexpr double kLeastDistance = 1;
// How far a fade moves when the sounds have been fitted: steps of a place.
constexpr std::int64_t kCorrectionSteps = 3;
// How much worse a hole in the fade is than another spectrum.
constexpr double kHoleWeight = 4;

void move_to(const Neighbours& sounds, std::int64_t begin, Join& join) {
  join.begin = begin;
  join.correlation = correlation(sounds.earlier.part(sounds.in_earlier(begin), join.length),
                                 sounds.later.part(sounds.in_later(begin), join.length));
}

// Where a fade may begin: frames, from the border.
struct Room {
  std::int64_t first, last;
};

Room room_for(const Neighbours& sounds, const Join& join) {
  return {-sounds.border, sounds.overlap - sounds.border - join.length};
}

// Where least energy meets the least difference. Of two places that are equal, the one nearer to where the fade is now.
class PlaceSearch {
 public:
  // No further away than `most` frames.
  PlaceSearch(const Neighbours& sounds, std::int64_t most, const Join& join)
      : sounds_(sounds), join_(join), step_(sounds.earlier.format.frames_in(kPlaceStep)) {
    const auto room = room_for(sounds, join);
    before_ = std::min(most, join.begin - room.first) / step_;
    after_ = std::min(most, room.last - join.begin) / step_;
    steps_a_fade_ = std::max<std::int64_t>(1, join.length / step_);
    measure();
  }

  Join find() {
    Join best = join_;
    double least = cost_of(best, 0);
    for (std::int64_t away = 1; away <= std::max(before_, after_); ++away) {
      for (const auto steps : {-away, away}) {
        if (steps < -before_ || steps > after_) continue;
        auto tried = join_;
        move_to(sounds_, join_.begin + steps * step_, tried);
        const double cost = cost_of(tried, steps);
        if (cost >= least) continue;
        least = cost;
        best = tried;
      }
    }
    return best;
  }

 private:
  // The spectra of all steps, of which each place has a few.
  void measure() {
    BandMeter meter(sounds_.earlier.format.rate);
    for (auto i = -before_; i < after_ + steps_a_fade_; ++i) {
      const auto middle = join_.begin + i * step_ + step_ / 2;
      meter.add(sounds_.earlier, sounds_.in_earlier(middle), earlier_.emplace_back());
      meter.add(sounds_.later, sounds_.in_later(middle), later_.emplace_back());
    }
  }
  [[nodiscard]] Bands sum(const std::vector<Bands>& spectra, std::int64_t steps) const {
    const auto first = spectra.begin() + before_ + steps;
    return std::accumulate(first, first + steps_a_fade_, Bands{}, [](Bands total, const Bands& bands) {
      std::ranges::transform(total, bands, total.begin(), std::plus<>());
      return total;
    });
  }
  // How much would be heard of a fade there.
  [[nodiscard]] double cost_of(const Join& join, std::int64_t steps) const {
    const auto earlier = sum(earlier_, steps), later = sum(later_, steps);
    const double power =
        std::accumulate(earlier.begin(), earlier.end(), 0.0) + std::accumulate(later.begin(), later.end(), 0.0);
    const double hole = std::abs(fade_level(sounds_, join));
    return power * (kLeastDistance + distance(earlier, later) + kHoleWeight * hole);
  }

  const Neighbours& sounds_;
  const Join& join_;
  const std::int64_t step_;
  std::int64_t before_ = 0, after_ = 0, steps_a_fade_ = 1;  // how many steps there are
  std::vector<Bands> earlier_, later_;
};

// What is heard before a join and after it.
struct Sides {
  Sound before, after;
};

Sides sides_of(const Neighbours& sounds, const Join& join) {
  const auto second = sounds.earlier.format.frames_in(kSide);
  const auto fade = sounds.in_earlier(join.begin);
  return {sounds.earlier.part(std::max<std::int64_t>(0, fade - second), std::min(fade, second)),
          sounds.later.part(sounds.in_later(join.begin) + join.length, second)};
}

// Its last second's; silent where it is shorter.
double loudness_of(const Sound& sound) {
  const Profile profile(sound);
  return profile.blocks() >= kSideBlocks ? profile.loudness_before(profile.blocks()) : kSilent;
}

// Brings one of two neighbours to the other.
class Fitting {
 public:
  Fitting(const Neighbours& sounds, const Join& join, Side fitted) : sounds_(sounds), join_(join), fitted_(fitted) {
    fit_.full = is_earlier() ? join.begin : join.begin + join.length;
    fit_.gone = is_earlier() ? sounds.final_frames - sounds.in_earlier(0) : sounds.later.frames() - sounds.border;
  }

  Fit find(const Places& own) {
    if (reach_s() < kLeastReach || is_beside_silence()) return {};
    find_gain();
    find_match(own);
    if (fit_.is_matched) find_gain();
    return fit_.is_matched || fit_.gain_db != 0 ? fit_ : Fit{};
  }

 private:
  [[nodiscard]] bool is_earlier() const { return fitted_ == Side::earlier; }
  [[nodiscard]] double reach_s() const {
    return static_cast<double>(std::abs(fit_.gone - fit_.full)) / sounds_.earlier.format.rate;
  }
  [[nodiscard]] bool is_beside_silence() const {
    const auto sides = sides_of(sounds_, join_);
    return loudness_of(sides.before) <= kSilent || loudness_of(sides.after) <= kSilent;
  }

  [[nodiscard]] Neighbours around(double seconds) const {
    return sounds_.around_overlap(sounds_.earlier.format.frames_in(seconds));
  }
  // As far as it is known.
  [[nodiscard]] std::vector<float> fitted(const Neighbours& sounds) const {
    return is_earlier() ? fitted_earlier(sounds, {.earlier = fit_}) : fitted_later(sounds, {.later = fit_});
  }

  void find_match(const Places& own) {
    auto sounds = around(kAroundMeasured);
    const auto fitted_samples = fitted(sounds);
    (is_earlier() ? sounds.earlier : sounds.later).samples = fitted_samples;
    const auto profile = profile_of(sounds, join_);
    if (!profile || percentiles_of(profile->at(kSideBlocks), own).distance <= kUsual) return;
    auto before = profile->bands(0, kSideBlocks), after = profile->bands(kSideBlocks + kFadeBlocks, kSideBlocks);
    if (is_earlier()) std::swap(before, after);
    fit_.is_matched = true;
    fit_.match_db = match_for(before, after);
  }

  void find_gain() {
    fit_.gain_db = 0;
    auto sounds = around(kAroundLoudness);
    const auto matched = fitted(sounds);
    (is_earlier() ? sounds.earlier : sounds.later).samples = matched;
    const auto sides = sides_of(sounds, join_);
    const double missing = loudness_of(sides.before) - loudness_of(sides.after);
    const double gain_db = (is_earlier() ? -missing : missing) / share();
    fit_.gain_db = std::clamp(gain_db, -kMostGainDb, kMostGainDb);
  }

  // How much of the gain is in force in the measured second, in the mean: it fades from the join on.
  [[nodiscard]] double share() const {
    const double reach = reach_s();
    return reach > kSide ? 1 - kSide / (2 * reach) : reach / (2 * kSide);
  }

  const Neighbours& sounds_;
  const Join& join_;
  const Side fitted_;
  Fit fit_;
};

// Both as they are heard where they overlap.
class Fitted {
 public:
  Fitted(const Neighbours& sounds, const Join& join)
      : sounds_(sounds.around_overlap(sounds.earlier.format.frames_in(kPlaceStep))),
        earlier_(fitted_earlier(sounds_, join)),
        later_(fitted_later(sounds_, join)) {
    sounds_.earlier.samples = earlier_;
    sounds_.later.samples = later_;
  }
  Fitted(const Fitted&) = delete;
  Fitted& operator=(const Fitted&) = delete;
  ~Fitted() = default;
  [[nodiscard]] const Neighbours& sounds() const noexcept { return sounds_; }

 private:
  Neighbours sounds_;
  std::vector<float> earlier_, later_;
};

void find_place_and_fit(const Neighbours& sounds, const Places& own, Side side, Join& join) {
  auto& fit = side == Side::earlier ? join.earlier : join.later;
  join = PlaceSearch(sounds, sounds.overlap, join).find();
  fit = Fitting(sounds, join, side).find(own);
  // Once they are fitted, another place nearby may be better, and what they have in common is something else.
  const auto place = join.begin;
  move_to(Fitted(sounds, join).sounds(), place, join);
  join =
      PlaceSearch(Fitted(sounds, join).sounds(), kCorrectionSteps * sounds.earlier.format.frames_in(kPlaceStep), join)
          .find();
  if (join.begin == place) return;
  fit = Fitting(sounds, join, side).find(own);
  move_to(Fitted(sounds, join).sounds(), join.begin, join);
}

}  // namespace

Join find_join(const Neighbours& neighbours, Kind kind, const Places& own, Side fitted) {
  const auto& format = neighbours.earlier.format;
  const double seconds = kind == Kind::at_change ? kShortFade : kLongFade;
  Join join{.kind = kind, .rate = format.rate, .length = std::min(format.frames_in(seconds), neighbours.overlap)};
  const auto room = room_for(neighbours, join);
  move_to(neighbours, std::clamp(-join.length / 2, room.first, room.last), join);
  if (kind == Kind::inside && join.length > 0) find_place_and_fit(neighbours, own, fitted, join);
  return join;
}

std::vector<float> fitted_earlier(const Neighbours& neighbours, const Join& join) {
  const auto& earlier = neighbours.earlier;
  std::vector<float> fitted(earlier.samples.begin(), earlier.samples.end());
  apply_fit(fitted, earlier.format, join.earlier, neighbours.in_earlier(0));
  return fitted;
}

std::vector<float> fitted_later(const Neighbours& neighbours, const Join& join) {
  const auto& later = neighbours.later;
  std::vector<float> fitted(later.samples.begin(), later.samples.end());
  apply_fit(fitted, later.format, join.later, neighbours.in_later(0));
  return fitted;
}

std::vector<float> faded(const Neighbours& neighbours, const Join& join) {
  const auto earlier = neighbours.earlier.part(neighbours.in_earlier(join.begin), join.length);
  const auto later = neighbours.later.part(neighbours.in_later(join.begin), join.length);
  std::vector<float> result(later.samples.size());
  const auto channels = later.format.samples_of(1);
  for (std::size_t i = 0; i < result.size(); i += channels) {
    const double frame = static_cast<double>(later.format.frames_of(i)) + 0.5;
    const auto gains = gains_at(frame / static_cast<double>(join.length), join.correlation);
    for (std::size_t at = i; at < i + channels; ++at)
      result[at] = static_cast<float>(gains.earlier * static_cast<double>(earlier.samples[at]) +
                                      gains.later * static_cast<double>(later.samples[at]));
  }
  return result;
}

std::vector<float> joined(const Neighbours& neighbours, const Join& join) {
  const auto& later = neighbours.later;
  const auto before = neighbours.earlier.part(0, neighbours.in_earlier(join.begin));
  const auto after = later.part(neighbours.in_later(join.begin) + join.length, later.frames());
  std::vector<float> result(before.samples.begin(), before.samples.end());
  const auto fade_samples = faded(neighbours, join);
  result.insert(result.end(), fade_samples.begin(), fade_samples.end());
  result.insert(result.end(), after.samples.begin(), after.samples.end());
  return result;
}

}  // namespace klingv2a::join
