// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See partial_download.h. The rules are RFC 9110's, chapters 8.8 (validators), 13.1.5 (If-Range) and 14 (ranges).
#include "http/partial_download.h"

#include <libsoup/soup.h>

namespace klingv2a::http {
namespace {

bool is_entity_tag(const std::string& validator) {
  return validator.starts_with('"');
}

// A date tells two versions apart only when the file was not still being written in the second it was sent in.
bool is_strong(const std::string& last_modified, const Response& response) {
  const std::optional<Seconds> modified = read_http_date(last_modified);
  const std::optional<Seconds> sent = response.date();
  return modified && sent && *sent - *modified >= Seconds(1);
}

// Empty: nothing by which the rest could be known to belong to the beginning.
std::string strong_validator(const Response& response) {
  std::string tag = response.header("etag").value_or("");
  if (is_entity_tag(tag)) return tag;  // a weak one begins with W/
  std::string date = response.header("last-modified").value_or("");
  return is_strong(date, response) ? date : std::string();
}

struct ContentRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> size;  // of the whole file
};

std::optional<ContentRange> content_range(const Response& response) {
  using HeadersPtr = std::unique_ptr<SoupMessageHeaders, Deleter<soup_message_headers_unref>>;
  const HeadersPtr headers(soup_message_headers_new(SOUP_MESSAGE_HEADERS_RESPONSE));
  soup_message_headers_append(headers.get(), "Content-Range", response.header("content-range").value_or("").c_str());
  goffset first = 0;
  goffset last = 0;
  goffset size = 0;
  if (!soup_message_headers_get_content_range(headers.get(), &first, &last, &size)) return std::nullopt;
  if (first < 0 || last < first || (size >= 0 && size <= last)) return std::nullopt;
  ContentRange range{.first = static_cast<std::uint64_t>(first)};
  if (size >= 0) range.size = static_cast<std::uint64_t>(size);
  return range;
}

}  // namespace

bool can_resume(const PartialDownload& partial, const std::string& url) {
  return partial.size > 0 && !partial.validator.empty() && partial.from == displayable_url(url);
}

Headers range_headers(const PartialDownload& partial) {
  return {{"Range", "bytes=" + std::to_string(partial.size) + "-"}, {"If-Range", partial.validator}};
}

PartialDownload begun_by(const Response& response, const std::string& url, std::optional<std::uint64_t> size) {
  return {.from = displayable_url(url), .validator = strong_validator(response), .total = size};
}

std::optional<PartialDownload> continued_by(const PartialDownload& partial, const Response& response) {
  const std::optional<ContentRange> range = content_range(response);
  if (!range || range->first != partial.size) return std::nullopt;
  PartialDownload known = partial;
  if (!known.total) known.total = range->size;
  // Without the size of the whole nobody can tell whether this is all of the rest.
  if (!known.total || range->size.value_or(*known.total) != *known.total) return std::nullopt;
  const char* name = is_entity_tag(partial.validator) ? "etag" : "last-modified";
  if (response.header(name).value_or(partial.validator) != partial.validator) return std::nullopt;
  return known;
}

}  // namespace klingv2a::http
