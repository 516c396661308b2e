// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reaper.h"

#include <pthread.h>

#include <system_error>
#include <thread>
#include <utility>

#include "log.h"

namespace klingv2a {

void reap(std::function<void()> last_rites) {
  try {
    std::thread thread([rites = std::move(last_rites)] { rites(); });
    pthread_setname_np(thread.native_handle(), kReaperThreadName);
    thread.detach();
  } catch (const std::system_error& error) {
    // `last_rites` is destroyed here, which does the same, only slower.
    GST_WARNING("no thread to clean up on: %s", error.what());
  }
}

}  // namespace klingv2a
