// SPDX-License-Identifier: LGPL-2.1-or-later
//
// notify::task-id and notify::stats: when there is something new, not too often, and on no thread of the stream.
#include <algorithm>
#include <atomic>
#include <thread>

#include "element_fixture.h"
#include "own_properties.h"

namespace klingv2a::test {
namespace {

// Counts a property's notifications; each reads the property, as a program would.
class Notified {
 public:
  Notified(GstElement* element, const char* property) : element_(element), property_(property) {
    handler_ = g_signal_connect(element, (std::string("notify::") + property).c_str(), G_CALLBACK(&note), this);
  }
  ~Notified() { g_signal_handler_disconnect(element_, handler_); }
  Notified(const Notified&) = delete;
  Notified& operator=(const Notified&) = delete;
  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool on_thread(std::thread::id thread) {
    const std::lock_guard lock(mutex_);
    return std::ranges::count(threads_, thread) > 0;
  }
  [[nodiscard]] std::string last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  static void note(GObject* object, GParamSpec* spec, gpointer data) {
    auto* self = static_cast<Notified*>(data);
    auto value = read_property(GST_ELEMENT(object), spec);
    const std::lock_guard lock(self->mutex_);
    self->last_ = std::move(value);
    self->threads_.push_back(std::this_thread::get_id());
    ++self->count_;
  }
  GstElement* const element_;
  const std::string property_;
  gulong handler_ = 0;
  std::atomic<int> count_ = 0;
  std::mutex mutex_;
  std::string last_;
  std::vector<std::thread::id> threads_;
};

class NotifyTest : public ElementTest {};

TEST_F(NotifyTest, TheTaskIdWhenItChanges) {
  service_.set_task_time(std::chrono::seconds(5));  // submitted, processing, succeed: three looks at least
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  Notified task_id(rig.element(), "task-id");
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_GE(rig.tasks().size(), 2U);
  EXPECT_EQ(task_id.count(), 1);
  EXPECT_NE(task_id.last().find(rig.tasks().front().task_id), std::string::npos);
  gst_element_set_state(rig.element(), GST_STATE_READY);
  gst_element_set_state(rig.element(), GST_STATE_PLAYING);
  EXPECT_EQ(task_id.count(), 2) << "there is none yet";
  EXPECT_EQ(task_id.last(), "NULL");
  gst_element_set_state(rig.element(), GST_STATE_READY);
  gst_element_set_state(rig.element(), GST_STATE_PLAYING);
  EXPECT_EQ(task_id.count(), 2) << "there was none";
}

TEST_F(NotifyTest, StatsAtTheEndOfAJobAndNotTooOften) {
  service_.set_task_time(std::chrono::seconds(2));
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  Notified stats(rig.element(), "stats");
  const auto begin = std::chrono::steady_clock::now();
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  ASSERT_TRUE(rig.wait_until([&] { return stats.last().find("samples=(gint64)144000") != std::string::npos; }));
  const auto quarters = (std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds(250);
  EXPECT_GE(stats.count(), 2);
  EXPECT_LE(stats.count(), quarters + 4);
  EXPECT_FALSE(stats.on_thread(std::this_thread::get_id())) << "the streaming thread, here";
}

TEST_F(NotifyTest, StatsOfAFailureToo) {
  service_.add_fault({.on = sim::Fault::On::submit, .what = sim::Fault::Do::error_code, .code = "1301"});
  ElementRig rig(base_url(), {.properties = "video-id=sim-3s"});
  Notified stats(rig.element(), "stats");
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_error());
  EXPECT_TRUE(
      rig.wait_until([&] { return stats.last().find("content") != std::string::npos; }, std::chrono::seconds(10)));
}

// Of the children, whose properties the bin passes on.
TEST_F(NotifyTest, TheBinPassesThemOn) {
  const auto bin = new_element("klingv2abin");
  const Notified stats(bin.get(), "stats"), task_id(bin.get(), "task-id"), report(bin.get(), "report");
  const auto kling = GObjectPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "kling"));
  const auto mixer = GObjectPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(bin.get()), "mix"));
  g_object_notify(G_OBJECT(kling.get()), "task-id");
  g_object_notify(G_OBJECT(kling.get()), "stats");
  EXPECT_EQ(task_id.count(), 1);
  EXPECT_EQ(stats.count(), 1);
  EXPECT_EQ(report.count(), 2);
  g_object_notify(G_OBJECT(mixer.get()), "stats");
  EXPECT_EQ(stats.count(), 1) << "the bin's stats are klingv2a's";
  EXPECT_EQ(report.count(), 3);
}

}  // namespace
}  // namespace klingv2a::test
