// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See result_reader.h. No state that outlives a call, no lock.
#include "kling/result_reader.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

namespace klingv2a::kling {
namespace {

constexpr int kMaxDepth = 8;
// Each has at most three links; what is beyond these is not looked at.
constexpr std::size_t kMostEntries = 64;

enum class Medium { unknown, sound, video };
using Names = std::initializer_list<const char*>;

bool says_one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [text](std::string_view word) { return text.find(word) != text.npos; });
}

std::string lower_case(std::string_view text) {
  return GCharPtr(g_ascii_strdown(std::string(text).c_str(), -1)).get();
}

// The clip itself, pictures of it, and where somebody is to be notified.
bool is_no_result(std::string_view name) {
  constexpr std::array<std::string_view, 12> kWords{"parent", "origin", "source_", "input",    "cover",   "image",
                                                    "thumb",  "poster", "mark",    "callback", "webhook", "preview"};
  return says_one_of(name, kWords);
}

Medium medium_of(std::string_view name, Medium around) {
  constexpr std::array<std::string_view, 6> kSound{"audio", "sound", "wav", "mp3", "music", "voice"};
  constexpr std::array<std::string_view, 3> kVideo{"video", "mp4", "movie"};
  if (says_one_of(name, kSound)) return Medium::sound;
  return says_one_of(name, kVideo) ? Medium::video : around;
}

// ".mp3" of "https://host/a.mp3?sig=1"; empty: none.
std::string extension_of(std::string_view link) {
  const std::string_view path = link.substr(0, link.find_first_of("?#"));
  const std::size_t dot = path.rfind('.');
  return dot == path.npos || path.find('/', dot) != path.npos ? std::string() : lower_case(path.substr(dot));
}

Medium medium_by_extension(const std::string& extension, Medium otherwise) {
  constexpr std::array kSound{".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".opus"};
  constexpr std::array kVideo{".mp4", ".mov", ".webm", ".mkv"};
  if (std::ranges::find(kSound, extension) != kSound.end()) return Medium::sound;
  return std::ranges::find(kVideo, extension) != kVideo.end() ? Medium::video : otherwise;
}

bool is_blank(char c) {
  return g_ascii_isspace(c);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Absolute, or on the service's own host.
bool is_link(std::string_view text) {
  const std::string lower = lower_case(text.substr(0, 8));
  return lower.starts_with("http:") || lower.starts_with("https:") || lower.starts_with("/");
}

std::string first_text(JsonObject* object, Names names) {
  for (const char* name : names) {
    std::string text = text_member(object, name);
    if (!text.empty()) return text;
  }
  return {};
}

std::optional<double> first_duration(JsonObject* object, Names names) {
  for (const char* name : names) {
    const std::optional<double> seconds = number_member(object, name);
    if (seconds && *seconds >= 0) return seconds;
  }
  return std::nullopt;
}

ResultAudio read_audio(JsonObject* audio) {
  return {.id = text_member(audio, "id"),
          .url_mp3 = first_text(audio, {"url_mp3", "mp3_url"}),
          .url_wav = first_text(audio, {"url_wav", "wav_url"}),
          .duration_mp3_s = first_duration(audio, {"duration_mp3", "mp3_duration", "duration"}),
          .duration_wav_s = first_duration(audio, {"duration_wav", "wav_duration", "duration"})};
}

class ResultReader {
 public:
  explicit ResultReader(Task& task) : task_(task) {}

  void read(JsonNode* node, std::string_view name, Medium around, int depth = 0) {
    const bool full = task_.audios.size() + task_.videos.size() >= kMostEntries;
    if (!node || depth > kMaxDepth || full || is_no_result(name)) return;
    const Medium medium = medium_of(name, around);
    if (JSON_NODE_HOLDS_ARRAY(node)) return read_array(json_node_get_array(node), name, medium, depth);
    if (JSON_NODE_HOLDS_OBJECT(node)) return read_object(json_node_get_object(node), medium, depth);
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
      read_text(trimmed(json_node_get_string(node)), name, medium, depth);
  }

  // The first audio stands for all: what it lacks is taken from those behind it.
  void merge() {
    for (const ResultAudio& other : task_.audios) {
      ResultAudio& first = task_.audios.front();
      if (first.url_wav.empty() && !other.url_wav.empty()) {
        first.url_wav = other.url_wav;
        first.duration_wav_s = other.duration_wav_s;
      }
      if (first.url_mp3.empty() && !other.url_mp3.empty()) {
        first.url_mp3 = other.url_mp3;
        first.duration_mp3_s = other.duration_mp3_s;
      }
    }
  }

 private:
  void read_array(JsonArray* array, std::string_view name, Medium medium, int depth) {
    for (guint i = 0; i < json_array_get_length(array); ++i)
      read(json_array_get_element(array, i), name, medium, depth + 1);
  }

  void read_object(JsonObject* object, Medium medium, int depth) {
    if (medium == Medium::sound && add_audio(read_audio(object))) return;
    if (medium == Medium::video && add_video(object)) return;
    const std::unique_ptr<GList, Deleter<g_list_free>> names(json_object_get_members(object));
    for (const GList* each = names.get(); each; each = each->next) {
      const auto* name = static_cast<const char*>(each->data);
      read(json_object_get_member(object, name), lower_case(name), medium, depth + 1);
    }
  }

  // A link, or the JSON of an object or an array.
  void read_text(std::string_view text, std::string_view name, Medium medium, int depth) {
    if (text.starts_with('{') || text.starts_with('[')) {
      const auto document = JsonDocument::parse(R"({"data":)" + std::string(text) + "}");
      if (document) read(member(document->root(), "data"), "", medium, depth + 1);
    } else if (is_link(text)) {
      add_link(std::string(text), name, medium);
    }
  }

  void add_link(const std::string& link, std::string_view name, Medium medium) {
    const std::string extension = extension_of(link);
    // Nothing says what it is: the decoder finds the sound in whatever comes.
    if (medium_by_extension(extension, medium) != Medium::sound) {
      task_.videos.push_back({.url = link});
      return;
    }
    const bool is_mp3 = extension == ".mp3" || (extension.empty() && name.find("mp3") != name.npos);
    (void)add_audio(is_mp3 ? ResultAudio{.url_mp3 = link} : ResultAudio{.url_wav = link});
  }

  bool add_audio(ResultAudio audio) {
    if (audio.url_wav.empty() && audio.url_mp3.empty()) return false;
    task_.audios.push_back(std::move(audio));
    return true;
  }

  bool add_video(JsonObject* video) {
    std::string url = text_member(video, "url");
    if (url.empty()) return false;
    task_.videos.push_back(
        {.id = text_member(video, "id"), .url = std::move(url), .duration_s = first_duration(video, {"duration"})});
    return true;
  }

  Task& task_;
};

}  // namespace

void read_result(JsonObject* data, Task& task) {
  // At the side of the task itself a `video_url` is the clip's.
  constexpr std::array kPlaces{"task_result", "task_results", "result",    "results",   "output",     "outputs",
                               "audios",      "videos",       "audio_url", "sound_url", "audio_urls", "works"};
  ResultReader reader(task);
  for (const char* place : kPlaces) {
    if (has_links(task)) break;
    reader.read(member(data, place), place, Medium::unknown);
  }
  reader.merge();
}

}  // namespace klingv2a::kling
