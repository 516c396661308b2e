// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The sounds of a planned row become one: each is decoded when its turn comes, joined to its neighbours, and given to
// its clip. A few at most wait to be played; what was played is dropped, and made again when a seek comes back to it.
//
// Threads: main() on a thread of its own; add() and the like on any. ElementState::mutex guards the members that are
// shared, and `changed` is what is waited for.
#pragma once

#include <gio/gio.h>

#include <memory>
#include <optional>
#include <vector>

#include "element_state.h"
#include "failures.h"
#include "gobject_ptr.h"
#include "join/row_joiner.h"
#include "links.h"
#include "row/recorded_joins.h"
#include "work_thread.h"

namespace klingv2a {

class RowSounds : public Work {
 public:
  using SoundPtr = std::shared_ptr<ClipSound>;

  // All outlive main().
  RowSounds(ElementState& state, Links& links, Failures& failures)
      : state_(state), links_(links), failures_(failures) {}

  // The next clip's, in the row's order; it has its place.
  // `locked` is the element's state.
  void add(ElementState& locked, const SoundPtr& sound) REQUIRES(locked.mutex);
  // No more comes, wherever the row was to end.
  void end_here() EXCLUDES(state_.mutex);

  void main() noexcept override;
  void cancel() override;

 private:
  // To join with what is there: the sound with this number, or, behind the last one, the row's end.
  [[nodiscard]] std::optional<std::size_t> wait_for_next() EXCLUDES(state_.mutex);
  [[nodiscard]] bool is_complete() const REQUIRES(state_.mutex);
  void begin_again_if_wanted() REQUIRES(state_.mutex);
  [[nodiscard]] bool has_next() const REQUIRES(state_.mutex);
  [[nodiscard]] bool join(std::size_t number);
  void begin_row();
  void join_next(std::size_t number);
  void finish_row(std::size_t number);
  [[nodiscard]] SoundPtr sound_at(std::size_t number) EXCLUDES(state_.mutex);
  [[nodiscard]] join::RowClip decode_or_fail(const SoundPtr& sound);
  [[nodiscard]] join::RowClip decode(const SoundPtr& sound);
  void note_join(const SoundPtr& earlier, const SoundPtr& later, bool was_found);
  void give(const SoundPtr& sound, const std::optional<join::RowJoiner::Piece>& piece);

  ElementState& state_;
  Links& links_;
  Failures& failures_;
  const GObjectPtr<GCancellable> cancel_ = GObjectPtr<GCancellable>::adopt(g_cancellable_new());

  std::vector<SoundPtr> sounds_ GUARDED_BY(state_.mutex);
  bool ended_ GUARDED_BY(state_.mutex) = false;
  bool cancelled_ GUARDED_BY(state_.mutex) = false;
  std::size_t next_ GUARDED_BY(state_.mutex) = 0;   // all before it have been added to the joiner
  bool finished_ GUARDED_BY(state_.mutex) = false;  // the last one has been given

  // The thread's own.
  std::optional<RecordedJoins> records_;
  join::Format format_;
  std::optional<join::RowJoiner> joiner_;
};

}  // namespace klingv2a
