// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One paid result from one link: gone on with where it was cut, bounded, refused when it is no sound, and never fetched
// from where a stranger's link must not lead. The whole download, with its forms and fresh links, is judged in
// cycle_test.cpp.
#include "cycle/result_fetch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cycle/result_url.h"
#include "fake_clock.h"
#include "fake_resolver.h"
#include "raw_server.h"

namespace klingv2a::cycle {
namespace {

using test::Answer;
using test::reply;

const std::string kSound = "RIFF, and many samples";
const std::string kWav = "Content-Type: audio/wav\r\n";
const std::string kTagged = kWav + "ETag: \"v1\"\r\n";

// The first `sent` bytes of the whole.
Answer cut(std::size_t sent, const std::string& headers = kTagged, const std::string& whole = kSound) {
  Answer answer = reply(200, whole, headers);
  answer.bytes.resize(answer.bytes.size() - whole.size() + sent);
  answer.close = true;
  return answer;
}

// Of what follows `first`, `sent` bytes.
Answer rest(std::size_t first, std::size_t sent) {
  const std::string range = std::to_string(first) + "-" + std::to_string(kSound.size() - 1);
  Answer answer = reply(206, kSound.substr(first),
                        kTagged + "Content-Range: bytes " + range + "/" + std::to_string(kSound.size()) + "\r\n");
  answer.bytes.resize(answer.bytes.size() - (kSound.size() - first) + sent);
  answer.close = true;
  return answer;
}

Answer rest(std::size_t first) {
  return rest(first, kSound.size() - first);
}

class ResultFetch : public testing::Test {
 protected:
  ResultFetch() {
    clock_.advance(-clock_.now());  // a run's task counts as accepted at 0
    settings_.service.base_url = "http://127.0.0.1:1/kling";
    settings_.service.api_key = "s3cret-key";
    settings_.service.timeouts = {Seconds(5), Seconds(5), Seconds(10)};
  }

  std::string fetch(const std::string& link) {
    clock_.set_on_sleep([this](Seconds) { ++waits_; });
    cycle::Run run(settings_, clock_, cancel_, observer_);
    FetchBudget budget(run);
    const std::shared_ptr<const SpoolFile> file = fetch_result(run, link, budget);
    std::string text(file->size(), '\0');
    EXPECT_EQ(file->read_at(0, std::as_writable_bytes(std::span(text))), text.size());
    return text;
  }
  std::string fetch() { return fetch(server_.url("/s.wav?sig=s3cret")); }
  // Why there is no sound at the end of this link.
  BadLink failure(const std::string& link) {
    try {
      (void)fetch(link);
    } catch (const BadLink& bad) {
      EXPECT_EQ(std::string(bad.what()).find("s3cret"), std::string::npos) << bad.what();
      return bad;
    }
    ADD_FAILURE() << "the link was good";
    return {{}, false};
  }
  BadLink failure() { return failure(server_.url("/s.wav?sig=s3cret")); }
  std::vector<std::string> ranges() const {
    std::vector<std::string> asked;
    for (const auto& request : server_.requests()) asked.push_back(request.header("Range"));
    return asked;
  }
  using Ranges = std::vector<std::string>;

  class Silent : public CycleObserver {
    void on_phase(Phase) override {}
    void before_submit() override {}
    void on_task(const gateway::Task&) override {}
    void on_waiting(Seconds) override {}
    void on_retry(const Error&, int, Seconds) override {}
  };

