// SPDX-License-Identifier: LGPL-2.1-or-later
#include "manifest.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>

#include "dub_pipeline.h"
#include "exit_code.h"
#include "json_text.h"

namespace klingv2a::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::array kVideoSuffixes{".mp4", ".m4v", ".mov", ".mkv", ".webm", ".ts",  ".m2ts", ".mts",
                                    ".avi", ".mpg", ".flv", ".ogv", ".mxf",  ".3gp", ".mpeg"};

std::string lower_suffix(const fs::path& path) {
  std::string suffix = path.extension().string();
  std::ranges::transform(suffix, suffix.begin(), g_ascii_tolower);
  return suffix;
}

bool is_video(const fs::path& path) {
  return std::ranges::find(kVideoSuffixes, lower_suffix(path)) != kVideoSuffixes.end();
}

bool is_manifest(const fs::path& path) {
  const std::string suffix = lower_suffix(path);
  return suffix == ".jsonl" || suffix == ".ndjson";
}

// A container that can be written; what cannot (AVI …) goes into Matroska.
std::string output_name(const fs::path& in, const std::string& mux) {
  if (!mux.empty() && mux != "auto") return in.stem().string() + "." + mux;
  const bool can_be_written = mux_of(in.string()) != "auto";
  return can_be_written ? in.filename().string() : in.stem().string() + ".mkv";
}

// Empty when it is not there.
std::string path_of(JsonObject* object, const char* name, const std::string& where) {
  JsonNode* node = json_object_get_member(object, name);
  if (!node) return {};
  const bool is_text = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
  std::string path = is_text ? json_node_get_string(node) : "";
  if (path.empty() || path == "-") throw UsageError(where + "\"" + name + "\" is not the name of a file");
  return path;
}

// A value that is none must not pass for an empty one: the video would be paid for without its prompt.
std::string value_in(JsonObject* object, const SettingOption& option) {
  JsonNode* node = json_object_get_member(object, option.name);
  const bool is_switch = option.kind == ValueKind::flag || option.kind == ValueKind::off_switch;
  const bool is_value = node && JSON_NODE_HOLDS_VALUE(node);
  if (is_value && (json_node_get_value_type(node) == G_TYPE_BOOLEAN) == is_switch)
    return member_text(object, option.name);
  throw UsageError("\"" + std::string(option.name) + "\" is " +
                   (is_switch ? "neither true nor false" : "neither a text nor a number"));
}

class List {
 public:
  explicit List(const ManyWish& wish) : wish_(wish) {}

  void add(const fs::path& in) {
    if (in == "-") throw UsageError("- goes with -o OUT, not with --out-dir");
    std::error_code ignored;
    if (fs::is_directory(in, ignored)) return add_folder(in);
    if (!in.has_filename()) throw make_error(ErrorKind::input, Phase::check, in.string() + " is not there");
    if (is_manifest(in)) return add_manifest(in);
    add_job(in, wish_.out_dir / fs::path(output_name(in, value_of(wish_.settings, "mux"))), wish_.settings);
  }

  [[nodiscard]] std::vector<FileJob> jobs() const {
    if (jobs_.empty()) throw UsageError("there is no video in what was given");
    std::map<std::string, std::string> places;
    for (const FileJob& job : jobs_) {
      const auto [place, is_new] = places.try_emplace(fs::weakly_canonical(job.out).string(), job.in);
      if (!is_new) throw UsageError(place->second + " and " + job.in + " would both be written to " + job.out);
    }
    return jobs_;
  }

 private:
  void add_folder(const fs::path& folder) {
    std::vector<fs::path> videos;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      std::error_code gone;  // since it was listed
      if (at->is_regular_file(gone) && is_video(at->path()) && !at->path().filename().string().starts_with("."))
        videos.push_back(at->path());
    }
    if (error)
      throw make_error(ErrorKind::input, Phase::check,
                       "the folder " + folder.string() + " cannot be read: " + error.message());
    std::ranges::sort(videos);
    for (const fs::path& video : videos) add(video);
  }

  void add_manifest(const fs::path& manifest) {
    std::ifstream file(manifest);
    if (!file) throw UsageError("cannot read the manifest " + manifest.string());
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      add_line(manifest, line, manifest.string() + ":" + std::to_string(number) + ": ");
    }
  }

  // Paths are relative to the manifest's folder, `out` to --out-dir.
  void add_line(const fs::path& manifest, const std::string& line, const std::string& where) {
    const JsonNodePtr node = parse_json(line);
    JsonObject* object = object_of(node);
    if (!object) throw UsageError(where + "this is no JSON object");
    Settings settings = wish_.settings;
    const std::unique_ptr<GList, Deleter<g_list_free>> names(json_object_get_members(object));
    for (const GList* name = names.get(); name; name = name->next)
      add_member(settings, object, static_cast<const char*>(name->data), where);
    const fs::path in = path_of(object, "in", where);
    if (in.empty()) throw UsageError(where + "\"in\" is missing");
    const std::string out = path_of(object, "out", where);
    add_job(manifest.parent_path() / in,
            wish_.out_dir / fs::path(out.empty() ? output_name(in, value_of(settings, "mux")) : out), settings);
  }

  static void add_member(Settings& settings, JsonObject* object, const std::string& name, const std::string& where) {
    if (name == "in" || name == "out") return;
    const SettingOption* option = find_option(name);
    if (!option) throw UsageError(where + "\"" + name + "\" is neither in, out nor an option of dub");
    try {
      settings.push_back(to_setting(*option, value_in(object, *option)));
      check_setting(settings.back());
    } catch (const std::runtime_error& wrong) {
      throw UsageError(where + wrong.what());
    }
  }

  void add_job(const fs::path& in, const fs::path& out, Settings settings) {
    if (value_of(settings, "mux").empty()) settings.push_back({"mux", mux_of(out.string())});
    jobs_.push_back({in.string(), out.string(), report_beside(out.string()), wish_.overwrite, std::move(settings),
                     wish_.simulated});
  }

  const ManyWish& wish_;
  std::vector<FileJob> jobs_;
};

}  // namespace

std::vector<FileJob> list_jobs(const ManyWish& wish) {
  List list(wish);
  for (const std::string& in : wish.in) list.add(in);
  return list.jobs();
}

}  // namespace klingv2a::cli
