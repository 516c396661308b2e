// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mix that is measured first: of both inputs, once they have ended, one programme, and its mastering. All of it on
// the source pad's task.
#include <cmath>

#include "error.h"
#include "mix/mix_element.h"

namespace klingv2a {

namespace {

// In LUFS; none: it has none, or nobody asks.
std::optional<double> original_loudness(const MixProperties& properties, const mix::Programme& programme,
                                        const std::atomic<bool>& cancelled) {
  const bool ducks = properties.mode == MixMode::duck && programme.original && programme.generated;
  if (properties.original_loudness != kNotGiven) return properties.original_loudness;
  if (!ducks) return std::nullopt;
  const double measured = mix::loudness_of(*programme.original, cancelled);
  return std::isfinite(measured) ? std::optional(measured) : std::nullopt;
}

}  // namespace

// Null: no input had any sound.
std::shared_ptr<mix::Programme> MixElement::make_programme() {
  auto programme = std::make_shared<mix::Programme>();
  const MutexLocker lock(mutex_);
  const Input* first = nullptr;
  const auto has_sound = [](const Input& each) { return each.ended && each.kept && each.kept->frames() > 0; };
  for (const auto& each : inputs_)
    if (has_sound(each) && (!first || each.place->start_frame < first->place->start_frame)) first = &each;
  if (!info_ || !first) return nullptr;
  const auto to_sound = [&](const Input& each) -> std::optional<mix::MixSound> {
    if (!has_sound(each)) return std::nullopt;
    return mix::MixSound{each.kept, each.place->layout, each.place->start_frame - first->place->start_frame};
  };
  programme->original = to_sound(input(Role::original));
  programme->generated = to_sound(input(Role::generated));
  programme->layout = layout_of(*info_);
  output_ = std::make_unique<MixOutput>(*info_, first->place->start);
  end_ = first->place->start + to_time(programme->frames());
  return programme;
}

void MixElement::count_kept(MixReport& report) const {
  for (const auto& each : inputs_) {
    if (!each.kept) continue;
    report.held_bytes += each.kept->held_bytes();
    report.spooled_bytes += each.kept->spooled_bytes();
    report.repaired_samples += each.kept->repaired_samples();
  }
}

void MixElement::start_playing() {
  std::shared_ptr<std::atomic<bool>> cancelled;
  MixProperties properties;
  {
    const MutexLocker lock(mutex_);
    playing_ = true;
    cancelled = cancelled_;
    properties = properties_;
  }
  const auto programme = make_programme();
  if (!programme) return end_output();
  if (programme->frames() > to_frames(MixInput::kLongest))
    throw make_error(ErrorKind::input, Phase::hold, "the two sounds begin more than 24 hours apart");
  const auto loudness = original_loudness(properties, *programme, *cancelled);
  programme->settings = properties.mixing(loudness);
  MixReport result{.mastering = mix::master(programme, properties.mastering(), *cancelled),
                   .original_loudness = loudness.value_or(kUsualLoudness),
                   .channels = programme->layout.size()};
  {
    const MutexLocker lock(mutex_);
    count_kept(result);
  }
  report(result);
  send_tags();
  player_ = std::make_unique<mix::Player>(programme, result.mastering);
}

}  // namespace klingv2a
