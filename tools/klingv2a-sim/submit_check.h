// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The strict judge of a submit: what the API's page does not allow is refused before a task is made. Written from the
// API's page alone, without the core's code, so that a rule misread there shows here.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "ledger.h"

namespace klingv2a::sim {

// Why a request is refused; `code` is the API's.
struct Refusal : std::runtime_error {
  Refusal(std::string error_code, const std::string& message, std::string parameter = {})
      : std::runtime_error(message), code(std::move(error_code)), param(std::move(parameter)) {}
  std::string code;
  std::string param;  // the field at fault; empty: none in particular
};

// Throws Refusal.
[[nodiscard]] Submit read_submit(const std::string& content_type, const std::string& body);

// The length of the Kling-made video that `video_id` stands for: "sim-5s", "sim-10.5s"; 3 to 20 s. Others are unknown.
[[nodiscard]] std::optional<double> known_video_s(const std::string& video_id);

}  // namespace klingv2a::sim
