// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The service's callbacks: a POST of the bare task to its callback_url at each change of its status. Signed as Standard
// Webhooks says when there is a secret. Its results are left out of it, as the real service may: they are asked for.
// Nothing is sent again by itself; what is lost, repeated or forged is a fault that was asked for.
//
// Threads: one of its own sends, one callback after the other. tell() may be called from any; one mutex guards the
// queue.
#pragma once

#include <libsoup/soup.h>

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <thread>

#include "faults.h"
#include "gobject_ptr.h"
#include "ledger.h"
#include "mutex.h"
#include "service.h"

namespace klingv2a::sim {

class CallbackSender {
 public:
  // Ledger and faults outlive it. Throws std::invalid_argument when the secret is none.
  CallbackSender(const Options& options, Ledger& ledger, FaultQueue& faults);
  ~CallbackSender();
  CallbackSender(const CallbackSender&) = delete;
  CallbackSender& operator=(const CallbackSender&) = delete;

  // The task's status has changed. Waits for the callback's answer under the fault `early` only.
  void tell(const SimTask& task);
  void stop();  // what is under way ends at once, and nothing is sent any more

 private:
  using Clock = std::chrono::steady_clock;
  struct Callback {
    std::string url, body, task_id, status;
    std::optional<Fault> fault;
    Clock::time_point due;
  };
  [[nodiscard]] Callback callback_of(const SimTask& task);
  [[nodiscard]] std::string signature(const std::string& signed_part, bool forged) const;
  void sign(SoupMessageHeaders* headers, const std::optional<Fault>& fault, const std::string& id,
            const std::string& body) const;
  void run();
  [[nodiscard]] bool take_due(Callback& callback);
  void send(const Callback& callback);
  [[nodiscard]] int post(const Callback& callback, const std::string& id);

  const Provider dialect_;
  const Naming naming_;
  const std::string key_;  // empty: callbacks are not signed
  Ledger& ledger_;
  FaultQueue& faults_;
  const GObjectPtr<GCancellable> cancellable_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  Mutex mutex_;
  Condition change_;
  std::list<Callback> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace klingv2a::sim
