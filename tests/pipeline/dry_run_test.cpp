// SPDX-License-Identifier: LGPL-2.1-or-later
//
// dry-run: everything that can be found out before paying is, and nothing is asked for, paid, or left in the journal.
#include "put_server.h"
#include "rerun.h"

namespace klingv2a::test {
namespace {

class DryRun : public Rerun {
 protected:
  struct Seen {
    End end = End::deadline;
    bool told = false, would_pay = false;
    std::string origin, request, summary, error_kind, error_text;
    std::vector<std::int16_t> samples;
    std::vector<std::string> progress;
  };

  Seen dry_run(const std::string& properties = {}, const std::string& source = mp4()) {
    PipelineRun run(pipeline("dry-run=true " + properties, source));
    const auto& heard = run.watch("k", "audio", PadLog::Keep::bytes);
    Seen seen;
    run.start();
    seen.told = run.wait_for_message([&](GstMessage* message) { return note(message, seen); });
    seen.end = run.wait_for_end();
    run.stop();
    if (!run.errors().empty()) {
      seen.error_kind = run.errors().front().detail("kind");
      seen.error_text = run.first_error();
    }
    for (const auto& progress : run.progress()) seen.progress.push_back(progress.text);
    if (seen.end == End::eos) seen.samples = sound_of_pad(heard).pcm.samples;
    return seen;
  }

  static bool note(GstMessage* message, Seen& seen) {
    const GstStructure* structure = gst_message_get_structure(message);
    if (!structure || !gst_structure_has_name(structure, "klingv2a-dry-run")) return false;
    gboolean would_pay = FALSE;
    gst_structure_get_boolean(structure, "would-pay", &would_pay);
    seen.would_pay = would_pay;
    seen.origin = gst_structure_get_string(structure, "origin");
    seen.request = gst_structure_get_string(structure, "request");
    seen.summary = gst_structure_get_string(structure, "summary");
    return true;
  }
};

TEST_F(DryRun, SaysWhatWouldBeSentAndPaidAndPlaysSilence) {
  const Seen seen = dry_run("sound-effect-prompt=rain");
  EXPECT_EQ(seen.end, End::eos);
  ASSERT_TRUE(seen.told);
  EXPECT_TRUE(seen.would_pay);
  EXPECT_EQ(seen.origin, "submitted");
  EXPECT_NE(seen.request.find("rain"), std::string::npos) << seen.request;
  EXPECT_NE(seen.summary.find("0.035 USD"), std::string::npos) << seen.summary;
  EXPECT_TRUE(service_.requests().empty()) << "the service was asked";
  EXPECT_EQ(seen.samples, std::vector<std::int16_t>(std::size_t{3} * 48000 * 2));
  EXPECT_TRUE(std::ranges::any_of(seen.progress, [](const auto& text) { return text.starts_with("checking"); }));
}

TEST_F(DryRun, LeavesNothingInTheJournal) {
  ASSERT_TRUE(dry_run().told);
  const Ran ran = run();
  expect_sound(ran, "submitted");
  EXPECT_EQ(ran.posts, 1);
}

TEST_F(DryRun, KnowsTheSoundThatIsKept) {
  expect_sound(run(), "submitted");
  const auto before = service_.requests().size();
  const Seen seen = dry_run();
  EXPECT_FALSE(seen.would_pay);
  EXPECT_EQ(seen.origin, "kept");
  EXPECT_EQ(seen.request, "");
  EXPECT_EQ(service_.requests().size(), before);
}

TEST_F(DryRun, PublishesAndFetchesAsATaskWould) {
  PutServer store;
  const Seen seen = dry_run("publish=" + store.publish());
  EXPECT_TRUE(seen.told) << seen.error_text;
  EXPECT_EQ(store.puts(), 2) << "the tiny file, and the proxy";
}

TEST_F(DryRun, FailsOfWhatATaskWouldFailOf) {
  const Seen seen = dry_run("publish=" + service_.base_url() + "/takes-no-put/{name}.mp4");
  EXPECT_FALSE(seen.told);
  EXPECT_EQ(seen.end, End::error);
  EXPECT_EQ(seen.error_kind, "settings");
  EXPECT_EQ(posts(service_), 0);
}

// ---- the signal publish-clip

struct Program {
  PutServer store;
  std::string answer_instead;
  std::string path, content_type;

