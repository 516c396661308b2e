// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a rerun does, by what the journal knows of the clip: judged at the service (POSTs, all requests) and by the
// sound. What nobody knows is in rerun_unknown_test.cpp.
#include <algorithm>
#include <fstream>

#include "program.h"
#include "raw_server.h"
#include "rerun.h"

namespace klingv2a::test {
namespace {

class RerunTest : public Rerun {
 protected:
  RerunTest() = default;
  explicit RerunTest(const sim::Options& options) : Rerun(options) {}
};

TEST_F(RerunTest, NothingIsKnownSoATaskIsPaid) {
  const Ran ran = run();
  expect_sound(ran, "submitted");
  EXPECT_EQ(ran.posts, 1);
}

TEST_F(RerunTest, OfATaskUnderWayGoesOnWaitingForIt) {
  service_.set_task_time(std::chrono::seconds(600));
  stop_after_post();
  service_.set_task_time(Milliseconds(10));
  const Ran ran = run();
  expect_sound(ran, "resumed");
  EXPECT_EQ(ran.posts, 0);
}

class RerunWithShortLinks : public RerunTest {
 protected:
  RerunWithShortLinks() : RerunTest(one_fetch_a_link()) {}
  static sim::Options one_fetch_a_link() {
    auto options = quick_service();
    options.link_fetches = 1;
    return options;
  }
};

TEST_F(RerunWithShortLinks, OfATaskThatIsDoneAsksForAFreshLinkWithOneGet) {
  service_.add_fault({.on = On::result, .what = Do::hang});
  stop_when([](const sim::Service& service) { return service.count("GET", "/results/") > 0; });
  service_.clear_faults();
  const Ran ran = run();
  expect_sound(ran, "downloaded-again");
  EXPECT_EQ(ran.posts, 0);
  EXPECT_EQ(ran.requests, 2) << "the task, the result";
}

TEST_F(RerunTest, OfADownloadedResultAsksNobody) {
  const Ran first = run();
  expect_sound(first, "submitted");
  expect_kept(run(), first);
}

TEST_F(RerunTest, OfADownloadedResultNeedsNoServiceAtAll) {
  const Ran first = run();
  service_.add_fault({.on = On::api, .what = Do::status, .times = -1, .http_status = 500});
  expect_kept(run(), first);
}

TEST_F(RerunTest, InAnotherProcessAsksNobodyAndGivesTheSameFile) {
  const TemporaryFolder folder;
  const auto launch = [&](const std::string& name) {
    const auto result =
        gst_launch(mp4() + "klingv2a name=k ! fakesink k.audio ! audioconvert ! audio/x-raw,format=S16LE ! " +
                       "wavenc ! filesink location=" + folder.file(name),
                   {{"KLINGV2A_API_KEY", "sim-key"}, {"KLINGV2A_BASE_URL", service_.base_url()}});
    EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
    return result;
  };
  launch("first.wav");
  const auto requests = service_.requests().size();
  EXPECT_EQ(posts(service_), 1);
  const auto second = launch("second.wav");
  EXPECT_EQ(service_.requests().size(), requests) << "not a single request";
  EXPECT_NE(second.output.find("nothing is paid"), std::string::npos) << second.output;
  const auto sound = sound_of_file(folder.file("first.wav"));
  EXPECT_EQ(sound.clicks(), (std::vector<std::int64_t>{32000, 97600}));
  EXPECT_TRUE(sound.pcm.samples == sound_of_file(folder.file("second.wav")).pcm.samples) << "another sound";
}

TEST_F(RerunTest, OfAFailedTaskFailsAgainForNothingUntilAnotherTakeIsAskedFor) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Image pixel is invalid"});
  const Ran first = run();
  const Ran second = run();
  for (const Ran& ran : {first, second}) {
    EXPECT_EQ(ran.end, End::error);
    EXPECT_EQ(ran.kind(), "task-failed");
    EXPECT_EQ(ran.paid(), "yes");
    EXPECT_NE(ran.error.text.find("Image pixel is invalid"), std::string::npos) << ran.error.text;
    EXPECT_EQ(ran.error.detail("task-id"), service_.paid_tasks().front().task_id);
  }
  EXPECT_EQ(second.requests, 0);
  EXPECT_EQ(second.paid_tasks, 0);
  expect_sound(run("take=1"), "submitted");
  EXPECT_EQ(posts(service_), 2);
}

TEST_F(RerunTest, OfATaskThatFailedOfSomethingThatPassesAsksForAnother) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Internal error, try again"});
  EXPECT_EQ(run().kind(), "task-failed");
  const Ran second = run();
  expect_sound(second, "submitted");
  EXPECT_EQ(second.posts, 1);
  EXPECT_NE(service_.paid_tasks().at(0).external_task_id, service_.paid_tasks().at(1).external_task_id);
}

