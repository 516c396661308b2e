// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the environment says of the service, where nothing else does. Any thread, as long as nobody writes the
// environment.
#pragma once

#include <initializer_list>
#include <string>

#include "kling/service.h"

namespace klingv2a::kling {

// The first of these variables that is set and not empty; else an empty text.
[[nodiscard]] std::string first_set(std::initializer_list<const char*> variables);

// KLINGV2A_API_KEY, then COMETAPI_KEY; else KLINGV2A_ACCESS_KEY and KLINGV2A_SECRET_KEY. What the service has wins,
// whichever kind of key it is.
void add_credentials_of_environment(Service& service);

// `base_url`, or KLINGV2A_BASE_URL, or CometAPI.
[[nodiscard]] std::string base_url_or_default(const std::string& base_url);

}  // namespace klingv2a::kling
