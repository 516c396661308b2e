// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gateway/task.h"

namespace klingv2a::gateway {

std::string_view to_string(TaskStatus status) noexcept {
  switch (status) {
    case TaskStatus::submitted:
      return "submitted";
    case TaskStatus::processing:
      return "processing";
    case TaskStatus::succeed:
      return "succeed";
    case TaskStatus::failed:
      return "failed";
    case TaskStatus::unknown:
      break;
  }
  return "unknown";
}

}  // namespace klingv2a::gateway