TEST_F(RerunTest, FetchesAKeptSoundThatIsGoneAgain) {
  const Ran first = run();
  ASSERT_EQ(kept_files().size(), 1U);
  std::filesystem::remove(kept_files().front());
  const Ran second = run();
  expect_sound(second, "downloaded-again");
  EXPECT_EQ(second.posts, 0);
  EXPECT_TRUE(second.samples == first.samples);
  expect_kept(run(), first);
}

TEST_F(RerunTest, FetchesAKeptSoundThatIsDamagedAgain) {
  const Ran first = run();
  ASSERT_EQ(kept_files().size(), 1U);
  {
    std::fstream file(kept_files().front(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(kept_files().front()) / 2));
    file.write("damage", 6);
    ASSERT_TRUE(file.good());
  }
  const Ran second = run();
  expect_sound(second, "downloaded-again");
  EXPECT_EQ(second.posts, 0);
  EXPECT_TRUE(second.samples == first.samples);
  expect_kept(run(), first);
}

TEST_F(RerunTest, KeepsNothingWhenToldSoAndPaysNothingAllTheSame) {
  const Ran first = run("max-kept-bytes=0");
  expect_sound(first, "submitted");
  EXPECT_TRUE(kept_files().empty());
  const Ran second = run("max-kept-bytes=0");
  expect_sound(second, "downloaded-again");
  EXPECT_EQ(second.posts, 0);
}

TEST_F(RerunTest, OfTheSameClipInAnotherContainerIsTheSame) {
  const Ran first = run();
  const TemporaryFolder folder;
  const std::string mkv = folder.file("clip.mkv");
  PipelineRun remux(mp4() + "matroskamux ! filesink location=" + mkv);  // to encode again would give another clip
  ASSERT_EQ(remux.run(), End::eos) << remux.first_error();
  remux.stop();
  const Ran second = run({}, "filesrc location=" + mkv + " ! matroskademux ! h264parse ! ");
  expect_sound(second, "kept");
  EXPECT_EQ(second.requests, 0);
  // Matroska counts in milliseconds, so the clip may end a few samples earlier or later.
  const auto common = static_cast<std::ptrdiff_t>(std::min(first.samples.size(), second.samples.size()));
  EXPECT_GE(common, 2 * 143900);
  EXPECT_TRUE(std::equal(first.samples.begin(), first.samples.begin() + common, second.samples.begin()));
}

TEST_F(RerunTest, WithAnotherWishIsAnotherTask) {
  for (const char* wish : {"", "sound-effect-prompt=rain", "bgm-prompt=rain", "asmr-mode=true", "take=1"}) {
    SCOPED_TRACE(wish);
    const Ran ran = run(wish);
    expect_sound(ran, "submitted");
    EXPECT_EQ(ran.posts, 1);
  }
}

TEST_F(RerunTest, WithWhatDoesNotChangeTheSoundIsTheSame) {
  const Ran first = run();
  for (const char* change :
       {"publish=serve://127.0.0.1?public=http://127.0.0.1:1/", "timeout=77", "callback-url=https://127.0.0.1:1/",
        "external-task-id=mine", "max-tasks=1", "on-failure=silence"}) {
    SCOPED_TRACE(change);
    expect_kept(run(change), first);
  }
}

TEST_F(RerunTest, WithAResignedVideoUrlIsTheSame) {
  RawServer store;
  store.set_default(reply(200, test_clip_bytes(clip()), "Content-Type: video/mp4\r\n"));
  const Ran first = run("video-url=" + store.url("/clip.mp4?signature=one"));
  expect_sound(first, "submitted");
  expect_kept(run("video-url=" + store.url("/clip.mp4?signature=two")), first);
  expect_sound(run("video-url=" + store.url("/other.mp4?signature=two")), "submitted");
}

TEST_F(RerunTest, WithoutAnAudioLinkWarnsWhenTheSoundIsKept) {
  const std::string unlinked = mp4() + klingv2a_on(service_) + "k.video ! queue ! fakesink sync=false";
  {
    PipelineRun nothing_kept(unlinked);
    const Ran ran = run_to_end(nothing_kept);
    EXPECT_EQ(ran.kind(), "settings");
    EXPECT_EQ(ran.posts, 0);
  }
  expect_sound(run(), "submitted");
  PipelineRun kept(unlinked);
  const Ran ran = run_to_end(kept);
  EXPECT_EQ(ran.end, End::eos) << ran.error.text;
  EXPECT_EQ(ran.origin, "kept");
  EXPECT_EQ(ran.requests, 0);
  ASSERT_EQ(ran.warnings.size(), 1U);
  EXPECT_EQ(ran.warnings.front().detail("kind"), "settings");
}

}  // namespace
}  // namespace klingv2a::test
