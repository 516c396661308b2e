// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mix that plays as its inputs come, beside the one that has collected them: the same samples, whatever comes when.
// And the tracks between: what they hold, and who waits for whom.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "error.h"
#include "mix/stream_mixer.h"
#include "mix_fixture.h"

namespace klingv2a::mix {
namespace {

using test::kMono, test::kRate, test::kStereo, test::programme, test::Samples, test::sound;
using Which = StreamMixer::Which;

Samples joined(const std::vector<Samples>& parts) {
  Samples all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

constexpr std::int64_t kPlenty = 1 << 30;

std::shared_ptr<StreamTrack> new_track(const Layout& layout, std::int64_t max_frames = kPlenty) {
  return std::make_shared<StreamTrack>(layout.size(), max_frames, [] {});
}

// One input: all of its sound, and how many frames of it come at a time.
struct Source {
  Which which;
  Samples samples;
  Layout layout = kStereo;
  std::int64_t offset = 0;
  std::size_t frames_at_once = 480;
};

MixSound as_sound(const Source& source) {
  return sound(source.samples, source.layout, source.offset);
}

class Feed {
 public:
  Feed(Source source, StreamMixer& mixer) : source_(std::move(source)), track_(new_track(source_.layout)) {
    mixer.join(source_.which, track_, source_.layout, source_.offset);
  }
  // False at its end.
  bool go_on() {
    const auto left = std::span<const float>(source_.samples).subspan(at_);
    const auto part = left.first(std::min(left.size(), source_.frames_at_once * source_.layout.size()));
    track_->append(part);
    at_ += part.size();
    if (at_ == source_.samples.size()) track_->set_ended(true);
    return !part.empty();
  }

 private:
  const Source source_;
  const std::shared_ptr<StreamTrack> track_;
  std::size_t at_ = 0;
};

void take_what_is_there(StreamMixer& mixer, std::size_t channels, Samples& out) {
  Samples block(1024 * channels);
  while (mixer.is_ready()) {
    const std::size_t frames = mixer.read(block);
    if (frames == 0) return;
    out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(frames * channels));
  }
}

// Both as they come, in turns.
Samples streamed(const std::vector<Source>& sources, const StreamSettings& settings, const Layout& layout,
                 StreamMixer* counted = nullptr) {
  StreamMixer own(settings, layout);
  StreamMixer& mixer = counted ? *counted : own;
  std::vector<std::unique_ptr<Feed>> feeds;
  for (const auto& source : sources) feeds.push_back(std::make_unique<Feed>(source, mixer));
  Samples out;
  for (bool more = true; more;) {
    more = false;
    for (const auto& feed : feeds) more |= feed->go_on();
    take_what_is_there(mixer, layout.size(), out);
  }
  return out;
}

Samples words(double amplitude, int count) {
  Samples samples;
  for (int n = 0; n < count; ++n)
    samples =
        joined({samples, test::noise(amplitude, kRate / 3, 2, static_cast<unsigned>(n + 1)), test::silence(kRate / 2)});
  return samples;
}

constexpr MixSettings kDucking{.duck = true, .ducking = {.threshold_db = -30}, .generated_db = -1};

// ---- the same samples

struct Case {
  const char* what;
  Source original, generated;
};

TEST(MixStream, GivesTheSamplesOfTheCollectedMix) {
  const Samples speech = words(0.8, 5), rain = test::noise(0.3, 4 * kRate + 321, 2, 99);
  const std::vector<Case> cases{
      {"the same start", {Which::original, speech}, {Which::generated, rain}},
      {"a late original", {Which::original, speech, kStereo, 30011}, {Which::generated, rain}},
      {"a late generated sound", {Which::original, speech}, {Which::generated, rain, kStereo, 77777}},
      {"after the end", {Which::original, Samples(200, 0.5F)}, {Which::generated, rain, kStereo, 500000}},
      {"bursts", {Which::original, speech, kStereo, 0, 100}, {Which::generated, rain, kStereo, 5, 3 * kRate}},
      {"odd pieces", {Which::original, speech, kStereo, 0, 4097}, {Which::generated, rain, kStereo, 1, 1}},
      {"mono", {Which::original, test::noise(0.9, kRate, 1), kMono}, {Which::generated, rain}},
      {"next to nothing", {Which::original, {0.5F, 0.5F}}, {Which::generated, {0.9F, 0.9F}, kStereo, 1}}};
  for (const auto& each : cases)
    for (const double gain : {0.0, 7.0}) {
      const auto whole = programme(as_sound(each.original), as_sound(each.generated), kDucking);
      Mastering mastering;
      mastering.gain_db = gain;
      mastering.limit_db = usual_limit(-1);
      Player player(whole, mastering);
      const auto wanted = test::read_all(player, 2);
      StreamMixer mixer({kDucking, gain, usual_limit(-1)}, whole->layout);
      ASSERT_EQ(streamed({each.original, each.generated}, {}, whole->layout, &mixer), wanted) << each.what << gain;
      EXPECT_EQ(mixer.ducked_frames(), player.ducked_frames()) << each.what;
      EXPECT_EQ(mixer.limited_frames(), player.limited_frames()) << each.what;
      EXPECT_EQ(mixer.frames(), whole->frames()) << each.what;
    }
}

TEST(MixStream, GivesWhatWasMeasuredBeforeWithoutMeasuring) {
  for (const double loudness : {-23.0, -3.0}) {  // the latter through the limiter
    const Source original{Which::original, words(0.5, 4)}, generated{Which::generated, test::noise(0.2, 3 * kRate)};
    const auto whole = programme(as_sound(original), as_sound(generated), kDucking);
    const auto mastering = test::master_all(whole, {.loudness = loudness});
    EXPECT_EQ(mastering.limit_db.has_value(), loudness == -3.0);
    const auto wanted = test::read_all(Player(whole, mastering), 2);
    const StreamSettings settings{kDucking, mastering.gain_db, mastering.limit_db.value_or(kNoLimit)};
    EXPECT_EQ(streamed({original, generated}, settings, whole->layout), wanted) << loudness;
  }
}

TEST(MixStream, OfOneInputIsThatInput) {
  const auto samples = test::noise(0.5, 10001);
  for (const auto which : {Which::original, Which::generated})
    EXPECT_EQ(streamed({{which, samples}}, {{}, 0, 0}, kStereo), samples);
}

TEST(MixStream, OfNothingIsNothing) {
  EXPECT_TRUE(streamed({}, {kDucking, 0, 0}, kStereo).empty());
  EXPECT_TRUE(streamed({{Which::original, {}}}, {kDucking, 0, 0}, kStereo).empty());
}

TEST(MixStream, LeavesOutWhatJoinsTooLate) {
  StreamMixer mixer({{.duck = false}, 0, 0}, kStereo);
  Feed original({Which::original, Samples(2 * 4100, 0.25F), kStereo, 0, 4096}, mixer);
  (void)original.go_on();
  Samples out;
  take_what_is_there(mixer, 2, out);
  Feed generated({Which::generated, Samples(2 * 8192, 0.5F), kStereo, -1000, 8192}, mixer);
  (void)generated.go_on();
  (void)original.go_on();
  take_what_is_there(mixer, 2, out);
  EXPECT_EQ(out, joined({Samples(2 * 4096, 0.25F), Samples(2 * 4, 0.75F), Samples(2 * (8192 - 1000 - 4100), 0.5F)}));
}

// ---- that it streams

TEST(MixStream, GivesWhatBothHaveAndNoMore) {
  StreamMixer mixer({{.duck = false}, 0, 0}, kStereo);
  const auto original = new_track(kStereo), generated = new_track(kStereo);
  mixer.join(Which::original, original, kStereo, 0);
  mixer.join(Which::generated, generated, kStereo, 0);
  Samples out;
  original->append(Samples(2 * kRate, 0.25F));
  EXPECT_FALSE(mixer.is_ready());
  generated->append(Samples(2 * 10240, 0.5F));
  take_what_is_there(mixer, 2, out);
  EXPECT_EQ(out.size() / 2, 10240 - Limiter::latency());
  generated->append_silence(1024);
  take_what_is_there(mixer, 2, out);
  EXPECT_EQ(out.size() / 2, 10240 + 1024 - Limiter::latency());
  generated->set_ended(true);
  original->set_ended(true);
  take_what_is_there(mixer, 2, out);
  EXPECT_EQ(out, joined({Samples(2 * 10240, 0.75F), Samples(2 * (kRate - 10240), 0.25F)}));
  EXPECT_TRUE(mixer.is_ready());
}

TEST(MixStream, KeepsToItsLatency) {
  StreamMixer mixer({kDucking, 0, 0}, kStereo);
  const auto original = new_track(kStereo), generated = new_track(kStereo);
  mixer.join(Which::original, original, kStereo, 0);
  mixer.join(Which::generated, generated, kStereo, 0);
  const std::int64_t latency = StreamMixer::latency(kDucking);
  Samples out;
  for (std::int64_t come = 0; come < 20000; come += 100) {
    original->append(Samples(200, 0.25F));
    generated->append(Samples(200, 0.25F));
    take_what_is_there(mixer, 2, out);
    ASSERT_GE(static_cast<std::int64_t>(out.size() / 2), come + 100 - latency);
  }
  EXPECT_EQ(latency, 4800 + 1024 + static_cast<std::int64_t>(Limiter::latency()));
}

// ---- the tracks

TEST(StreamTrack, HoldsWhatIsNotDropped) {
  const auto track = new_track(kMono);
  track->append(Samples{1, 2, 3});
  track->append_silence(2);
  track->append(Samples{6, 7});
  Samples got(9);
  track->read(-1, got);
  EXPECT_EQ(got, (Samples{0, 1, 2, 3, 0, 0, 6, 7, 0}));
  track->drop_before(3);
  track->read(-1, got);
  EXPECT_EQ(got, (Samples{0, 0, 0, 0, 0, 0, 6, 7, 0}));
  EXPECT_EQ(track->frames(), 7);
}

TEST(StreamTrack, TakesNoRoomForSilence) {
  const auto track = new_track(kStereo, 10);
  for (int n = 0; n < 1000; ++n) track->append_silence(kRate);
  track->append(Samples(20, 0.5F));
  EXPECT_EQ(track->most_held_bytes(), 20 * sizeof(float));
  EXPECT_EQ(track->frames(), static_cast<std::int64_t>(1000 * kRate + 10));
}

TEST(StreamTrack, KeepsNothingThatComesTooLate) {
  const auto track = new_track(kMono, 10);
  track->drop_before(1000);
  track->append(Samples(1005, 0.5F));
  EXPECT_EQ(track->most_held_bytes(), 5 * sizeof(float));
}

TEST(StreamTrack, LetsWhoIsAheadWait) {
  const auto track = new_track(kMono, 1000);
  const auto filling = std::async(std::launch::async, [&] { track->append(Samples(100000, 0.5F)); });
  Samples all;
  while (all.size() < 100000) {
    const auto there = static_cast<std::size_t>(track->frames());
    Samples part(there - all.size());
    track->read(static_cast<std::int64_t>(all.size()), part);
    all = joined({all, part});
    track->drop_before(static_cast<std::int64_t>(all.size()));
    std::this_thread::yield();
  }
  filling.wait();
  EXPECT_EQ(all, Samples(100000, 0.5F));
  EXPECT_LE(track->most_held_bytes(), (1000 + 4096) * sizeof(float));
}

TEST(StreamTrack, LetsGoOfWhoWaits) {
  const auto track = new_track(kMono, 10);
  auto filling = std::async(std::launch::async, [&] { track->append(Samples(100, 0.5F)); });
  track->cancel();
  try {
    filling.get();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
}

TEST(StreamTrack, TurnsWhatIsNoNumberIntoSilence) {
  const auto track = new_track(kMono);
  track->append(Samples{1, std::numeric_limits<float>::quiet_NaN(), 2});
  Samples got(3);
  track->read(0, got);
  EXPECT_EQ(got, (Samples{1, 0, 2}));
  EXPECT_EQ(track->repaired_samples(), 1U);
}

}  // namespace
}  // namespace klingv2a::mix
