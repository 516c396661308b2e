// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The misbehaviours that were asked for and have not happened yet, and the two ways to write one down: a short text for
// the command line, a JSON object for POST /sim/faults.
//
// Threads: any. One mutex guards the list.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "mutex.h"
#include "service.h"

namespace klingv2a::sim {

// What a fault can be about, as far as the request that would get it is known.
struct Occasion {
  Fault::On on = Fault::On::submit;
  bool has_task = false;   // query: it names a task that exists
  bool succeeded = false;  // query: and that task is done
  bool has_range = false;  // result: only a part is asked for
};

class FaultQueue {
 public:
  void add(Fault fault);  // throws std::invalid_argument when it cannot happen on its kind of request
  void clear();
  // The first fault that fits the occasion, counted down.
  [[nodiscard]] std::optional<Fault> take(const Occasion& occasion);

 private:
  Mutex mutex_;
  std::deque<Fault> faults_ GUARDED_BY(mutex_);
};

// "ON:DO[,name=value]…": "submit:error_code,code=1302,times=2". Names: times, http_status, code, location, retry_after,
// paid (yes/no), bytes, seconds, and last, because they take the rest of the text with its commas: message, body.
// Throws std::invalid_argument.
[[nodiscard]] Fault parse_fault(std::string_view text);
// {"on":"submit","do":"error_code","code":"1302","times":2}, the same names. Throws std::invalid_argument.
[[nodiscard]] Fault parse_fault_json(const std::string& json);

}  // namespace klingv2a::sim
