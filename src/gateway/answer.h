// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An error answer of a gateway, and what the cycle is to do about it. Plain values.
#pragma once

#include <utility>

#include "error.h"

namespace klingv2a::gateway {

// What the caller does about an error answer.
enum class Action {
  fatal,          // report it
  sign_again,     // the JWT is not yet valid or expired: sign once more and repeat once
  resubmit,       // a definite refusal (no task was made): wait at least 1 s and submit again
  retry,          // a read: repeat within the budget
  retry_briefly,  // a read just after the submit (the task may not be visible yet): a few times, then fatal
  ambiguous,      // a submit after which a paid task may exist: never repeat
};

class ApiError : public Error {
 public:
  ApiError(ErrorDetails details, Action action) : Error(std::move(details)), action_(action) {}
  [[nodiscard]] Action action() const noexcept { return action_; }

 private:
  Action action_;
};

}  // namespace klingv2a::gateway