  static char* publish(GstElement*, const char* path, const char* content_type, gpointer self) {
    auto& program = *static_cast<Program*>(self);
    program.path = path;
    program.content_type = content_type;
    if (!program.answer_instead.empty()) return g_strdup(program.answer_instead.c_str());
    char* bytes = nullptr;
    gsize size = 0;
    if (!g_file_get_contents(path, &bytes, &size, nullptr)) return nullptr;
    const std::string url = program.store.keep("/of-the-program.mp4", std::string(bytes, size));
    g_free(bytes);
    return g_strdup(url.c_str());
  }
};

class PublishClip : public Rerun {
 protected:
  Ran run_with_handler() {
    // The property would not work: the handler wins.
    PipelineRun run(pipeline("publish=http://127.0.0.1:1/{name}.mp4"));
    g_signal_connect(run.element("k").get(), "publish-clip", G_CALLBACK(Program::publish), &program_);
    return run_to_end(run);
  }
  Program program_;
};

TEST_F(PublishClip, ThePaidTaskFetchesWhatTheProgramHasPublished) {
  const Ran ran = run_with_handler();
  expect_sound(ran, "submitted");
  EXPECT_EQ(program_.content_type, "video/mp4");
  ASSERT_EQ(service_.paid_tasks().size(), 1U);
  EXPECT_NE(service_.paid_tasks()[0].body.find("/of-the-program.mp4"), std::string::npos);
}

TEST_F(PublishClip, AnAnswerThatIsNoUrlIsAnErrorAndCostsNothing) {
  program_.answer_instead = "nowhere";
  const Ran ran = run_with_handler();
  EXPECT_EQ(ran.end, End::error);
  EXPECT_EQ(ran.kind(), "settings");
  EXPECT_EQ(ran.paid(), "no");
  EXPECT_EQ(ran.posts, 0);
}

TEST_F(PublishClip, NeedsNoPropertyPublish) {
  const auto element =
      GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("klingv2a", nullptr))));
  g_object_set(element.get(), "api-key", "k", "base-url", "https://api.example.org", nullptr);
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  g_signal_connect(element.get(), "publish-clip", G_CALLBACK(Program::publish), &program_);
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state(element.get(), GST_STATE_NULL);
}

// ---- the signal before-submit

class BeforeSubmit : public Rerun {
 protected:
  struct Asked {
    int times = 0;
    guint clip = 0;
    const char* answer = nullptr;
  };
  static char* ask(GstElement*, guint clip, gpointer data) {
    auto& asked = *static_cast<Asked*>(data);
    ++asked.times;
    asked.clip = clip;
    return g_strdup(asked.answer);
  }
  Ran run_with_answer(const char* answer) {
    asked_.answer = answer;
    PipelineRun run(pipeline(""));
    g_signal_connect(run.element("k").get(), "before-submit", G_CALLBACK(ask), &asked_);
    return run_to_end(run);
  }
  Asked asked_;
};

TEST_F(BeforeSubmit, AReasonIsAnErrorAndCostsNothing) {
  const Ran ran = run_with_answer("the budget is spent");
  EXPECT_EQ(ran.end, End::error);
  EXPECT_EQ(ran.kind(), "settings");
  EXPECT_EQ(ran.paid(), "no");
  EXPECT_EQ(ran.posts, 0);
  EXPECT_NE(ran.error.text.find("the budget is spent"), std::string::npos) << ran.error.text;
  expect_sound(run_with_answer(nullptr), "submitted");
}

TEST_F(BeforeSubmit, IsAskedOnceAndNotForASoundThatIsThere) {
  expect_sound(run_with_answer(nullptr), "submitted");
  EXPECT_EQ(asked_.times, 1);
  EXPECT_EQ(asked_.clip, 1U);
  expect_sound(run_with_answer("no"), "kept");
  EXPECT_EQ(asked_.times, 1);
}

TEST_F(BeforeSubmit, TheBinPassesItOn) {
  asked_.answer = "no";
  PipelineRun run("filesrc location=" + test_clip({.seconds = 3}) +
                  " ! klingv2abin name=k api-key=sim-key base-url=" + service_.base_url() + " ! fakesink");
  g_signal_connect(run.element("k").get(), "before-submit", G_CALLBACK(ask), &asked_);
  EXPECT_EQ(run.run(), End::error);
  run.stop();
  EXPECT_EQ(asked_.times, 1);
  EXPECT_EQ(posts(service_), 0);
}

}  // namespace
}  // namespace klingv2a::test
