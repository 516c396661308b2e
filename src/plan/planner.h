// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Finds the cheapest row of clips: a shortest path over the borders where clips may meet. Its costs are the clips that
// are paid for, and the joins that may be heard.
//
// It works while the video comes in. A clip is decided as soon as nothing that may follow can change it, or else by
// what is known of the next `plan_ahead` of video. A whole video without a bound gets the best plan that there is. The
// decisions depend on what is given, never on when next() is called.
//
// Threads: one at a time; no lock of its own.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "plan/pieces.h"

namespace klingv2a::plan {

class Planner {
 public:
  // `begin`: of the video. `plan_ahead`: how much video may wait for a decision, at least three of the longest clips
  // where it is bounded; 0: all of it.
  Planner(const Settings& settings, Nanoseconds begin, Nanoseconds plan_ahead);

  // Of the video's beginning, before anything is added: nothing is paid for up to the first required border.
  void skip_beginning();
  void set_paid(std::vector<Range> shown) { pieces_.set_paid(std::move(shown)); }
  // Before anything is added: the clips up to `root` are decided already, and the row goes on from there.
  void resume_at(const Border& root);
  // Before any key frame is added.
  void set_first_packet(Nanoseconds at) { pieces_.set_first_packet(at); }
  // Rising, and each before know_until() passes it.
  void add_key_frame(Nanoseconds at) { pieces_.add_key_frame(at); }
  void add(const Border& border);
  // All borders and key frames before `time` have been added.
  void know_until(Nanoseconds time);
  // The video ends here. Nothing is added afterwards.
  void end(Nanoseconds end);

  // Where the clips end that next() has given.
  [[nodiscard]] Nanoseconds position() const noexcept {
    return decided_.empty() ? nodes_.front().border.at : decided_.front().range.begin;
  }

  // The next clip that is decided, in order; nothing: more must be known, or all have been taken. Throws Error{input}
  // when the service's limits leave no way.
  [[nodiscard]] std::optional<PlannedClip> next();

 private:
  struct Node {
    Border border;
    Cost cost = kUnreached;    // of the best way from the root to here
    std::size_t previous = 0;  // ... the node before
    std::size_t hop = 0;       // ... its first node after the root
    PlannedClip clip;          // ... its last clip
    [[nodiscard]] bool reached() const noexcept { return cost != kUnreached; }
  };
  static constexpr Cost kUnreached = INT64_MAX;

  using Indices = std::pair<std::size_t, std::size_t>;  // from, and the one behind the last

  [[nodiscard]] Nanoseconds seen_until() const noexcept;
  [[nodiscard]] bool sees_end() const noexcept;
  void search();
  void search_again();
  [[nodiscard]] std::size_t first_before(std::size_t index) const;
  void reach(std::size_t index);
  [[nodiscard]] Nanoseconds searched_until() const noexcept;
  [[nodiscard]] Indices open_nodes() const noexcept;
  [[nodiscard]] std::optional<std::size_t> only_hop() const;
  [[nodiscard]] bool must_decide() const noexcept;
  [[nodiscard]] std::size_t cheapest_hop() const;
  [[nodiscard]] bool is_way_on(std::size_t index) const noexcept;
  void decide(std::size_t hop);
  void decide_rest();
  [[noreturn]] void fail() const;

  Pieces pieces_;
  Nanoseconds counted_from_;  // what was decided by this object begins there
  const Nanoseconds plan_ahead_;
  std::vector<Node> nodes_;   // the root, where the last decided clip ends, and the borders after it
  std::size_t searched_ = 1;  // so many of them have their best way
  Nanoseconds known_until_;
  bool ended_ = false;
  bool in_skip_ = false;   // what is added lies in a skipped range
  Cost decided_cost_ = 0;  // of all clips decided so far
  std::deque<PlannedClip> decided_;
};

// ---- the whole at once

struct Media {
  Range range;
  std::vector<Nanoseconds> key_frames;  // rising
  std::vector<Border> borders;          // rising, inside the range
  std::vector<Range> paid;
  bool skipped_beginning = false;
};

// Throws Error{input} when the service's limits leave no way.
[[nodiscard]] std::vector<PlannedClip> plan_whole(const Media& media, const Settings& settings);

}  // namespace klingv2a::plan
