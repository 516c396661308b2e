// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A variable of the environment for a scope. On the test's thread, before it starts any other.
#pragma once

#include <glib.h>

#include <optional>
#include <string>

namespace klingv2a::test {

// As it was when the object goes. A null value: unset.
class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const char* value) : name_(name) {
    if (const char* before = g_getenv(name)) before_ = before;
    set(value);
  }
  ~EnvironmentVariable() { set(before_ ? before_->c_str() : nullptr); }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
  void set(const char* value) const {
    if (value) {
      g_setenv(name_, value, TRUE);
    } else {
      g_unsetenv(name_);
    }
  }
  const char* const name_;
  std::optional<std::string> before_;
};

}  // namespace klingv2a::test
