// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is posted on the bus: one START and one terminal PROGRESS a job whatever happens, the task's states, and errors
// that say what they cost.
#include <algorithm>

#include "element_fixture.h"

namespace klingv2a::test {
namespace {

using On = sim::Fault::On;
using Do = sim::Fault::Do;

class MessagesTest : public ElementTest {
 protected:
  static constexpr const char* kById = "video-id=sim-3s";

  static auto count(const ElementRig& rig, const std::string& message) {
    return std::ranges::count(rig.message_order(), message);
  }
  static int terminal_count(const ElementRig& rig) {
    return static_cast<int>(count(rig, "PROGRESS complete") + count(rig, "PROGRESS error") +
                            count(rig, "PROGRESS canceled"));
  }
  // One START, one terminal message, percentages from 0 to 100 that never fall, all of the same job.
  static void expect_one_job(const ElementRig& rig, const std::string& ends) {
    EXPECT_TRUE(rig.wait_until([&] { return terminal_count(rig) > 0; }));
    EXPECT_EQ(count(rig, "PROGRESS start"), 1);
    EXPECT_EQ(terminal_count(rig), 1);
    EXPECT_EQ(count(rig, "PROGRESS " + ends), 1);
    const auto progress = rig.progress();
    int percent = 0;
    for (const auto& message : progress) {
      EXPECT_GE(message.percent, percent) << message.text;
      EXPECT_EQ(message.code, progress.front().code);
      EXPECT_EQ(message.source, "k");
      EXPECT_FALSE(message.text.empty());
      percent = message.percent;
    }
    EXPECT_EQ(progress.front().type, GST_PROGRESS_TYPE_START);
    EXPECT_EQ(progress.front().percent, 0);
    EXPECT_EQ(progress.back().percent, 100);
  }
  static void to_null(const ElementRig& rig) { gst_element_set_state(rig.element(), GST_STATE_NULL); }
  static bool wait_for_text(const ElementRig& rig, const std::string& text) {
    return rig.wait_until([&] {
      const auto progress = rig.progress();
      return std::ranges::any_of(progress, [&](const auto& seen) { return seen.text.find(text) != std::string::npos; });
    });
  }
  static std::string text_property(const ElementRig& rig, const char* name) {
    char* raw = nullptr;
    g_object_get(rig.element(), name, &raw, nullptr);
    const GCharPtr text(raw);
    return text ? text.get() : "";
  }
};

// ---- success

TEST_F(MessagesTest, ASuccessIsOneJobWithItsPhasesAndItsTask) {
  ElementRig rig(base_url(), {.properties = kById});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  expect_one_job(rig, "complete");
  for (const char* phase : {"submitting", "waiting", "downloading", "decoding"})
    EXPECT_TRUE(wait_for_text(rig, phase)) << phase;
  EXPECT_TRUE(rig.errors().empty());
  EXPECT_TRUE(rig.warnings().empty());

  const auto paid = service_.paid_tasks();
  ASSERT_EQ(paid.size(), 1U);
  const auto tasks = rig.tasks();
  ASSERT_GE(tasks.size(), 2U);
  EXPECT_EQ(tasks.front().status, "submitted");
  EXPECT_EQ(tasks.back().status, "succeed");
  for (const auto& task : tasks) {
    EXPECT_EQ(task.clip, 1U);
    EXPECT_EQ(task.task_id, paid.front().task_id);
    EXPECT_EQ(task.external_task_id, paid.front().external_task_id);
  }
  for (std::size_t i = 1; i < tasks.size(); ++i) EXPECT_NE(tasks[i].status, tasks[i - 1].status) << "only changes";
  EXPECT_EQ(text_property(rig, "task-id"), paid.front().task_id);
}

TEST_F(MessagesTest, TheTaskCanBeReadWhileItRuns) {
  service_.set_task_time(std::chrono::minutes(1));
  const ElementRig rig(base_url(), {.properties = kById});
  EXPECT_EQ(text_property(rig, "task-id"), "");
  rig.push_clip();
  ASSERT_TRUE(rig.wait_until([&] { return !rig.tasks().empty(); }));
  EXPECT_EQ(text_property(rig, "task-id"), service_.paid_tasks().front().task_id);
}

// ---- errors

TEST_F(MessagesTest, AnErrorComesBeforeItsProgressError) {
  service_.add_fault({.on = On::submit, .what = Do::error_code, .code = "1102"});
  ElementRig rig(base_url(), {.properties = kById});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end()) << "both pads end, so that nothing downstream waits for ever";
  expect_one_job(rig, "error");
  const auto order = rig.message_order();
  EXPECT_EQ(order.back(), "PROGRESS error");
  EXPECT_EQ(order[order.size() - 2], "ERROR");
  EXPECT_EQ(rig.errors().size(), 1U);
  EXPECT_EQ(rig.video_log().count(), 0U) << "no frame leaves without its sound";
  EXPECT_EQ(rig.sound_log().count(), 0U);
}

TEST(ErrorDetailsTest, AreFieldsAndText) {
  auto options = quick_service();
  options.dialect = sim::Provider::kling;
  sim::Service service(options);
  service.add_fault({.on = On::submit, .what = Do::error_code, .code = "1102"});
  const ElementRig rig(service.base_url(), {.properties = "video-id=sim-3s external-task-id=mine"});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_error());
  const auto error = rig.errors().front();
  EXPECT_EQ(error.source, "k");
  EXPECT_TRUE(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED));
  const std::map<std::string, std::string> wanted{
      {"kind", "billing"}, {"phase", "submit"},          {"http-status", "429"}, {"kling-code", "1102"},
      {"paid", "no"},      {"external-task-id", "mine"}, {"retryable", "false"}};
  for (const auto& [field, value] : wanted) EXPECT_EQ(error.detail(field), value) << field;
  EXPECT_FALSE(error.detail("request-id").empty());
  for (const char* text : {"kind=billing", "phase=submit", "http-status=429", "kling-code=1102", "paid=no",
                           "external-task-id=mine", "request-id=", "retryable=no"})
    EXPECT_NE(error.debug.find(text), std::string::npos) << text << " in " << error.debug;
}

