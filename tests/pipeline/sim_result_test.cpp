// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How the simulated service's results are read: by links that die, in parts, and in spite of connections that end in
// the middle.
#include <gtest/gtest.h>

#include "sim_fixture.h"

namespace klingv2a::test {
namespace {

using namespace std::chrono_literals;
using On = sim::Fault::On;
using Do = sim::Fault::Do;

constexpr const char* kWav = "$.data.task_result.audios[0].url_wav";
constexpr const char* kMp3 = "$.data.task_result.audios[0].url_mp3";
constexpr const char* kVideo = "$.data.task_result.videos[0].url";

class SimResults : public SimFixture {
 protected:
  // A task of `seconds` that has succeeded, and its answer.
  std::string done(const sim::Options& options, int seconds = 3) {
    run(options);
    id_ = submit(R"("video_id":"sim-)" + std::to_string(seconds) + R"(s")");
    return succeeded(id_);
  }
  [[nodiscard]] std::string link() const { return json_at(get(id_).body, kWav); }
  [[nodiscard]] static HttpReply part(const std::string& url, const std::string& range, const std::string& etag = {}) {
    return http_call({.method = "GET", .url = url, .range = range, .if_range = etag});
  }

  std::string id_;
};

// ---- links ----

TEST_F(SimResults, ALinkThatLivesIsGivenAgain) {
  const std::string url = json_at(done(quick()), kWav);
  EXPECT_EQ(link(), url);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get_result(url).status, 200);
  EXPECT_EQ(link(), url);
}

TEST_F(SimResults, ALinkExpiresAndTheNextQueryGivesAFreshOne) {
  sim::Options options = quick();
  options.link_life = 1500ms;
  const std::string url = json_at(done(options), kWav);
  EXPECT_EQ(get_result(url).status, 200);
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (get_result(url).status != 403) ASSERT_LT(std::chrono::steady_clock::now(), end);
  const std::string fresh = link();
  EXPECT_NE(fresh, url);
  EXPECT_EQ(get_result(fresh).status, 200);
  EXPECT_EQ(get_result(url).status, 403) << "an old link stays dead";
}

TEST_F(SimResults, ALinkIsUsedUpAndTheNextQueryGivesAFreshOne) {
  sim::Options options = quick_kling();
  options.link_fetches = 2;
  const std::string url = json_at(done(options), kWav);
  EXPECT_EQ(get_result(url).status, 200);
  EXPECT_EQ(link(), url);
  EXPECT_EQ(get_result(url).status, 200);
  EXPECT_EQ(get_result(url).status, 403);
  const std::string fresh =
      json_at(http_call({"GET", endpoint(), kKey, {}}).body, "$.data[0].task_result.audios[0].url_wav");
  EXPECT_NE(fresh, url);
  EXPECT_EQ(link(), fresh);
  EXPECT_EQ(get_result(fresh).status, 200);
  EXPECT_EQ(get_result(url).status, 403);
}

TEST_F(SimResults, ALinkDiesWhenAskedTo) {
  const std::string url = json_at(done(quick()), kWav);
  sim_->add_fault({.on = On::result, .what = Do::expire});
  EXPECT_EQ(get_result(url).status, 403);
  EXPECT_EQ(get_result(url).status, 403);
  const std::string fresh = link();
  EXPECT_NE(fresh, url);
  EXPECT_EQ(get_result(fresh).status, 200);
  EXPECT_EQ(get_result(url).status, 403);
}

// ---- parts ----

struct RangeRow {
  std::string range;
  int status;
  std::size_t first = 0, size = 0;  // of a part
};

TEST_F(SimResults, AreSentInPartsByTheRulesOfHttp) {
  const std::string url = json_at(done(quick()), kWav);
  const std::string whole = get_result(url).body;
  const std::string all = std::to_string(whole.size());
  const std::vector<RangeRow> rows = {
      {"bytes=0-0", 206, 0, 1},
      {"bytes=100-", 206, 100, whole.size() - 100},
      {"bytes=-10", 206, whole.size() - 10, 10},
      {"bytes=-999999999", 206, 0, whole.size()},
      {"bytes=40-999999999", 206, 40, whole.size() - 40},
      {"bytes=" + std::to_string(whole.size() - 1) + "-", 206, whole.size() - 1, 1},
  };
  for (const RangeRow& row : rows) {
    const HttpReply answer = part(url, row.range);
    EXPECT_EQ(answer.status, row.status) << row.range;
    EXPECT_EQ(answer.body, whole.substr(row.first, row.size)) << row.range;
    EXPECT_EQ(answer.header("Content-Range"),
              "bytes " + std::to_string(row.first) + "-" + std::to_string(row.first + row.size - 1) + "/" + all);
  }
  for (const char* ignored : {"bytes=5-2", "items=0-1", "bytes=0-1,4-5", "bytes=x-", "bytes=-", "bytes=0-x", "bytes"}) {
    const HttpReply answer = part(url, ignored);
    EXPECT_EQ(answer.status, 200) << ignored;
    EXPECT_EQ(answer.body, whole) << ignored;
  }
  for (const std::string& beyond : {"bytes=" + all + "-", std::string("bytes=999999999-"), std::string("bytes=-0")}) {
    EXPECT_EQ(part(url, beyond).status, 416) << beyond;
    EXPECT_EQ(part(url, beyond).header("Content-Range"), "bytes */" + all);
  }
}

TEST_F(SimResults, APartIsSentOnlyOfTheFileThatTheETagNames) {
  const std::string answer = done(quick());
  const std::string url = json_at(answer, kWav);
  const HttpReply whole = get_result(url);
  const std::string etag = whole.header("ETag");
  EXPECT_EQ(etag.front(), '"');
  EXPECT_EQ(whole.header("Accept-Ranges"), "bytes");
  EXPECT_NE(get_result(json_at(answer, kMp3)).header("ETag"), etag);
  EXPECT_EQ(part(url, "bytes=10-", etag).status, 206);
  EXPECT_EQ(part(url, "bytes=10-", etag).header("ETag"), etag);
  for (const char* other : {"\"other\"", "W/\"weak\"", "Sun, 06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(part(url, "bytes=10-", other).status, 200);
    EXPECT_EQ(part(url, "bytes=10-", other).body, whole.body);
  }
}

TEST_F(SimResults, AreAlwaysSentWholeWhenRangesAreOff) {
  sim::Options options = quick();
  options.ranges = false;
  const std::string url = json_at(done(options), kWav);
  const HttpReply answer = part(url, "bytes=10-19");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.is_whole());
  EXPECT_GT(answer.body.size(), 10U);
  EXPECT_EQ(answer.header("Accept-Ranges"), "");
  EXPECT_EQ(answer.header("Content-Range"), "");
}

TEST_F(SimResults, AHeadAsksForNoPart) {
  const std::string url = json_at(done(quick()), kWav);
  const HttpReply head = http_call({.method = "HEAD", .url = url, .range = "bytes=0-9"});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(get_result(url).body.size()));
}

