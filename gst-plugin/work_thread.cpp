// SPDX-License-Identifier: LGPL-2.1-or-later
#include "work_thread.h"

#include <pthread.h>

#include <chrono>
#include <system_error>

#include "error.h"
#include "reaper.h"

namespace klingv2a {

namespace {

constexpr std::chrono::milliseconds kJoinLimit{50};

}  // namespace

WorkThread::WorkThread(std::shared_ptr<Work> work, GstElement* host) : work_(work), host_(host) {
  std::packaged_task<void()> body([work = std::move(work), kept_alive = kept_alive_] { work->main(); });
  ended_ = body.get_future();
  try {
    thread_ = std::thread([body = std::move(body)]() mutable { body(); });
  } catch (const std::system_error& lack) {
    throw make_error(ErrorKind::settings, Phase::hold, std::string("no thread can be had: ") + lack.what(),
                     "raise the limit of processes (ulimit -u, or the container's), or run fewer at a time");
  }
}

bool WorkThread::stop() {
  if (!thread_.joinable()) return true;
  work_->cancel();
  const bool ended = ended_.wait_for(kJoinLimit) == std::future_status::ready;
  if (ended) {
    thread_.join();
    return true;
  }
  kept_alive_->host = ElementPtr::share(host_);
  kept_alive_.reset();
  pthread_setname_np(thread_.native_handle(), kReaperThreadName);  // it is one of those now that end by themselves
  thread_.detach();
  return false;
}

}  // namespace klingv2a