TEST_F(MessagesTest, AFailedTaskSaysWhyAndThatItWasPaid) {
  service_.add_fault({.on = On::submit, .what = Do::fail_task, .message = "Image pixel is invalid"});
  const ElementRig rig(base_url(), {.properties = kById});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_error());
  expect_one_job(rig, "error");
  const auto error = rig.errors().front();
  EXPECT_EQ(error.detail("kind"), "task-failed");
  EXPECT_EQ(error.detail("paid"), "yes");
  EXPECT_EQ(error.detail("task-id"), service_.paid_tasks().front().task_id);
  EXPECT_NE(error.text.find("Image pixel is invalid"), std::string::npos) << error.text;
  EXPECT_EQ(rig.tasks().back().status, "failed");
  EXPECT_EQ(rig.tasks().back().status_message, "Image pixel is invalid");
}

TEST_F(MessagesTest, ALimitBrokenWhileHoldingIsOneJobThatFailed) {
  const ElementRig rig(base_url(), {.properties = "max-clips=1"});
  rig.begin();
  rig.push_frames(700);
  ASSERT_TRUE(rig.wait_for_error());
  expect_one_job(rig, "error");
}

// ---- silence

TEST_F(MessagesTest, SilenceIsAWarningAndACompleteJob) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  expect_one_job(rig, "complete");
  EXPECT_TRUE(rig.errors().empty());
  const auto warnings = rig.warnings();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings.front().detail("kind"), "input");
  EXPECT_EQ(warnings.front().detail("kling-code").empty(), false);
  const auto order = rig.message_order();
  EXPECT_LT(std::ranges::find(order, "WARNING"), std::ranges::find(order, "PROGRESS complete"));
}

// ---- cancelled

TEST_F(MessagesTest, ACancelDuringTheHoldIsOneCancelledJob) {
  const ElementRig rig(base_url(), {.properties = kById});
  rig.begin();
  rig.push_frames(30);
  to_null(rig);
  expect_one_job(rig, "canceled");
  EXPECT_TRUE(rig.errors().empty());
  EXPECT_TRUE(rig.warnings().empty()) << "nothing was paid";
}

TEST_F(MessagesTest, ACancelAfterTheSubmitNamesThePaidTask) {
  service_.set_task_time(std::chrono::minutes(1));
  const ElementRig rig(base_url(), {.properties = kById});
  rig.push_clip();
  ASSERT_TRUE(wait_for_text(rig, "waiting for the task"));
  to_null(rig);
  expect_one_job(rig, "canceled");
  EXPECT_TRUE(rig.errors().empty());
  ASSERT_TRUE(rig.wait_until([&] { return !rig.warnings().empty(); }));
  const auto warning = rig.warnings().front();
  EXPECT_EQ(warning.detail("kind"), "cancelled");
  EXPECT_EQ(warning.detail("paid"), "yes");
  EXPECT_EQ(warning.detail("task-id"), service_.paid_tasks().front().task_id);
}

TEST_F(MessagesTest, AFlushDuringTheHoldIsOneCancelledJob) {
  const ElementRig rig(base_url(), {.properties = kById});
  rig.begin();
  rig.push_frames(30);
  rig.push_event(gst_event_new_flush_start());
  rig.push_event(gst_event_new_flush_stop(TRUE));
  expect_one_job(rig, "canceled");
  EXPECT_TRUE(rig.errors().empty());
}

TEST_F(MessagesTest, AFinishedJobIsNotCancelledOnTheWayDown) {
  refuse_tasks();
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  to_null(rig);
  expect_one_job(rig, "complete");
}

// ---- stats

TEST_F(MessagesTest, StatsCountWhatHappened) {
  ElementRig rig(base_url(), {.properties = kById});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  GstStructure* raw = nullptr;
  g_object_get(rig.element(), "stats", &raw, nullptr);
  const std::unique_ptr<GstStructure, Deleter<gst_structure_free>> stats(raw);
  guint clips = 0, tasks = 0, polls = 0;
  gint64 samples = 0;
  EXPECT_TRUE(gst_structure_get(stats.get(), "clips", G_TYPE_UINT, &clips, "tasks", G_TYPE_UINT, &tasks, "polls",
                                G_TYPE_UINT, &polls, "samples", G_TYPE_INT64, &samples, nullptr));
  EXPECT_EQ(clips, 1U);
  EXPECT_EQ(tasks, 1U);
  EXPECT_GE(polls, 1U);
  EXPECT_EQ(samples, 3 * 48000);
  EXPECT_STREQ(gst_structure_get_string(stats.get(), "sound-form"), "wav");
}

}  // namespace
}  // namespace klingv2a::test
