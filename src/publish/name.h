// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names of published files. Whoever knows the name can fetch the file, and the service sends no credentials when it
// does, so the name itself is the guard: 128 random bits. Also the {name} templates of URLs. Pure functions; any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace klingv2a::publish {

// 32 hexadecimal digits from the system's random numbers. Throws Error{settings} when the system gives none.
[[nodiscard]] std::string unguessable_name();

// Puts `name` in place of every {name} in `url_template`; without one, "/NAME.mp4" is appended to the path (before a
// query).
[[nodiscard]] std::string expand_name(std::string_view url_template, std::string_view name);

}  // namespace klingv2a::publish
