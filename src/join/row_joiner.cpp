// SPDX-License-Identifier: LGPL-2.1-or-later
#include "join/row_joiner.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace klingv2a::join {

namespace {

// A join lies no further from the border than this, nor than half a clip: two joins of one clip never meet. Seconds.
constexpr double kMostAway = 0.5;
// What is heard before a join is measured so far back, if need be in the clips before. Seconds.
constexpr double kContext = 3;
// What has less power than this is silence: -70 dB.
constexpr double kSilence = 1e-7;

std::ptrdiff_t offset(const Format& format, std::int64_t frames) {
  return static_cast<std::ptrdiff_t>(format.samples_of(frames));
}

// Silence has handles too: its neighbours' sounds are faded where they want to be.
void make_silence(RowClip& clip, const Format& format) {
  const auto handle = format.frames_in(kShortFade);
  clip.shown_begin = clip.begin - handle;
  clip.samples.assign(format.samples_of(clip.end - clip.begin + 2 * handle), 0.0F);
}

// Silence, as far as the sound does not reach.
void cover_range(RowClip& clip, const Format& format) {
  if (clip.shown_begin > clip.begin) {
    clip.samples.insert(clip.samples.begin(), format.samples_of(clip.shown_begin - clip.begin), 0.0F);
    clip.shown_begin = clip.begin;
  }
  const auto needed = format.samples_of(clip.end - clip.shown_begin);
  if (clip.samples.size() < needed) clip.samples.resize(needed);
}

bool lies_within(const Join& join, const Neighbours& sounds) {
  const auto begin = sounds.in_later(join.begin);
  return begin >= 0 && begin + join.length <= sounds.overlap;
}

}  // namespace

std::optional<RowJoiner::Piece> RowJoiner::add(RowClip clip) {
  auto later = prepared(clip);
  made_.reset();
  std::optional<Piece> piece;
  if (waiting_) {
    const auto sounds = neighbours(later);
    auto own = waiting_->own;
    std::ranges::copy(later.own, std::back_inserter(own));
    made_ = {.border = later.begin, .join = join_with(later, clip, sounds, own)};
    made_->figures = judge(sounds, made_->join, own);
    piece = fade_into(later, sounds, made_->join);
  }
  waiting_ = std::move(later);
  return piece;
}

std::optional<RowJoiner::Piece> RowJoiner::finish() {
  made_.reset();
  if (!waiting_) return std::nullopt;
  auto piece = piece_of(std::move(*waiting_), format_);
  waiting_.reset();
  return piece;
}

RowJoiner::Waiting RowJoiner::prepared(RowClip& clip) const {
  if (clip.samples.empty())
    make_silence(clip, format_);
  else
    cover_range(clip, format_);
  const Sound sound{clip.samples, format_};
  Waiting prepared{.samples_begin = clip.shown_begin,
                   .begin = clip.begin,
                   .end = clip.end,
                   .final_until = clip.begin,
                   .own = Profile(sound).places(),
                   .is_new_take = clip.is_new_take,
                   .is_silent = mean_power(clip.samples) < kSilence};
  prepared.samples = std::move(clip.samples);
  return prepared;
}

// Both as they are in memory: what is done to them there shows.
Neighbours RowJoiner::neighbours(const Waiting& later) const {
  const auto& earlier = *waiting_;
  const auto most = format_.frames_in(kMostAway);
  const auto border = later.begin;
  const auto begin = std::max(later.samples_begin, border - std::min(most, (earlier.end - earlier.begin) / 2));
  const auto earlier_end = earlier.samples_begin + format_.frames_of(earlier.samples.size());
  const auto later_end = later.samples_begin + format_.frames_of(later.samples.size());
  const auto end = std::min({earlier_end, later_end, border + std::min(most, (later.end - later.begin) / 2)});
  return {.earlier = Sound{earlier.samples, format_}.part(0, end - earlier.samples_begin),
          .later = Sound{later.samples, format_}.part(begin - later.samples_begin, later_end - begin),
          .overlap = end - begin,
          .border = border - begin,
          .final_frames = earlier.final_until - earlier.samples_begin};
}

