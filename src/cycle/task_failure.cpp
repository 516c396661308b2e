// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See task_failure.h. The words are those that were seen in answers of the service and of its gateways.
#include "cycle/task_failure.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "gobject_ptr.h"

namespace klingv2a::cycle {

namespace {

constexpr std::array<std::string_view, 4> kModeration{"risk control", "moderation", "sensitive", "content policy"};
constexpr std::array<std::string_view, 9> kPassing{"internal", "timeout",     "timed out", "try again", "system error",
                                                   "busy",     "unavailable", "download",  "fetch"};

bool says_one_of(const std::string& message, std::span<const std::string_view> words) {
  const GCharPtr lower(g_ascii_strdown(message.c_str(), -1));
  const std::string_view text(lower.get());
  return std::ranges::any_of(words,
                             [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace

Error task_failure(const std::string& message, const std::string& request_id) {
  const bool content = says_one_of(message, kModeration);
  const char* advice = content ? "change the video or the prompts: the content policy refuses them"
                       : may_pass(message)
                           ? "run again: that makes another task"
                           : "change the video or the prompts, or ask for another take: the same again fails again";
  return Error({.kind = content ? ErrorKind::content : ErrorKind::task_failed,
                .phase = Phase::poll,
                .paid = Paid::yes,
                .request_id = request_id,
                .message = "the task failed: " + (message.empty() ? "the service gave no reason" : message),
                .advice = advice});
}

bool may_pass(const std::string& message) {
  return says_one_of(message, kPassing) && !says_one_of(message, kModeration);
}

}  // namespace klingv2a::cycle
