// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outcome.h"

#include "exit_code.h"
#include "option_words.h"
#include "output_file.h"

namespace klingv2a::cli {

Trouble to_trouble(const Error& error) {
  const ErrorDetails& details = error.details();
  const bool exists = dynamic_cast<const OutputExists*>(&error) != nullptr;
  return {.kind = exists ? kExistsKind : std::string(to_string(details.kind)),
          .phase = std::string(to_string(details.phase)),
          .text = in_options(details.message + (details.advice.empty() ? "" : ": " + details.advice)),
          .advice = in_options(details.advice),
          .kling_code = details.kling_code,
          .request_id = details.request_id,
          .task_id = details.task_id,
          .external_task_id = details.external_task_id,
          .paid = std::string(to_string(details.paid)),
          .http_status = details.http_status,
          .retryable = details.retryable};
}

}  // namespace klingv2a::cli
