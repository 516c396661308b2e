// SPDX-License-Identifier: LGPL-2.1-or-later
#include "input_kind.h"

#include <fcntl.h>
#include <glib.h>
#include <gst/base/gsttypefindhelper.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "gst_ptr.h"

namespace klingv2a::cli {

namespace {

// GStreamer's own type finders give these names.
struct Kind {
  std::string_view type;  // or its beginning
  const char* what;
};

constexpr std::array kKinds{
    Kind{"text/", "a text"},
    Kind{"application/xml", "a text"},
    Kind{"application/x-subtitle", "subtitles"},
    Kind{"application/x-ssa", "subtitles"},
    Kind{"application/x-ass", "subtitles"},
    Kind{"application/x-hls", "a playlist"},
    Kind{"application/dash", "a playlist"},
    Kind{"image/", "a picture"},
    Kind{"audio/", "audio without a video"},
    Kind{"application/x-id3", "audio without a video"},
    Kind{"application/x-apetag", "audio without a video"},
    Kind{"application/zip", "an archive"},
    Kind{"application/x-rar", "an archive"},
    Kind{"application/x-tar", "an archive"},
    Kind{"application/x-gzip", "an archive"},
    Kind{"application/x-bzip", "an archive"},
    Kind{"application/x-7z", "an archive"},
    Kind{"application/x-xz", "an archive"},
    Kind{"application/x-compress", "an archive"},
    Kind{"application/pdf", "a document"},
    Kind{"application/postscript", "a document"},
    Kind{"application/msword", "a document"},
    Kind{"application/x-executable", "a program"},
};
// Containers under a name of sound.
constexpr std::array<std::string_view, 2> kMayHoldVideo{"audio/x-m4a", "audio/x-matroska"};

// The beginning; nothing when it cannot be read, which is reported by who reads it.
std::vector<guint8> beginning_of(const std::string& file) {
  constexpr std::size_t kEnough = 64 << 10;
  std::vector<guint8> bytes(kEnough);
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const ssize_t length = descriptor < 0 ? -1 : ::read(descriptor, bytes.data(), bytes.size());
  if (descriptor >= 0) ::close(descriptor);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(0, length)));
  return bytes;
}

std::string type_of(const std::vector<guint8>& bytes) {
  const auto caps = CapsPtr::adopt(gst_type_find_helper_for_data(nullptr, bytes.data(), bytes.size(), nullptr));
  return caps ? gst_structure_get_name(gst_caps_get_structure(caps.get(), 0)) : "";
}

// A short one has no type of GStreamer's.
bool is_text(const std::vector<guint8>& bytes) {
  const std::string text(bytes.begin(), bytes.end());
  const char* end = nullptr;
  (void)g_utf8_validate(text.c_str(), -1, &end);
  constexpr std::ptrdiff_t kLongestCharacter = 4;  // the last one may be cut off
  return text.c_str() + text.size() - end < kLongestCharacter;
}

}  // namespace

std::string what_else_it_is(const std::string& file) {
  const std::vector<guint8> bytes = beginning_of(file);
  if (bytes.empty())
    return g_file_test(file.c_str(), G_FILE_TEST_IS_REGULAR) && ::access(file.c_str(), R_OK) == 0 ? "empty" : "";
  const std::string type = type_of(bytes);
  if (type.empty()) return is_text(bytes) ? "a text" : "";
  if (std::ranges::find(kMayHoldVideo, type) != kMayHoldVideo.end()) return {};
  const auto* kind = std::ranges::find_if(kKinds, [&](const Kind& entry) { return type.starts_with(entry.type); });
  return kind == kKinds.end() ? "" : std::string(kind->what) + " (" + type + ")";
}

bool is_url(const std::string& in) {
  const auto scheme = in.substr(0, in.find("://"));
  return scheme.size() > 1 && scheme.size() < in.size() &&
         std::ranges::all_of(scheme, [](char c) { return g_ascii_isalnum(c) || c == '+' || c == '-' || c == '.'; });
}

}  // namespace klingv2a::cli
