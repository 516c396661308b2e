// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which loudspeakers the mix has, and which one a channel goes to.
#include "mix/channels.h"

#include <gtest/gtest.h>

#include "mix_fixture.h"

namespace klingv2a::mix {
namespace {

using test::k51, test::kMono, test::kStereo;

void expect_routes(const Layout& from, const Layout& to, const std::vector<Route>& wanted) {
  const auto found = routes(from, to);
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t n = 0; n < found.size(); ++n) {
    EXPECT_EQ(found[n].from, wanted[n].from) << n;
    EXPECT_EQ(found[n].to, wanted[n].to) << n;
    EXPECT_NEAR(found[n].gain, wanted[n].gain, 1e-6) << n;
  }
}

TEST(MixChannels, AreTheOriginalsOrStereoWhereThatIsMono) {
  EXPECT_EQ(output_layout(k51, kStereo), k51);
  EXPECT_EQ(output_layout(kStereo, k51), kStereo);
  EXPECT_EQ(output_layout(kMono, kStereo), kStereo);
  EXPECT_EQ(output_layout({}, kMono), kStereo);
  EXPECT_EQ(output_layout({}, k51), k51);
  EXPECT_TRUE(output_layout({}, {}).empty());
}

TEST(MixChannels, GeneratedStereoGoesToTheFrontOf51) {
  expect_routes(kStereo, k51, {{0, 0, 1}, {1, 1, 1}});
}

TEST(MixChannels, MonoGoesToBothFrontsAtFullLevel) {
  expect_routes(kMono, kStereo, {{0, 0, 1}, {0, 1, 1}});
  expect_routes(kMono, k51, {{0, 0, 1}, {0, 1, 1}});
}

TEST(MixChannels, SurroundFoldsDownToTheFront) {
  constexpr float kDown = 0.70710678F;
  expect_routes(k51, kStereo, {{0, 0, 1}, {1, 1, 1}, {2, 0, kDown}, {2, 1, kDown}, {4, 0, kDown}, {5, 1, kDown}});
}

TEST(MixChannels, RearAndSideStandInForEachOther) {
  Layout side = k51;
  side[4] = Channel::side_left;
  side[5] = Channel::side_right;
  const auto found = routes(side, k51);
  EXPECT_EQ(found[4], (Route{4, 4, 1}));
  EXPECT_EQ(found[5], (Route{5, 5, 1}));
}

TEST(MixChannels, WithoutPositionsGoByTheirNumber) {
  const Layout four(4, Channel::none);
  expect_routes(kStereo, four, {{0, 0, 1}, {1, 1, 1}});
  expect_routes(kMono, four, {{0, 0, 1}, {0, 1, 1}});
  expect_routes(four, four, {{0, 0, 1}, {1, 1, 1}, {2, 2, 1}, {3, 3, 1}});
}

TEST(MixChannels, AreAddedWithTheGainOfTheirFrame) {
  const std::vector<float> mono{1, 2, 3}, gains{1, 0.5F, 0};
  std::vector<float> out(6, 0.25F);
  add_routed(routes(kMono, kStereo), {mono, 1}, 2, gains, out, 2);
  EXPECT_EQ(out, (std::vector<float>{2.25F, 2.25F, 2.25F, 2.25F, 0.25F, 0.25F}));
}

}  // namespace
}  // namespace klingv2a::mix
