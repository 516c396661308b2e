// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See name.h.
#include "publish/name.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "error.h"

namespace klingv2a::publish {

namespace {

constexpr std::string_view kPlaceholder = "{name}";

std::string with_placeholder(std::string_view url_template) {
  std::string text(url_template);
  if (text.find(kPlaceholder) != std::string::npos) return text;
  std::size_t path_end = std::min(text.find_first_of("?#"), text.size());
  while (path_end > 0 && text[path_end - 1] == '/') text.erase(--path_end, 1);
  return text.insert(path_end, "/{name}.mp4");
}

}  // namespace

std::string unguessable_name() {
  std::array<unsigned char, 16> bits{};
  if (getentropy(bits.data(), bits.size()) != 0) {
    throw make_error(
        ErrorKind::settings, Phase::publish,
        "the system gives no random numbers for the published name: " + std::system_category().message(errno));
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (const unsigned char byte : bits) {
    name += kDigits[byte >> 4];
    name += kDigits[byte & 15];
  }
  return name;
}

std::string expand_name(std::string_view url_template, std::string_view name) {
  std::string url = with_placeholder(url_template);
  for (std::size_t at = 0; (at = url.find(kPlaceholder, at)) != std::string::npos; at += name.size()) {
    url.replace(at, kPlaceholder.size(), name);
  }
  return url;
}

}  // namespace klingv2a::publish
