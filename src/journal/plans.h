// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the journal remembers of a video that is longer than one clip: where it was cut, how the sounds of its clips
// were joined, and which takes of them somebody wants. A cut is written before its clip is paid, and asked for before
// one is computed: whoever cut elsewhere would pay for all of it again. Everything is of the media alone; prompts,
// services and accounts are no part of it. No run ever deletes a record.
//
// Whatever is written is on the disk when the call returns. Records from the store are checked: one that cannot be is
// damage (Error{disk}), and nothing is paid on it. To write such a record is a fault of ours (Error{service}).
//
// Threads: made, used and destroyed on one thread, beside a Journal or without one. Every call is one transaction
// that no other one of this journal overlaps, and throws Error{disk|settings|cancelled} for trouble with the store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clock.h"
#include "journal/location.h"
#include "journal/plan_records.h"

namespace klingv2a::journal {

// Of one call.
inline constexpr std::size_t kMostCuts = 1000;

class Plans {
 public:
  // Opens the store. Throws Error{disk|settings|cancelled}; then nothing is paid.
  Plans(const Location& location, Clock& clock, const GObjectPtr<GCancellable>& cancel);

  // The cuts of the clips that follow `before` (empty: that begin a stream), in the order in which they were written.
  // Where there are more than kMostCuts, the newest of them: cuts_to() finds any.
  [[nodiscard]] std::vector<Cut> cuts_after(const std::string& before);
  // Those of them that make one of the clips `media_keys`, of which there may be any number. Likewise ordered and
  // bounded.
  [[nodiscard]] std::vector<Cut> cuts_to(const std::string& before, const std::vector<std::string>& media_keys);
  // The same again changes nothing. `id` is not looked at.
  void write(const Cut& cut);
  // Likewise, but writes nothing and returns false when there is a cut after `cut.before` with a greater id than
  // `newest_seen` (0: none was seen): another run has just written it, and it may be of the same media. To ask
  // for the cuts again is the way on.
  [[nodiscard]] bool write_unless_overtaken(const Cut& cut, std::int64_t newest_seen);

  [[nodiscard]] std::optional<StoredJoin> join_of(const std::string& earlier, const std::string& later);
  // Returns what the journal has from now on: the first one that was written for these two clips.
  StoredJoin write(const StoredJoin& join);

  // By their place in the row.
  [[nodiscard]] std::vector<Take> takes_of(const std::string& row);
  // The take that is wanted from now on, instead of another one. The same again changes nothing, also when it is
  // finished; `finished` is not looked at.
  void write(const Take& take);
  // Its sound is here. False, and nothing is written: another take is wanted by now, or none was.
  [[nodiscard]] bool finish(const Take& take);

 private:
  // These run within a transaction.
  template <typename Read>
  [[nodiscard]] auto select(const Table& table, const std::string& rest, const Record& parameters, const Read& read);
  [[nodiscard]] std::vector<Cut> newest_cuts(const std::string& condition, const Record& parameters);
  [[nodiscard]] std::int64_t newest_id(const std::string& condition, const Record& parameters);
  void insert_once(const Record& cut);
  [[nodiscard]] std::optional<StoredJoin> find_join(const std::string& earlier, const std::string& later);
  [[nodiscard]] std::optional<Take> find_take(const Take& which);
  void insert(const Table& table, Record record);
  void replace(const Record& take);
  [[nodiscard]] std::string now_ms();

  const std::string where_;  // for messages
  Clock& clock_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace klingv2a::journal
