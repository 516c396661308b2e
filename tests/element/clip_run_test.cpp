// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A run that waits for its clip: what counts as no frame arriving.
#include "clip_run.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace klingv2a {
namespace {

using namespace std::chrono_literals;

// on_conform() is called while a frame is taken in, so it stands for a transcoder that takes its time.
class Listener : public RunListener {
 public:
  // True when the run failed before the deadline.
  bool wait_for_failure(std::chrono::milliseconds deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return failed_; });
  }
  [[nodiscard]] bool failed_while_taking() const { return failed_while_taking_; }

  void on_conform(const std::vector<std::string>& /*reasons*/, const EncoderInUse& /*encoder*/) override {
    failed_while_taking_ = wait_for_failure(700ms);
  }
  void on_failed(const Error& /*error*/) override {
    {
      const std::lock_guard lock(mutex_);
      failed_ = true;
    }
    changed_.notify_all();
  }
  bool on_starving() override { return false; }
  void warn_of_starving(const Error& /*warning*/) override {}

  void check_links() override {}
  void before_submit() override {}
  void on_cut(const ClipTimeline& /*timeline*/) override {}
  void on_phase(Phase /*phase*/) override {}
  void on_waiting(Seconds /*waited*/) override {}
  void on_task(const gateway::Task& /*task*/) override {}
  void on_retry(const Error& /*error*/, int /*attempt*/, Seconds /*gap*/) override {}
  void on_missing_decoder(const CapsPtr& /*caps*/) override {}
  void on_missing_encoder(const CapsPtr& /*caps*/) override {}
  void on_dry_run(const cycle::DryRun& /*dry_run*/) override {}
  void on_done(const ClipReport& /*report*/) override {}

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool failed_ = false;               // guarded by mutex_
  bool failed_while_taking_ = false;  // the thread's that takes
};

IntakeBuffer picture() {
  IntakeBuffer part;
  part.caps = CapsPtr::adopt(
      gst_caps_from_string("video/x-raw, format=I420, width=16, height=16, framerate=25/1, pixel-aspect-ratio=1/1"));
  part.buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, 384, nullptr));
  gst_buffer_memset(part.buffer.get(), 0, 0x55, 384);
  GST_BUFFER_PTS(part.buffer.get()) = 0;
  part.held = part.buffer;
  part.time = FrameTime{0, 40 * GST_MSECOND};
  return part;
}

TEST(ClipRun, AFrameThatIsBeingTakenInHasArrived) {
  RunSettings settings;
  settings.timeout = Seconds(0.2);
  const auto listener = std::make_shared<Listener>();
  ClipRun run(listener, 1, settings, GObjectPtr<GCancellable>::adopt(g_cancellable_new()));
  std::thread cycle([&] { run.main(); });
  run.take(picture());
  EXPECT_FALSE(listener->failed_while_taking());
  EXPECT_TRUE(listener->wait_for_failure(10s)) << "from here on none arrives";
  run.cancel();
  cycle.join();
}

}  // namespace
}  // namespace klingv2a