// ---- cut ----

// Longer than what fits between the two sockets, so that the bytes before the cut must all have come through.
TEST_F(SimResults, ACutConnectionIsResumedWhereItEnded) {
  const std::string url = json_at(done(quick(), 20), kWav);
  const std::string whole = get_result(url).body;
  ASSERT_GT(whole.size(), 3'500'000U);
  sim_->add_fault({.on = On::result, .what = Do::cut, .bytes = 3'000'000});
  sim_->add_fault({.on = On::result, .what = Do::cut});
  const HttpReply first = get_result(url);
  EXPECT_TRUE(first.reset);
  EXPECT_EQ(first.header("Content-Length"), std::to_string(whole.size()));
  EXPECT_EQ(first.body.size(), 3'000'000U);
  const HttpReply second = part(url, "bytes=3000000-", first.header("ETag"));
  EXPECT_EQ(second.status, 206);
  EXPECT_TRUE(second.reset);
  EXPECT_EQ(second.body.size(), (whole.size() - first.body.size()) / 2);
  const HttpReply third = part(url, "bytes=" + std::to_string(first.body.size() + second.body.size()) + "-");
  EXPECT_EQ(third.status, 206);
  EXPECT_FALSE(third.reset);
  EXPECT_EQ(first.body + second.body + third.body, whole);
}

TEST_F(SimResults, ACutMayComeBeforeTheFirstByte) {
  const std::string url = json_at(done(quick()), kWav);
  sim_->add_fault({.on = On::result, .what = Do::cut, .bytes = 0});
  const HttpReply answer = get_result(url);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.reset);
  EXPECT_EQ(answer.body, "");
}

TEST_F(SimResults, AnswersOfTheApiAreCutToo) {
  (void)done(quick());
  sim_->add_fault({.on = On::query, .what = Do::cut});
  sim_->add_fault({.on = On::submit, .what = Do::cut, .paid = true});
  for (const HttpReply& answer : {get(id_), post(R"({"video_id":"sim-3s"})")}) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.reset);
    EXPECT_FALSE(answer.is_whole());
    EXPECT_NE(answer.body, "");
  }
  EXPECT_EQ(sim_->paid_tasks().size(), 2U);
}

// ---- a part was asked for, something else comes ----

TEST_F(SimResults, ARangeIsIgnoredOnce) {
  const std::string url = json_at(done(quick()), kWav);
  sim_->add_fault({.on = On::result, .what = Do::ignore_range});
  const std::string whole = get_result(url).body;
  const HttpReply answer = part(url, "bytes=10-");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, whole);
  EXPECT_EQ(part(url, "bytes=10-").status, 206);
}

struct FormRow {
  const char* path;
  std::string decoder;
};

TEST_F(SimResults, AChangedFileHasAnotherETagAndLengthAndTheSameSound) {
  const std::string answer = done(quick());
  for (const FormRow& row : {FormRow{kWav, "wavparse"}, FormRow{kMp3, "id3demux ! mpegaudioparse ! avdec_mp3"},
                             FormRow{kVideo, "qtdemux name=d d.audio_0 ! avdec_alac"}}) {
    const std::string url = json_at(answer, row.path);
    sim_->add_fault({.on = On::result, .what = Do::changed, .times = 2});
    const HttpReply whole = get_result(url);
    const std::string etag = whole.header("ETag");
    const HttpReply changed = part(url, "bytes=1000-", etag);
    EXPECT_EQ(changed.status, 200) << "If-Range does not hold";
    EXPECT_NE(changed.header("ETag"), etag);
    EXPECT_GT(changed.body.size(), whole.body.size());
    EXPECT_EQ(decode_sound(changed.body, row.decoder).samples, decode_sound(whole.body, row.decoder).samples);
    const HttpReply rest = part(url, "bytes=1000-");
    EXPECT_EQ(rest.status, 206);
    EXPECT_EQ(rest.header("ETag"), changed.header("ETag"));
    EXPECT_EQ(rest.body, changed.body.substr(1000));
    EXPECT_EQ(part(url, "bytes=1000-", etag).status, 206) << "the fault is over";
  }
}

}  // namespace
}  // namespace klingv2a::test
