// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kling/environment.h"

#include <glib.h>

namespace klingv2a::kling {

std::string first_set(std::initializer_list<const char*> variables) {
  for (const char* variable : variables) {
    const char* text = g_getenv(variable);
    if (text && *text) return text;
  }
  return {};
}

void add_credentials_of_environment(Service& service) {
  const bool is_set = !service.api_key.empty() || !service.access_key.empty() || !service.secret_key.empty();
  if (!is_set) service.api_key = first_set({"KLINGV2A_API_KEY", "COMETAPI_KEY"});
  if (!service.api_key.empty()) return;
  if (service.access_key.empty()) service.access_key = first_set({"KLINGV2A_ACCESS_KEY"});
  if (service.secret_key.empty()) service.secret_key = first_set({"KLINGV2A_SECRET_KEY"});
}

std::string base_url_or_default(const std::string& base_url) {
  if (!base_url.empty()) return base_url;
  const std::string from_environment = first_set({"KLINGV2A_BASE_URL"});
  return from_environment.empty() ? Service{}.base_url : from_environment;
}

}  // namespace klingv2a::kling
