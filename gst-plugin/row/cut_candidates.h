// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the clips of a row may meet, while the frames come in: shot changes, dissolves, and places inside shots, found
// in the pictures. A video that cannot be decoded is planned without them.
//
// Threads: abandon() on any; the others on the thread that cuts. The mutex guards the scanner's pointer and the flag.
#pragma once

#include <gio/gio.h>

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "clip_intake.h"
#include "mutex.h"
#include "plan/border_maker.h"
#include "shot_scanner.h"

namespace klingv2a {

class CutCandidates {
 public:
  // Called once, when the pictures cannot be had.
  using OnBlind = std::function<void(const Error& why)>;
  explicit CutCandidates(OnBlind on_blind) : on_blind_(std::move(on_blind)) {}

  // The next buffer, in decode order. May wait for the decoder.
  void add(const IntakeBuffer& part);
  // All frames that are shown before this have come.
  void know_until(Nanoseconds time);
  // No more comes. Waits for the decoder. Throws Error{cancelled}.
  void end(GCancellable* cancel);
  // Those that are new, rising.
  [[nodiscard]] std::vector<plan::Border> take();
  // All before this have been taken.
  [[nodiscard]] Nanoseconds complete_until() const;
  // Ends a wait in add() or end().
  void abandon();

 private:
  [[nodiscard]] std::shared_ptr<ShotScanner> scanner(const CapsPtr& caps);
  void scan(const IntakeBuffer& part);
  void go_blind(const Error& why);
  void note_marks();
  void mark_unseen(Nanoseconds until);

  const OnBlind on_blind_;
  plan::BorderMaker maker_;
  std::set<Nanoseconds> unmarked_;  // frames of which no mark has come
  bool is_blind_ = false, is_ended_ = false;

  Mutex mutex_;
  std::shared_ptr<ShotScanner> scanner_ GUARDED_BY(mutex_);
  bool abandoned_ GUARDED_BY(mutex_) = false;
};

}  // namespace klingv2a
