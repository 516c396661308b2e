// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was typed, as plain values. Nothing here opens a file or asks anybody.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "settings_table.h"

namespace klingv2a::cli {

// `--json` and `--json=FILE`.
struct JsonWish {
  bool wanted = false;
  std::string file;  // empty: stdout, or stderr where that is the output
};

struct DubOptions {
  std::vector<std::string> in;  // files, a folder or a manifest; "-": stdin
  std::string out;              // a file; "-": stdout
  std::string out_dir;          // of several files
  std::string audio_only;       // instead of `out`: the sound alone, as WAV
  unsigned jobs = 4;            // files at a time
  bool overwrite = false;
  bool yes = false;             // nobody is asked before more than one task is paid for
  bool trust_manifest = false;  // see ManyWish
  bool report = false;
  std::string report_file;  // empty: beside the output
  bool simulate = false;
  bool simulate_fresh = false;      // what was simulated before is forgotten
  std::string simulated_task_time;  // seconds; empty: the simulated service's own
  std::chrono::seconds wait{0};     // for another run that is at work on the output, or in the folder
  std::string api_key_file;
  bool worker = false;  // started by a run over several files
  JsonWish json;
  Settings settings;

  [[nodiscard]] bool writes_to_stdout() const { return out == "-" || audio_only == "-"; }
};

struct CheckOptions {
  std::string in;
  std::string out;  // whose suffix says what OUT's container could carry
  std::string api_key_file;
  JsonWish json;
  Settings settings;
};

struct TasksOptions {
  enum class What { list, show, fetch, adopt, forget };
  What what = What::list;
  std::string id;       // a task_id, an external_task_id, or "row-N"
  std::string task_id;  // adopt: of the task that becomes the row's
  std::string out;      // fetch: a file; "-": stdout
  bool overwrite = false;
  bool wait = false;  // fetch: until the task has ended
  double timeout_s = 1200;
  bool yes = false;  // forget: do not ask
  bool json = false;
  std::string journal;     // empty: the default
  std::string base_url;    // decides between the paid and the simulated journal
  bool simulated = false;  // the journal of services on loopback
  bool simulate = false;   // the journal of `dub --simulate`, and its service
  std::string api_key_file;
};

// --help and --version: text for stdout.
struct HelpText {
  std::string text;
};

using CommandLine = std::variant<HelpText, DubOptions, CheckOptions, TasksOptions>;

// Throws UsageError with what is wrong and where to look.
[[nodiscard]] CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace klingv2a::cli
