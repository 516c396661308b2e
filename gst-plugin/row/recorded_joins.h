// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How the clips of a row were joined by earlier runs: found once, used again, so that a rerun gives the same samples.
// Trouble with the store costs nothing but that: it is reported once, and the joins are found anew.
//
// Threads: none of its own; made, used and destroyed on one thread (that which joins). Blocks on the store.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "clock.h"
#include "error.h"
#include "join/join.h"
#include "journal/plans.h"

namespace klingv2a {

class RecordedJoins {
 public:
  using OnTrouble = std::function<void(const Error& error)>;
  // `journal` and `base_url`: as journal::locate() takes them.
  RecordedJoins(const std::string& journal, const std::string& base_url, OnTrouble on_trouble,
                const GObjectPtr<GCancellable>& cancel);

  // Of two clips by their keys in the journal, for sounds of `format`.
  [[nodiscard]] std::optional<join::Join> find(const std::string& earlier, const std::string& later,
                                               const join::Format& format);
  // Before it is used. Written once for the two.
  void write(const std::string& earlier, const std::string& later, const join::Format& format, const join::Join& join);

 private:
  void report(const std::exception& thrown);

  const OnTrouble on_trouble_;
  const std::shared_ptr<Clock> clock_;
  std::unique_ptr<journal::Plans> plans_;  // null: the store is not to be had
};

}  // namespace klingv2a
