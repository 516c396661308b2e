// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A request for a task, and what is known of the task, in Kling's words, which gateways with other words are brought
// to. Plain values; any thread may copy them. Sources: Kling's "Video to Audio" API page and CometAPI's page of the
// same name (autumn 2026).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace klingv2a::gateway {

// What a task is asked for. Absent fields are left out of the body.
struct SubmitRequest {
  std::string video_id;             // exactly one of video_id and video_url is set
  std::string video_url;            // public http(s) URL of an .mp4 or .mov, 3.0-20.0 s, at most 100 MB
  std::string sound_effect_prompt;  // at most 200 UTF-16 units; empty: absent
  std::string bgm_prompt;           // likewise
  bool asmr_mode = false;           // sent only when true
  std::string external_task_id;     // unique per account; empty: absent
  std::string callback_url;         // http(s); empty: absent
};

enum class TaskStatus { submitted, processing, succeed, failed, unknown };
[[nodiscard]] std::string_view to_string(TaskStatus status) noexcept;
[[nodiscard]] inline bool is_terminal(TaskStatus status) noexcept {
  return status == TaskStatus::succeed || status == TaskStatus::failed;
}

struct ResultVideo {
  std::string id, url;
  std::optional<double> duration_s;
};
struct ResultAudio {
  std::string id, url_mp3, url_wav;
  std::optional<double> duration_mp3_s, duration_wav_s;
};

// What a gateway knows a task by: what it wants to be asked with. Of Kling the task_id; of others perhaps a URL. It is
// stored in the journal as it is, and no secret.
struct Handle {
  std::string text;

  friend bool operator==(const Handle&, const Handle&) = default;
};

struct Task {
  std::string task_id;  // as people are shown it. Kling's is a decimal string above 2^53: never a number
  Handle handle;
  TaskStatus status = TaskStatus::unknown;
  std::string status_text;     // as received
  std::string oddity;          // what was wrong with the answer that all this was read from; empty: nothing
  std::string status_message;  // task_status_msg; the only reason a failed task gives, may be empty
  std::string external_task_id;
  std::string request_id;
  std::int64_t created_at_ms = 0, updated_at_ms = 0;  // Unix milliseconds; 0: not given
  std::vector<ResultVideo> videos;                    // each with a link
  std::vector<ResultAudio> audios;                    // likewise; the first one has each form that there is
  std::string text;                     // how it came, where there is no link: its beginning, fit to be shown
  std::string final_unit_deduction;     // as received; empty: not given
  std::string final_balance_deduction;  // quota, as received
};

[[nodiscard]] inline bool has_links(const Task& task) noexcept {
  return !task.videos.empty() || !task.audios.empty();
}

}  // namespace klingv2a::gateway
