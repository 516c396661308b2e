// SPDX-License-Identifier: LGPL-2.1-or-later
#include "places.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "error.h"
#include "http/client.h"
#include "input_kind.h"
#include "output_file.h"

namespace klingv2a::cli {

namespace {

namespace fs = std::filesystem;

// The same text for the same file: what it is where it is there, else where it would be. Empty for what is no file.
std::string identity(const std::string& path) {
  if (path.empty() || path == "-") return {};
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) return {};
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  }
  std::error_code ignored;
  return fs::weakly_canonical(fs::absolute(path, ignored), ignored).string();
}

Error same_file(const Place& one, const Place& other) {
  const Place& lost = one.written ? other : one;
  const Place& writer = one.written ? one : other;
  return make_error(ErrorKind::settings, Phase::check,
                    lost.what + " " + lost.path + " and " + writer.what + " " + writer.path +
                        " are one file, which would be written over",
                    "write to another name or folder");
}

// What can be known of a file by its name: nothing is opened, for opening a pipe waits for who writes to it.
Error no_file(const std::string& in, const fs::file_status& status, const std::string& command) {
  if (fs::is_directory(status))
    return make_error(ErrorKind::input, Phase::check, in + " is a folder", "klingv2a dub takes folders with --out-dir");
  const bool is_pipe = fs::is_fifo(status) || fs::is_socket(status);
  return make_error(ErrorKind::input, Phase::check, in + (is_pipe ? " is a pipe" : " is not a file"),
                    is_pipe ? "let it come by stdin: klingv2a " + command + " - < " + in : "");
}

}  // namespace

std::vector<Place> places_of(const FileJob& job) {
  return {{job.in, "IN"}, {job.out, "OUT", true}, {job.report_file, "the report", true}};
}

void check_places(const std::vector<Place>& places) {
  std::map<std::string, const Place*> known;
  for (const Place& place : places) {
    const std::string id = identity(place.path);
    if (id.empty()) continue;
    const auto [at, is_new] = known.try_emplace(id, &place);
    if (is_new) continue;
    if (at->second->written || place.written) throw same_file(*at->second, place);
  }
}

void check_place(const Place& file, const std::vector<Place>& places) {
  const std::string id = identity(file.path);
  if (id.empty()) return;
  for (const Place& place : places)
    if (identity(place.path) == id) throw same_file(file, place);
}

void refuse_url(const std::string& in) {
  std::error_code ignored;
  if (!is_url(in) || fs::exists(in, ignored)) return;
  throw make_error(ErrorKind::input, Phase::check, http::displayable_url(in) + " is a URL, and no file",
                   "download it first, or let it come by stdin: curl -L URL | klingv2a dub - -o OUT");
}

void check_input(const std::string& in, const std::string& command) {
  if (in == "-") return;
  std::error_code ignored;
  const fs::file_status status = fs::status(in, ignored);
  if (!fs::exists(status)) throw make_error(ErrorKind::input, Phase::check, in + " is not there");
  if (!fs::is_regular_file(status)) throw no_file(in, status, command);
  if (const std::string else_is = what_else_it_is(in); !else_is.empty())
    throw make_error(ErrorKind::input, Phase::check, in + " is no video: it is " + else_is);
}

void check_can_be_written(const std::string& path) {
  // Its part is what write_file() begins with; a file that is there is replaced.
  const OutputFile trial(path, true);
}

}  // namespace klingv2a::cli
