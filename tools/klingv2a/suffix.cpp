// SPDX-License-Identifier: LGPL-2.1-or-later
#include "suffix.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "exit_code.h"

namespace klingv2a::cli {

namespace {

enum class Is { video, sound };

struct Suffix {
  std::string_view suffix;
  Is is;
  const char* mux = nullptr;  // null: it can be read and not written
};

constexpr std::array kSuffixes{
    Suffix{".mp4", Is::video, "mp4"}, Suffix{".m4v", Is::video, "mp4"},   Suffix{".mov", Is::video, "mov"},
    Suffix{".mkv", Is::video, "mkv"}, Suffix{".webm", Is::video, "webm"}, Suffix{".ts", Is::video, "ts"},
    Suffix{".m2ts", Is::video, "ts"}, Suffix{".mts", Is::video, "ts"},    Suffix{".wav", Is::sound, "wav"},
    Suffix{".avi", Is::video},        Suffix{".mpg", Is::video},          Suffix{".mpeg", Is::video},
    Suffix{".vob", Is::video},        Suffix{".flv", Is::video},          Suffix{".ogv", Is::video},
    Suffix{".mxf", Is::video},        Suffix{".3gp", Is::video},          Suffix{".wmv", Is::video},
    Suffix{".asf", Is::video},        Suffix{".mp3", Is::sound},          Suffix{".m4a", Is::sound},
    Suffix{".aac", Is::sound},        Suffix{".ac3", Is::sound},          Suffix{".flac", Is::sound},
    Suffix{".ogg", Is::sound},        Suffix{".oga", Is::sound},          Suffix{".opus", Is::sound},
    Suffix{".mka", Is::sound},        Suffix{".wma", Is::sound},          Suffix{".aif", Is::sound},
    Suffix{".aiff", Is::sound},
};

std::string suffix_of(const std::string& file) {
  std::string suffix = std::filesystem::path(file).extension().string();
  std::ranges::transform(suffix, suffix.begin(), g_ascii_tolower);
  return suffix;
}

const Suffix* find_suffix(const std::string& file) {
  const auto* found = std::ranges::find(kSuffixes, suffix_of(file), &Suffix::suffix);
  return found == kSuffixes.end() ? nullptr : found;
}

// All of one container, or of all of them.
std::string suffixes_of(std::string_view mux = {}) {
  std::string all;
  for (const Suffix& entry : kSuffixes)
    if (entry.mux && (mux.empty() || mux == entry.mux)) all += (all.empty() ? "" : ", ") + std::string(entry.suffix);
  return all;
}

}  // namespace

std::string mux_of(const std::string& out) {
  const Suffix* known = find_suffix(out);
  return known && known->mux ? known->mux : "auto";
}

bool has_video_suffix(const std::string& file) {
  const Suffix* known = find_suffix(file);
  return known && known->is == Is::video;
}

bool is_manifest(const std::string& file) {
  const std::string suffix = suffix_of(file);
  return suffix == ".jsonl" || suffix == ".ndjson";
}

void check_suffix(const std::string& out, const std::string& mux) {
  const std::string suffix = suffix_of(out), chosen = mux_of(out);
  if (suffix.empty() || out == "-") return;
  const bool is_wanted = !mux.empty() && mux != "auto";
  if (!is_wanted && chosen == "auto")
    throw UsageError(out + ": " + suffix + " cannot be written, these can: " + suffixes_of());
  // A name of somebody's own (out.tmp) is for who asks for a container by its name.
  if (!is_wanted || mux == chosen || !find_suffix(out)) return;
  throw UsageError(out + " would not be what its name says: " + mux + " is written with " + suffixes_of(mux));
}

void check_sound_suffix(const std::string& out) {
  const std::string suffix = suffix_of(out);
  if (suffix.empty() || suffix == ".wav") return;
  throw UsageError(out + ": " + suffix + " cannot be written, the sound alone is .wav");
}

}  // namespace klingv2a::cli
