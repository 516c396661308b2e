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
class Host : public ClipRunHost {
 public:
  // True when the run failed before the deadline.
  bool wait_for_failure(std::chrono::milliseconds deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return failed_; });
  }
  [[nodiscard]] bool failed_while_taking() const { return failed_while_taking_; }

  void on_conform(ClipRun& /*run*/, const std::vector<std::string>& /*reasons*/,
                  const EncoderInUse& /*encoder*/) override {
    failed_while_taking_ = wait_for_failure(700ms);
  }
  void on_failed(ClipRun& /*run*/, const Error& /*error*/) override {
    {
      const std::lock_guard lock(mutex_);
      failed_ = true;
    }
    changed_.notify_all();
  }
  bool on_starving(ClipRun& /*run*/) override { return false; }

  void check_links() override {}
  void check_submit(ClipRun&) override {}
  CapsPtr fix_audio_caps() override { return {}; }
  void on_phase(ClipRun& /*run*/, Phase /*phase*/) override {}
  void on_waiting(ClipRun& /*run*/, Seconds /*waited*/) override {}
  void on_task(ClipRun& /*run*/, const kling::Task& /*task*/) override {}
  void on_origin(ClipRun& /*run*/, cycle::Origin /*origin*/) override {}
  void on_turn(ClipRun& /*run*/, const std::string& /*what*/) override {}
  void on_journal_failure(ClipRun& /*run*/, const Error& /*error*/) override {}
  void on_file_left(ClipRun& /*run*/, const Error& /*error*/) override {}
  void on_oddity(ClipRun& /*run*/, const Error& /*error*/) override {}
  void on_retry(ClipRun& /*run*/, const Error& /*error*/, int /*attempt*/, Seconds /*gap*/) override {}
  void on_missing_decoder(const CapsPtr& /*caps*/) override {}
  void on_missing_encoder(const CapsPtr& /*caps*/) override {}
  void on_rehearsed(ClipRun& /*run*/, const cycle::Rehearsal& /*rehearsal*/) override {}
  void on_sound(ClipRun& /*run*/, std::shared_ptr<const Soundtrack> /*sound*/, const RunReport& /*report*/) override {}

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
  Host host;
  ClipRun run(host, 1, settings);
  std::thread cycle([&] { run.main(); });
  run.take(picture());
  EXPECT_FALSE(host.failed_while_taking());
  EXPECT_TRUE(host.wait_for_failure(10s)) << "from here on none arrives";
  run.cancel();
  cycle.join();
}

}  // namespace
}  // namespace klingv2a
