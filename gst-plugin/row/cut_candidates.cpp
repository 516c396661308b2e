// SPDX-License-Identifier: LGPL-2.1-or-later
#include "row/cut_candidates.h"

#include <limits>
#include <utility>

namespace klingv2a {

std::shared_ptr<ShotScanner> CutCandidates::scanner(const CapsPtr& caps) {
  {
    const MutexLocker lock(mutex_);
    if (scanner_ || abandoned_) return scanner_;
  }
  auto made = std::make_shared<ShotScanner>(caps);
  const MutexLocker lock(mutex_);
  if (abandoned_) made->abandon();
  scanner_ = made;
  return made;
}

void CutCandidates::abandon() {
  std::shared_ptr<ShotScanner> running;
  {
    const MutexLocker lock(mutex_);
    abandoned_ = true;
    running = scanner_;
  }
  if (running) running->abandon();
}

void CutCandidates::add(const IntakeBuffer& part) {
  if (part.time) unmarked_.insert(part.time->start);
  if (is_blind_) return;
  try {
    scan(part);
  } catch (const Error& error) {
    go_blind(error);
  }
}

void CutCandidates::scan(const IntakeBuffer& part) {
  const auto running = scanner(part.caps);
  if (!running) return;
  const auto time = part.time ? std::optional(part.time->start) : std::nullopt;
  (void)running->push(part.caps, part.buffer, time);
}

// The marks that have come stay; of what follows, nothing is known.
void CutCandidates::go_blind(const Error& why) {
  if (why.kind() == ErrorKind::cancelled) throw why;
  is_blind_ = true;
  on_blind_(why);
}

void CutCandidates::note_marks() {
  std::shared_ptr<ShotScanner> running;
  {
    const MutexLocker lock(mutex_);
    running = scanner_;
  }
  if (!running) return;
  for (const auto& mark : running->take_marks()) {
    maker_.add(mark);
    unmarked_.erase(unmarked_.begin(), unmarked_.upper_bound(mark.at));
  }
}

void CutCandidates::mark_unseen(Nanoseconds until) {
  while (!unmarked_.empty() && *unmarked_.begin() < until) {
    maker_.add({.at = *unmarked_.begin()});
    unmarked_.erase(unmarked_.begin());
  }
}

void CutCandidates::know_until(Nanoseconds time) {
  note_marks();
  if (is_blind_) mark_unseen(time);
}

void CutCandidates::end(GCancellable* cancel) {
  std::shared_ptr<ShotScanner> running;
  {
    const MutexLocker lock(mutex_);
    running = scanner_;
  }
  try {
    if (running && !is_blind_) {
      running->end();
      running->finish(cancel);
    }
  } catch (const Error& error) {
    note_marks();
    go_blind(error);
  }
  note_marks();
  mark_unseen(std::numeric_limits<Nanoseconds>::max());
  maker_.end();
  is_ended_ = true;
}

std::vector<plan::Border> CutCandidates::take() {
  std::vector<plan::Border> borders;
  while (const auto border = maker_.next()) borders.push_back(*border);
  return borders;
}

Nanoseconds CutCandidates::complete_until() const {
  return is_ended_ ? std::numeric_limits<Nanoseconds>::max() : maker_.complete_until();
}

}  // namespace klingv2a
