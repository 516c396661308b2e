// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The last look at a proxy: what is no video is the video's fault, what takes too long is the machine's.
#include "proxy_probe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <span>

#include "error.h"
#include "gobject_ptr.h"

namespace klingv2a {
namespace {

constexpr ProbePatience kShort{Seconds(1), Seconds(1)};

// A file of which nothing comes, and no end either.
class StuckFile {
 public:
  StuckFile() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~StuckFile() {
    for (const int end : ends_) close(end);
  }
  StuckFile(const StuckFile&) = delete;
  StuckFile& operator=(const StuckFile&) = delete;
  [[nodiscard]] std::shared_ptr<const SpoolFile> open() const {
    return SpoolFile::open_existing("/proc/self/fd/" + std::to_string(ends_[0]), SpoolFile::Links::followed);
  }

 private:
  std::array<int, 2> ends_{};
};

ErrorDetails failure(const SpoolFile& file, GCancellable* cancel = nullptr) {
  try {
    probe_proxy(file, ClipTimeline{}, cancel, kShort);
  } catch (const Error& error) {
    return error.details();
  }
  ADD_FAILURE() << "it passed";
  return {};
}

TEST(ProxyProbe, ATimeOutIsTriedAgainAndThenSaidAsSuch) {
  const StuckFile stuck;
  const auto begin = std::chrono::steady_clock::now();
  const ErrorDetails details = failure(*stuck.open());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << "it was not tried twice";
  EXPECT_EQ(details.kind, ErrorKind::busy) << "only `input` is answered with a transcoded copy";
  EXPECT_EQ(details.phase, Phase::proxy);
  EXPECT_TRUE(details.retryable);
  EXPECT_NE(details.message.find("this machine is too busy"), std::string::npos) << details.message;
}

TEST(ProxyProbe, ACancelEndsTheLook) {
  const StuckFile stuck;
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  g_cancellable_cancel(cancel.get());
  EXPECT_EQ(failure(*stuck.open(), cancel.get()).kind, ErrorKind::cancelled);
}

TEST(ProxyProbe, WhatIsNoVideoIsNotTriedAgain) {
  SpoolFile file;
  const std::string text = "this is no video, however long one looks at it";
  file.write_at(0, std::as_bytes(std::span(text)));
  const ErrorDetails details = failure(file);
  EXPECT_EQ(details.kind, ErrorKind::input);
  EXPECT_FALSE(details.retryable);
}

}  // namespace
}  // namespace klingv2a
