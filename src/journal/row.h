// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One row of the journal: what was asked for one clip, what is known of its task, and where the result lies. Plain
// values; any thread may copy them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace klingv2a::journal {

// How far a clip has come. The numbers are stored: never change one.
enum class State {
  waiting = 0,     // a run has it; nothing was sent, or what was sent was definitely refused
  prepared = 1,    // the POST may be out: a paid task may exist, its task_id is not known
  submitted = 2,   // the task exists and is paid
  succeeded = 3,   // the task has ended well; its result may not be here
  downloaded = 4,  // the result's file is kept here
  failed = 5,      // the task has ended without a sound
};
inline constexpr std::size_t kStates = 6;
[[nodiscard]] std::string_view to_string(State state) noexcept;

struct Row {
  std::int64_t id = 0;           // 0: not stored yet
  std::string key;               // the clip's key
  std::int64_t length_ms = 0;    // the clip's length as the service sees it
  std::string service;           // base URL
  std::string account;           // that was asked for the task, or is to be; no secret can be had from it
  std::string external_task_id;  // empty: no POST was prepared yet
  std::string request;           // the submit's JSON, without secrets
  State state = State::waiting;
  std::string task_id;       // empty: not known
  std::string gateway;       // kind of service that was asked for the task; empty: Kling's, of before there were others
  std::string handle;        // what the gateway knows the task by, where that is not the task_id
  std::string message;       // the service's last word: a refusal, task_status_msg
  std::string failure_kind;  // failed: "content" or "task-failed"
  std::string deduction;     // what the service says it took, as received
  std::string result_name;   // downloaded: name of the file among the results
  std::string result_form;   // "wav", "mp3" or "video"
  std::string result_checksum;  // 128-bit xxHash of the file, hexadecimal
  std::int64_t result_bytes = 0;
  std::array<std::int64_t, kStates> at_ms{};  // when each state was last entered; Unix milliseconds, 0: never
  std::string owner;                          // whose turn it is (owner.h); empty: nobody's
  std::int64_t beat = 0;                      // grows as long as the owner lives
  std::int64_t ticket = 0;                    // place among those that wait for their turn; smaller is earlier, 0: none

  // What the task is asked for by; empty: not known.
  [[nodiscard]] const std::string& handle_or_task_id() const { return handle.empty() ? task_id : handle; }
  [[nodiscard]] std::int64_t entered_ms(State which) const { return at_ms.at(static_cast<std::size_t>(which)); }
};

// Where a run goes on: a task of which all was written down but its task_id is to be looked up, like one that may
// exist.
[[nodiscard]] State state_to_resume(const Row& row) noexcept;

// What makes a clip itself, for finding its row.
struct ClipIdentity {
  std::string key;
  std::int64_t length_ms = 0;
  std::string service;
  std::string account;
};

// Rows whose clip lengths differ by more are of different clips.
inline constexpr std::int64_t kLengthToleranceMs = 50;

}  // namespace klingv2a::journal
