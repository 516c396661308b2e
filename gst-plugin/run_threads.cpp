// SPDX-License-Identifier: LGPL-2.1-or-later
#include "run_threads.h"

#include <utility>

#include "sound_listener.h"

namespace klingv2a {

void RunThreads::make(ElementState& /*locked*/, const SoundPtr& sound, RunSettings settings) {
  const auto cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  sound->listener = std::make_shared<SoundListener>(state_, links_, sound, settings, cancel,
                                                    [this](const Failure& failure) { failures_.fail(failure); });
  sound->run = std::make_shared<ClipRun>(sound->listener, sound->number, std::move(settings), cancel);
}

void RunThreads::start(const SoundPtr& sound) {
  end_settled();
  sound->listener->start_progress();
  auto thread = std::make_unique<WorkThread>(sound->run, state_.self);
  const MutexLocker lock(state_.mutex);
  threads_.push_back({sound, std::move(thread)});
}

void RunThreads::end_settled() {
  std::vector<SoundThread> ended;  // destroyed behind the lock
  {
    const MutexLocker lock(state_.mutex);
    for (auto& entry : threads_)
      if (entry.sound->is_decided()) ended.push_back(std::move(entry));
    std::erase_if(threads_, [](const auto& entry) { return !entry.sound; });
  }
}

void RunThreads::cancel_all() {
  std::vector<SoundPtr> running;
  {
    const MutexLocker lock(state_.mutex);
    for (const auto& entry : threads_) running.push_back(entry.sound);
  }
  for (const auto& sound : running) sound->run->cancel();
}

void RunThreads::stop_all() {
  std::vector<SoundThread> threads;
  {
    const MutexLocker lock(state_.mutex);
    threads = std::exchange(threads_, {});
  }
  for (auto& entry : threads) {
    if (!entry.thread->stop()) entry.sound->listener->warn_of_task_left();
    entry.sound->listener->finish_progress(GST_PROGRESS_TYPE_CANCELED, "stopped");
  }
}

}  // namespace klingv2a
