// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading an answer's headers. Pure functions; any thread.
#include <libsoup/soup.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "http/client.h"

namespace klingv2a::http {
namespace {

using DateTimePtr = std::unique_ptr<GDateTime, Deleter<g_date_time_unref>>;

std::optional<double> read_seconds(std::string_view value) {
  const bool digits =
      !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (!digits || error != std::errc{}) return std::nullopt;
  return static_cast<double>(seconds);
}

}  // namespace

std::optional<Seconds> read_http_date(const std::string& value) {
  const DateTimePtr date(soup_date_time_new_from_http_string(value.c_str()));
  if (!date) return std::nullopt;
  return Seconds(static_cast<double>(g_date_time_to_unix(date.get())));
}

std::optional<std::string> Response::header(std::string_view lower_case_name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [lower_case_name](const auto& entry) { return entry.first == lower_case_name; });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

std::optional<double> Response::retry_after(Seconds wall_now) const {
  const std::optional<std::string> value = header("retry-after");
  if (!value) return std::nullopt;
  if (const auto seconds = read_seconds(*value)) return seconds;
  const std::optional<Seconds> when = read_http_date(*value);
  if (!when || *when < wall_now) return std::nullopt;
  return (*when - wall_now).count();
}

std::optional<Seconds> Response::date() const {
  const std::optional<std::string> value = header("date");
  return value ? read_http_date(*value) : std::nullopt;
}

}  // namespace klingv2a::http