// What is kept of an earlier join is done first, so that the other sound is fitted to what is heard.
Join RowJoiner::join_with(Waiting& later, const RowClip& clip, const Neighbours& sounds, const Places& own) {
  auto& earlier = *waiting_;
  const bool is_new = earlier.is_new_take || later.is_new_take;
  const bool is_kept = clip.found && clip.found->rate == format_.rate && (is_new || lies_within(*clip.found, sounds));
  const bool keeps_earlier = is_kept && !earlier.is_new_take, keeps_later = is_kept && !later.is_new_take;
  if (keeps_earlier) apply(clip.found->earlier, earlier, later.begin);
  if (keeps_later) apply(clip.found->later, later, later.begin);
  if (keeps_earlier && keeps_later) return *clip.found;

  const auto kind = earlier.is_silent || later.is_silent ? Kind::at_change : clip.begins;
  auto join = find_join(sounds, kind, own, keeps_later ? Side::earlier : Side::later);
  if (keeps_earlier)
    join.earlier = clip.found->earlier;
  else
    apply(join.earlier, earlier, later.begin);
  if (keeps_later)
    join.later = clip.found->later;
  else
    apply(join.later, later, later.begin);
  return join;
}

void RowJoiner::apply(const Fit& fit, Waiting& clip, std::int64_t border) const {
  apply_fit(clip.samples, format_, fit, border - clip.samples_begin);
}

RowJoiner::Piece RowJoiner::fade_into(Waiting& later, const Neighbours& sounds, const Join& join) {
  auto& earlier = *waiting_;
  const Fade fade{later.begin + join.begin, later.begin + join.begin + join.length, faded(sounds, join)};
  // Before the later clip is changed, of which the earlier one may still need a part.
  auto head = head_of(later, fade);
  complete(later, fade);
  const auto end = later.at(format_, fade.end) - later.samples.begin();
  later.samples.erase(later.samples.begin(), later.samples.begin() + end);
  later.samples.insert(later.samples.begin(), head.begin(), head.end());
  later.samples_begin = fade.end - format_.frames_of(head.size());
  later.final_until = std::max(fade.end, later.begin);
  return piece_of(std::move(earlier), format_);
}

// What is heard up to the fade's end, as far as it is the later clip's or its context.
std::vector<float> RowJoiner::head_of(const Waiting& later, const Fade& fade) {
  auto& earlier = *waiting_;
  const auto context = std::max<std::int64_t>(0, format_.frames_in(kContext) - (later.end - later.begin));
  const auto begin = std::max(earlier.samples_begin, std::min(later.begin - context, fade.begin));
  std::vector<float> head(earlier.at(format_, begin), earlier.at(format_, fade.begin));
  head.insert(head.end(), fade.samples.begin(), fade.samples.end());
  return head;
}

// The earlier clip's range, where the fade or the later clip is heard in it already.
void RowJoiner::complete(Waiting& later, const Fade& fade) {
  auto& earlier = *waiting_;
  if (fade.begin >= earlier.end) return;
  const auto faded_until = std::min(fade.end, earlier.end);
  std::copy_n(fade.samples.begin(), offset(format_, faded_until - fade.begin), earlier.at(format_, fade.begin));
  std::copy(later.at(format_, faded_until), later.at(format_, earlier.end), earlier.at(format_, faded_until));
}

RowJoiner::Piece RowJoiner::piece_of(Waiting clip, const Format& format) {
  auto& samples = clip.samples;
  samples.erase(clip.at(format, clip.end), samples.end());
  samples.erase(samples.begin(), clip.at(format, clip.begin));
  return {.samples = std::move(samples), .begin = clip.begin, .end = clip.end};
}

std::vector<float>::iterator RowJoiner::Waiting::at(const Format& format, std::int64_t frame) {
  return samples.begin() + offset(format, frame - samples_begin);
}

}  // namespace klingv2a::join
