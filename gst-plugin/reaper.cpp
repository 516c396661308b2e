// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reaper.h"

#include <pthread.h>

#include <system_error>
#include <thread>
#include <utility>

#include "log.h"

namespace klingv2a {

void reap(std::function<void()> cleanup) {
  try {
    std::thread thread([run = std::move(cleanup)] { run(); });
    pthread_setname_np(thread.native_handle(), kReaperThreadName);
    thread.detach();
  } catch (const std::system_error& error) {
    // `cleanup` is destroyed here, which does the same, only slower.
    GST_WARNING("no thread to clean up on: %s", error.what());
  }
}

}  // namespace klingv2a
