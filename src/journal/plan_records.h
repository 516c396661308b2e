// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The records that plans.h keeps, as values and as texts of their tables' columns, and what they may be: the store's
// texts are a stranger's until they were read here. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "journal/connection.h"

namespace klingv2a::journal {

// One cut: of the clip that begins where `before` ended. All of it is of the media alone. Texts are UTF-8.
struct Cut {
  std::string before;  // media key of the clip before, 32 or 64 lower-case hexadecimal digits; empty: the stream begins
  std::string media_key;                                         // of the clip that the cut makes, likewise
  std::int64_t frames_before = 0, frames = 0, frames_after = 0;  // that are shown: handle before, own range (at least
                                                                 // one), handle after; up to 10^9 each
  // Lower-case words of letters and '-', up to 32 bytes. They are not compared with a list: a program that is older
  // than the one that wrote them may meet words it does not know.
  std::string place_begin, place_end;  // "edge", "shot-change", "gradual", "inside"
  std::string way;                     // "remux", "transcode", "skip"
  std::string planner;                 // its version, and what it was given; up to 1000 bytes
  std::string music;                   // the wish for music that was decided for the row; up to 1000 bytes, empty: none
  std::int64_t id = 0;                 // grows from record to record; 0: not from the store
};

// How two clips were joined: found once, used again.
struct StoredJoin {
  std::string earlier, later;  // the clips' full keys, 1 to 256 bytes each
  std::string figures;         // JSON: instant, law, gains, match; up to 64 KiB, and for its reader to check
};

// The take that somebody wants of one clip of a row.
struct Take {
  std::string row;         // what the caller knows the row by, 1 to 1000 bytes
  std::string media_key;   // of the clip
  std::int64_t place = 0;  // the clip's number in the row, from 0: equal clips differ in it. Up to 10^9
  std::int64_t take = 0;   // as the property `take`: 0 to 2^32 - 1
  bool finished = false;   // its sound is here
};

// A record's table: the columns in the order of the texts below.
struct Column {
  const char* name;
  std::size_t most;  // characters that are read of it; one more than it may have
};
struct Table {
  const char* name;
  std::span<const Column> columns;
};
extern const Table kCuts, kJoins, kTakes;

// "fault": what of it cannot be; empty: nothing.
template <typename Value>
struct Checked {
  Value value;
  std::string fault;
};

[[nodiscard]] Record to_record(const Cut& cut);  // the id comes last
[[nodiscard]] Record to_record(const StoredJoin& join);
[[nodiscard]] Record to_record(const Take& take);
[[nodiscard]] Checked<Cut> to_cut(const Record& record);
[[nodiscard]] Checked<StoredJoin> to_join(const Record& record);
[[nodiscard]] Checked<Take> to_take(const Record& record);
// An id, or the greatest one, as the store has it; an empty text is 0.
[[nodiscard]] Checked<std::int64_t> to_id(const std::string& text);

}  // namespace klingv2a::journal