  test::RawServer server_;
  CycleSettings settings_;
  test::FakeClock clock_;
  GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Silent observer_;
  int waits_ = 0;
};

// ---- cuts

TEST_F(ResultFetch, GoesOnWhereItWasCut) {
  server_.add(cut(5));
  server_.add(rest(5, 4));
  server_.add(reply(503, "later"));
  server_.add(rest(9));
  EXPECT_EQ(fetch(), kSound);
  EXPECT_EQ(ranges(), (Ranges{"", "bytes=5-", "bytes=9-", "bytes=9-"}));
}

TEST_F(ResultFetch, StartsOverWhenTheFileHasChanged) {
  const std::string other = "another sound";
  server_.add(cut(5));
  server_.add(reply(200, other, kWav + "ETag: \"v2\"\r\n"));
  EXPECT_EQ(fetch(), other);
}

TEST_F(ResultFetch, StartsOverWhenThereIsNoSuchRest) {
  server_.add(cut(5));
  server_.add(reply(416, "", "Content-Range: bytes */3\r\n"));
  server_.add(reply(200, kSound, kTagged));
  EXPECT_EQ(fetch(), kSound);
  EXPECT_EQ(ranges(), (Ranges{"", "bytes=5-", ""}));
  EXPECT_EQ(waits_, 1);
}

TEST_F(ResultFetch, StartsOverWhenAnotherPartComes) {
  server_.add(cut(5));
  server_.add(rest(6));
  server_.add(reply(200, kSound, kTagged));
  EXPECT_EQ(fetch(), kSound);
}

TEST_F(ResultFetch, GoesOnBehindARedirect) {
  server_.add(reply(302, "", "Location: /there.wav?sig=1\r\n"));
  server_.add(cut(5));
  server_.add(reply(302, "", "Location: /there.wav?sig=2\r\n"));
  server_.add(rest(5));
  EXPECT_EQ(fetch(), kSound);
  EXPECT_EQ(ranges(), (Ranges{"", "", "", "bytes=5-"}));
}

TEST_F(ResultFetch, IsNotGivenUpWhileItGrows) {
  server_.add(cut(1));
  for (std::size_t first = 1; first < kSound.size(); ++first) server_.add(rest(first, 1));
  EXPECT_EQ(fetch(), kSound);
  EXPECT_GT(waits_, 20);
}

TEST_F(ResultFetch, IsGivenUpWhenItNoLongerGrows) {
  for (std::size_t i = 0; i < 5; ++i) server_.add(i == 0 ? cut(1) : rest(i, 1));
  server_.set_default(test::reset());
  EXPECT_EQ(failure().kind(), ErrorKind::network);
  EXPECT_EQ(server_.requests().size(), 5u + 9u);
}

TEST_F(ResultFetch, GrowthThatIsLostAgainDoesNotCount) {
  for (std::size_t sent = 1; sent < 20; ++sent) server_.add(cut(sent, kWav));
  EXPECT_EQ(failure().kind(), ErrorKind::network);
  EXPECT_EQ(server_.requests().size(), 10u);
}

TEST_F(ResultFetch, AFileThatIsItselfCutIsGivenUpAfterThreeTries) {
  for (const std::string& headers : {kWav, kTagged}) {
    const std::size_t before = server_.requests().size();
    server_.set_default(cut(20, headers));
    const BadLink bad = failure();
    EXPECT_EQ(bad.kind(), ErrorKind::network);
    EXPECT_NE(std::string(bad.what()).find("cut short"), std::string::npos) << bad.what();
    EXPECT_LE(server_.requests().size() - before, 4u);
  }
}

// Less than the least rate, though no time-out of silence ever comes.
TEST_F(ResultFetch, WhatTricklesIsStalledAndGivenUpAfterThreeTries) {
  settings_.service.timeouts = {Seconds(5), Seconds(5), Seconds(600)};
  Answer slow = reply(200, std::string(20000, 'x'), kTagged);
  slow.trickle = 20;
  slow.gap = std::chrono::milliseconds(500);
  server_.set_default(slow);
  const BadLink bad = failure();
  EXPECT_NE(std::string(bad.what()).find("bytes came in"), std::string::npos) << bad.what();
  EXPECT_EQ(server_.requests().size(), 3u);
}

// ---- one budget for all forms

TEST_F(ResultFetch, TheTriesAreBoundedOverAllLinks) {
  server_.set_default(reply(503, ""));
  cycle::Run run(settings_, clock_, cancel_, observer_);
  FetchBudget budget(run);
  for (const char* path : {"/s.wav", "/s.mp3", "/v.mp4"})
    EXPECT_THROW((void)fetch_result(run, server_.url(path), budget), BadLink);
  EXPECT_EQ(server_.requests().size(), 10u + 2u + 2u);
}

TEST_F(ResultFetch, TheTimeIsOneForAllLinks) {
  settings_.timeout = Seconds(20);
  cycle::Run run(settings_, clock_, cancel_, observer_);
  FetchBudget budget(run);
  EXPECT_EQ(budget.left(), Seconds(30)) << "a little is left for a task that was done at the last moment";
  clock_.advance(Seconds(31));
  try {
    (void)fetch_result(run, server_.url("/s.wav"), budget);
    FAIL() << "fetched behind the deadline";
  } catch (const BadLink& bad) {
    EXPECT_NE(std::string(bad.what()).find("no time left"), std::string::npos) << bad.what();
  }
  EXPECT_EQ(server_.requests().size(), 0u);
}

TEST_F(ResultFetch, ATransferEndsWithTheTimeOut) {
  settings_.timeout = Seconds(2);
  settings_.service.timeouts = {Seconds(5), Seconds(100), Seconds(600)};
  server_.set_default(Answer{.what = Answer::Do::hang});
  clock_.advance(Seconds(29.5));
  cycle::Run run(settings_, clock_, cancel_, observer_);
  FetchBudget budget(run);
  clock_.advance(Seconds(29));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW((void)fetch_result(run, server_.url("/s.wav"), budget), BadLink);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(ResultFetch, TheTimeOutEndsAlsoWhatGrows) {
  settings_.timeout = Seconds(1);
  clock_.set_random(0.9);
  server_.add(cut(1));
  for (std::size_t first = 1; first < kSound.size(); ++first) server_.add(rest(first, 1));
  EXPECT_EQ(failure().kind(), ErrorKind::network);
  EXPECT_LT(server_.requests().size(), 5u);
}

TEST_F(ResultFetch, ACancelInAGapEndsIt) {
  server_.add(cut(5));
  server_.set_default(reply(503, ""));
  cycle::Run run(settings_, clock_, cancel_, observer_);
  clock_.set_on_sleep([this](Seconds) { g_cancellable_cancel(cancel_.get()); });
  try {
    FetchBudget budget(run);
    (void)fetch_result(run, server_.url("/s.wav"), budget);
    FAIL() << "the cancel was not heard";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
  }
}

// ---- size

TEST_F(ResultFetch, TheLimitHoldsForAllPiecesTogether) {
  settings_.max_result_bytes = kSound.size() - 1;
  Answer endless;
  endless.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + kTagged + "\r\nff\r\n" + kSound.substr(0, 5);
  endless.close = true;
  server_.add(endless);
  server_.add(rest(5));
  EXPECT_EQ(failure().kind(), ErrorKind::result);
  EXPECT_EQ(server_.requests().size(), 2u);
}

// ---- what is no sound

TEST_F(ResultFetch, TakesEachTypeThatMayBeASound) {
  for (const char* type : {"audio/wav", "audio/mpeg", "video/mp4", "application/octet-stream", "binary/octet-stream",
                           "application/ogg", "AUDIO/X-WAV; rate=48000"}) {
    server_.add(reply(200, kSound, std::string("Content-Type: ") + type + "\r\n"));
    EXPECT_EQ(fetch(), kSound) << type;
  }
  server_.add(reply(200, kSound));
  EXPECT_EQ(fetch(), kSound);
}

TEST_F(ResultFetch, RefusesOtherTypes) {
  for (const char* type : {"text/html", "Text/Plain ; charset=utf-8", "application/json", "application/problem+json",
                           "application/xml", "application/xhtml+xml", "image/png", "multipart/form-data"}) {
    server_.add(reply(200, kSound, std::string("Content-Type: ") + type + "\r\n"));
    const BadLink bad = failure();
    EXPECT_EQ(bad.kind(), ErrorKind::result) << type;
    EXPECT_TRUE(bad.fresh_link_may_help()) << type;
  }
}

TEST_F(ResultFetch, RefusesAPageWhateverItsType) {
  for (const char* page : {"<!DOCTYPE html><html>", "\n\n  <html>", "\xef\xbb\xbf<?xml version=\"1.0\"?>",
                           R"({"code":403,"message":"expired"})", "[]"}) {
    for (const char* type : {"", "Content-Type: audio/wav\r\n", "Content-Type: application/octet-stream\r\n"}) {
      server_.add(reply(200, page, type));
      const BadLink bad = failure();
      EXPECT_EQ(bad.kind(), ErrorKind::result) << page;
      EXPECT_TRUE(bad.fresh_link_may_help()) << page;
    }
  }
}

TEST_F(ResultFetch, LeavesItToTheDecoderToJudgeBytesThatAreNoText) {
  for (const std::string& bytes : {std::string("<\x01\x02"), std::string("{\0}", 3), std::string(600, ' ')}) {
    server_.add(reply(200, bytes, kWav));
    EXPECT_EQ(fetch(), bytes);
  }
}

// ---- where it comes from

class ResultFetchElsewhere : public ResultFetch {
 protected:
  ResultFetchElsewhere() {
    settings_.service.base_url = "https://api.example/kling";
    resolver_.add("cdn.example", "127.0.0.1");
    resolver_.add("api.example", "127.0.0.1");
  }
  std::string url(const std::string& host) {
    return "http://" + host + ":" + std::to_string(server_.port()) + "/s.wav?sig=s3cret";
  }

  test::FakeResolver resolver_;
};

TEST_F(ResultFetchElsewhere, ANameThatLeadsIntoTheLocalNetworkIsRefused) {
  const BadLink bad = failure(url("cdn.example"));
  EXPECT_EQ(bad.kind(), ErrorKind::result);
  EXPECT_NE(std::string(bad.what()).find("local network"), std::string::npos) << bad.what();
  EXPECT_EQ(server_.requests().size(), 0u);
  EXPECT_EQ(waits_, 0);
}

TEST_F(ResultFetchElsewhere, SoIsARedirectToSuchAName) {
  server_.add(reply(302, "", "Location: " + url("cdn.example") + "\r\n"));
  EXPECT_EQ(failure(url("api.example")).kind(), ErrorKind::result);
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(ResultFetchElsewhere, TheServicesOwnHostMayBeThere) {
  server_.add(reply(200, kSound, kWav));
  EXPECT_EQ(fetch(url("api.example")), kSound);
}

TEST_F(ResultFetch, FromAServiceOnLoopbackEachHostIsGood) {
  test::FakeResolver resolver;
  resolver.add("cdn.example", "127.0.0.1");
  server_.add(reply(200, kSound, kWav));
  EXPECT_EQ(fetch("http://cdn.example:" + std::to_string(server_.port()) + "/s.wav"), kSound);
}

TEST_F(ResultFetch, NoKeyGoesToAResultsHost) {
  server_.add(cut(5));
  server_.add(reply(302, "", "Location: /t.wav\r\n"));
  server_.add(reply(200, kSound, kTagged));
  EXPECT_EQ(fetch(), kSound);
  for (const auto& request : server_.requests()) {
    EXPECT_EQ(request.header("Authorization"), "");
    EXPECT_EQ(request.head.find("s3cret-key"), std::string::npos);
  }
}

}  // namespace
}  // namespace klingv2a::cycle
