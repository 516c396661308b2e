// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal/row.h"

namespace klingv2a::journal {

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::waiting:
      return "waiting";
    case State::prepared:
      return "prepared";
    case State::submitted:
      return "submitted";
    case State::succeeded:
      return "succeeded";
    case State::downloaded:
      return "downloaded";
    case State::failed:
      return "failed";
  }
  return "unknown";
}

State state_to_resume(const Row& row) noexcept {
  const bool has_task =
      row.state == State::submitted || row.state == State::succeeded || row.state == State::downloaded;
  return has_task && row.task_id.empty() ? State::prepared : row.state;
}

}  // namespace klingv2a::journal
