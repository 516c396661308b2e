// SPDX-License-Identifier: LGPL-2.1-or-later
#include "manifest.h"

#include <glib.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "exit_code.h"
#include "gobject_ptr.h"
#include "json_line.h"
#include "places.h"
#include "setting_check.h"
#include "suffix.h"
#include "suggestion.h"

namespace klingv2a::cli {

namespace {

namespace fs = std::filesystem;

// A container that can be written; what cannot (AVI …) goes into Matroska.
std::string output_name(const fs::path& in, const std::string& mux) {
  if (!mux.empty() && mux != "auto") return in.stem().string() + "." + mux;
  const bool can_be_written = mux_of(in.string()) != "auto";
  return can_be_written ? in.filename().string() : in.stem().string() + ".mkv";
}

using Members = std::vector<JsonMember>;

// Empty when it is not there.
std::string path_of(const Members& members, const char* name) {
  const auto member = std::ranges::find(members, name, &JsonMember::name);
  if (member == members.end()) return {};
  const bool is_path = member->kind == JsonMember::Kind::text && !member->value.empty() && member->value != "-";
  if (!is_path) throw UsageError("\"" + member->name + "\" is not the name of a file");
  return member->value;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names{"in", "out"};
  for (const SettingOption& option : setting_options()) names.emplace_back(option.name);
  return names;
}

const SettingOption& option_of(const JsonMember& member) {
  if (const SettingOption* option = find_option(member.name)) return *option;
  throw UsageError("\"" + member.name + "\" is neither in, out nor an option of dub" +
                   suggestion(member.name, known_names()));
}

// A value that is none must not pass for an empty one: the video would be paid for without its prompt.
Setting setting_of(const JsonMember& member) {
  using enum JsonMember::Kind;
  const SettingOption& option = option_of(member);
  const bool is_switch = option.kind == ValueKind::flag || option.kind == ValueKind::off_switch;
  if (member.kind == other || (member.kind == boolean) != is_switch)
    throw UsageError("\"" + member.name + "\" is " +
                     (is_switch ? "neither true nor false" : "neither a text nor a number"));
  Setting setting = to_setting(option, member.value);
  check_setting(setting);
  return setting;
}

// Bounded: it is read whole.
std::string content_of(const fs::path& manifest) {
  constexpr std::uintmax_t kMost = 64 << 20;
  std::error_code error;
  if (fs::file_size(manifest, error) > kMost && !error)
    throw UsageError("the manifest " + manifest.string() + " is larger than 64 MiB");
  char* text = nullptr;
  gsize length = 0;
  GError* failure = nullptr;
  const bool read = g_file_get_contents(manifest.c_str(), &text, &length, &failure);
  const GCharPtr owned(text);
  const GErrorPtr why(failure);
  if (!read) throw UsageError(std::string("cannot read the manifest: ") + why->message);
  return {text, length};
}

class List {
 public:
  explicit List(const ManyWish& wish) : wish_(wish) {}

  void add(const fs::path& in) {
    if (in == "-") throw UsageError("- goes with -o OUT, not with --out-dir");
    std::error_code ignored;
    if (fs::is_directory(in, ignored)) return add_folder(in);
    if (!in.has_filename()) throw make_error(ErrorKind::input, Phase::check, in.string() + " is not there");
    if (is_manifest(in.string())) return add_manifest(in);
    add_job(in, wish_.out_dir / fs::path(output_name(in, value_of(wish_.settings, "mux"))), wish_.settings);
  }

  [[nodiscard]] JobList take() {
    if (jobs_.empty()) throw UsageError("there is no video in what was given");
    std::map<std::string, std::string> places;
    for (const FileJob& job : jobs_) {
      const auto [place, is_new] = places.try_emplace(fs::weakly_canonical(job.out).string(), job.in);
      if (!is_new) throw UsageError(place->second + " and " + job.in + " would both be written to " + job.out);
    }
    return {std::move(jobs_), std::move(passed_over_)};
  }

 private:
  void add_folder(const fs::path& folder) {
    std::vector<fs::path> videos, others;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().string();
      if (name.starts_with(".") || name.ends_with(kReportSuffix)) continue;
      std::error_code gone;  // since it was listed
      const bool is_video = at->is_regular_file(gone) && has_video_suffix(name);
      (is_video ? videos : others).push_back(at->path());
    }
    if (error)
      throw make_error(ErrorKind::input, Phase::check,
                       "the folder " + folder.string() + " cannot be read: " + error.message());
    std::ranges::sort(videos);
    for (const fs::path& video : videos) add(video);
    std::ranges::sort(others);
    for (const fs::path& other : others) passed_over_.push_back(other.string());
  }

  void add_manifest(const fs::path& manifest) {
    const std::string content = content_of(manifest);
    int number = 0;
    for (const std::string_view line : lines_of(content)) {
      ++number;
      if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
      try {
        add_line(manifest, line);
      } catch (const std::runtime_error& wrong) {
        throw UsageError(manifest.string() + ":" + std::to_string(number) + ": " + wrong.what());
      }
    }
  }

  // Paths are relative to the manifest's folder, `out` to --out-dir.
  void add_line(const fs::path& manifest, std::string_view line) {
    const Members members = read_json_line(line);
    Settings settings = wish_.settings;
    for (const JsonMember& member : members)
      if (member.name != "in" && member.name != "out") settings.push_back(allowed(setting_of(member), member.name));
    const std::string in = path_of(members, "in"), out = path_of(members, "out");
    if (in.empty()) throw UsageError("\"in\" is missing");
    refuse_url(in);
    const std::string mux = value_of(settings, "mux");
    if (!out.empty()) check_suffix(out, mux);
    if (!out.empty()) check_is_within(out);
    add_job(manifest.parent_path() / in, wish_.out_dir / fs::path(out.empty() ? output_name(in, mux) : out), settings);
  }

  // A manifest may come from anybody.
  [[nodiscard]] Setting allowed(Setting setting, const std::string& name) const {
    if (wish_.trusts_manifest || !needs_trust(setting.property)) return setting;
    throw UsageError("\"" + name + "\" is not taken from a manifest: give --" + name +
                     " on the command line, or --trust-manifest if you know who wrote it");
  }

  // Links that are there already are followed.
  void check_is_within(const fs::path& out) const {
    if (wish_.trusts_manifest) return;
    const fs::path folder = fs::weakly_canonical(fs::path(wish_.out_dir) / "x").parent_path(),
                   place = fs::weakly_canonical(folder / out);
    const auto [end, at] = std::ranges::mismatch(folder, place);
    if (end == folder.end() && at != place.end()) return;
    throw UsageError("\"out\" leads out of " + wish_.out_dir +
                     ": name a place in it, or give --trust-manifest if you know who wrote the manifest");
  }

  void add_job(const fs::path& in, const fs::path& out, Settings settings) {
    if (value_of(settings, "mux").empty()) settings.push_back({"mux", mux_of(out.string())});
    jobs_.push_back({.in = in.string(),
                     .out = out.string(),
                     .report_file = report_beside(out.string()),
                     .overwrite = wish_.overwrite,
                     .settings = std::move(settings),
                     .simulated = wish_.simulated});
  }

  const ManyWish& wish_;
  std::vector<FileJob> jobs_;
  std::vector<std::string> passed_over_;
};

}  // namespace

JobList list_jobs(const ManyWish& wish) {
  List list(wish);
  for (const std::string& in : wish.in) list.add(in);
  return list.take();
}

}  // namespace klingv2a::cli
