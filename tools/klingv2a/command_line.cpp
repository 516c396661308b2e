// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See command_line.h. CLI11 knows the grammar; what an option means is in settings_table.cpp.
#include "command_line.h"

#include <glib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "exit_code.h"
#include "suffix.h"
#include "suggestion.h"

namespace klingv2a::cli {

namespace {

constexpr const char* kSummary =
    "klingv2a gives a video a new sound track, made by Kling's video-to-audio service, and leaves the video itself "
    "alone.\n"
    "A task at the service costs money; the journal makes a rerun free.";
constexpr const char* kEnvironment =
    "Environment: KLINGV2A_API_KEY (then COMETAPI_KEY), or KLINGV2A_ACCESS_KEY with KLINGV2A_SECRET_KEY;\n"
    "KLINGV2A_BASE_URL, KLINGV2A_JOURNAL, KLINGV2A_PUBLISH, KLINGV2A_PUBLISH_HEADERS, KLINGV2A_CALLBACK_SECRET;\n"
    "TMPDIR, XDG_STATE_HOME, XDG_CACHE_HOME (where things lie), AWS_* (keys of --publish s3://): see man klingv2a.\n"
    "Keys are no options: others could see them.\n\n";

// The values of the table's options, as CLI11 fills them in.
class TableOptions {
 public:
  void add_to(CLI::App& app) {
    values_.resize(setting_options().size());
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const SettingOption& option = setting_options()[i];
      const std::string name = std::string("--") + option.name;
      const bool has_value = option.kind != ValueKind::flag && option.kind != ValueKind::off_switch;
      CLI::Option* added =
          has_value ? app.add_option(name, values_[i], option.help) : app.add_flag(name, values_[i], option.help);
      added->group(option.group)->take_last();
      if (has_value) added->type_name(option.placeholder);
      added_.push_back(added);
    }
  }

  [[nodiscard]] Settings settings() const {
    Settings all;
    for (std::size_t i = 0; i < added_.size(); ++i)
      if (added_[i]->count() > 0) all.push_back(to_setting(setting_options()[i], values_[i]));
    return all;
  }

 private:
  std::vector<std::string> values_;
  std::vector<CLI::Option*> added_;
};

// `--name` and `--name=VALUE`, which never takes the next word for its value.
class OptionalValue {
 public:
  void add_to(CLI::App& app, const std::string& name, const std::string& help) {
    option_ = app.add_flag(name, value_, help);
  }
  [[nodiscard]] bool is_given() const { return option_ && option_->count() > 0; }
  [[nodiscard]] std::string value() const { return is_given() && value_ != "true" ? value_ : ""; }

 private:
  CLI::Option* option_ = nullptr;
  std::string value_;
};

// Whole seconds; a day where none are given.
std::chrono::seconds wait_of(const std::string& given) {
  constexpr int kDigits = 9;
  if (given.empty()) return std::chrono::hours(24);
  const bool is_number = given.size() <= kDigits && given.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number) throw UsageError("--wait: '" + given + "' is no number of seconds");
  return std::chrono::seconds(std::stol(given));
}

constexpr const char* kJsonHelp =
    "One JSON object per event on stdout (stderr when the output is -), or --json=FILE; the last one is the result";
constexpr const char* kKeyFileHelp = "File that holds the API key (instead of $KLINGV2A_API_KEY)";

// Empty is 0.
double seconds_in(const std::string& option, const std::string& given) {
  char* end = nullptr;
  const double number = g_ascii_strtod(given.c_str(), &end);
  if (*end == '\0' && std::isfinite(number) && number >= 0) return number;
  throw UsageError(option + ": '" + given + "' is no number of seconds from 0 on");
}

// In words of our own, which do not change with CLI11. Empty: right.
std::string wrong_jobs(const std::string& given) {
  constexpr guint64 kMost = 1000;
  if (g_ascii_string_to_unsigned(given.c_str(), 10, 1, kMost, nullptr, nullptr)) return {};
  return "'" + given + "' is no value; it takes a whole number from 1 to " + std::to_string(kMost);
}

class DubCommand {
 public:
  explicit DubCommand(CLI::App& parent) : app_(*parent.add_subcommand("dub", "Give videos a new sound track")) {
    app_.add_option("IN", options_.in, "A video, several, a folder, or a manifest (.jsonl, .ndjson); - is stdin")
        ->required()
        ->type_name("");
    auto* out = app_.add_option("-o,--output", options_.out, "The file to write; - is stdout (mkv, webm, ts)");
    auto* sound = app_.add_option("--audio-only", options_.audio_only, "Write the sound alone, as WAV");
    auto* folder = app_.add_option("--out-dir", options_.out_dir, "Of several videos: the folder to write into");
    out->type_name("OUT")->excludes(sound)->excludes(folder);
    sound->type_name("OUT.wav")->excludes(folder);
    folder->type_name("FOLDER");
    app_.add_option("--jobs", options_.jobs, "Of several videos: how many at a time (4), up to 1000")
        ->check(wrong_jobs)
        ->type_name("NUMBER");
    app_.add_flag("-y,--overwrite", options_.overwrite, "Replace an output that exists");
    app_.add_flag("--yes", options_.yes, "Pay for more than one task without being asked on a terminal");
    app_.add_flag("--trust-manifest", options_.trust_manifest,
                  "A manifest's lines may name the service, publish, and write outside FOLDER");
    report_.add_to(app_, "--report", "Write a report as JSON beside OUT (OUT.klingv2a.json), or --report=FILE");
    json_.add_to(app_, "--json", kJsonHelp);
    simulate_.add_to(app_, "--simulate",
                     "Use a simulated service, with a journal of its own: nothing is paid, the sound is synthetic. "
                     "--simulate=SECONDS says how long a task takes");
    app_.add_flag("--simulate-fresh", options_.simulate_fresh, "Likewise, and forget what was simulated before");
    wait_.add_to(app_, "--wait",
                 "Wait for another run that is at work on OUT, or in the folder, instead of ending at once. "
                 "--wait=SECONDS says how long (a day)");
    app_.add_option("--api-key-file", options_.api_key_file, kKeyFileHelp)->type_name("FILE");
    app_.add_flag("--worker", options_.worker)->group("");
    table_.add_to(app_);
    app_.footer(std::string(kEnvironment) + exit_code_help());
  }

  [[nodiscard]] bool is_meant() const { return app_.parsed(); }
  [[nodiscard]] DubOptions options() const {
    DubOptions all = options_;
    all.report = report_.is_given();
    all.report_file = report_.value();
    all.json = {json_.is_given(), json_.value()};
    all.simulate = simulate_.is_given() || all.simulate_fresh;
    all.simulated_task_time = simulate_.value();
    if (wait_.is_given()) all.wait = wait_of(wait_.value());
    all.settings = table_.settings();
    check(all);
    return all;
  }

 private:
  static void check(const DubOptions& all) {
    if (all.out.empty() && all.audio_only.empty() && all.out_dir.empty())
      throw UsageError("where to? Give -o OUT, --audio-only OUT.wav, or --out-dir FOLDER");
    if (all.in.size() > 1 && all.out_dir.empty()) throw UsageError("several videos need --out-dir FOLDER");
    if (!all.simulate) return;
    (void)seconds_in("--simulate", all.simulated_task_time);
    for (const char* property : {"base-url", "journal"})
      if (!value_of(all.settings, property).empty())
        throw UsageError(std::string("--simulate has a service and a journal of its own: no --") + property);
  }

  CLI::App& app_;
  DubOptions options_;
  TableOptions table_;
  OptionalValue report_, json_, simulate_, wait_;
};

class CheckCommand {
 public:
  explicit CheckCommand(CLI::App& parent)
      : app_(*parent.add_subcommand("check", "Say all that can be known of a video before paying")) {
    app_.add_option("IN", options_.in, "A video; - is stdin")->required()->type_name("");
    app_.add_option("-o,--output", options_.out, "The file that would be written: its suffix counts")->type_name("OUT");
    json_.add_to(app_, "--json", "One JSON object per event on stdout, or --json=FILE; the last one is the result");
    app_.add_option("--api-key-file", options_.api_key_file, kKeyFileHelp)->type_name("FILE");
    table_.add_to(app_);
    app_.footer(std::string(kEnvironment) + exit_code_help());
  }

  [[nodiscard]] bool is_meant() const { return app_.parsed(); }
  [[nodiscard]] CheckOptions options() const {
    CheckOptions all = options_;
    all.json = {json_.is_given(), json_.value()};
    all.settings = table_.settings();
    return all;
  }

 private:
  CLI::App& app_;
  CheckOptions options_;
  TableOptions table_;
  OptionalValue json_;
};

class TasksCommand {
 public:
  explicit TasksCommand(CLI::App& parent)
      : app_(*parent.add_subcommand("tasks", "Read the journal: what was asked for, and what became of it")) {
    app_.require_subcommand(0, 1);
    CLI::App* list = app_.add_subcommand("list", "All tasks (the default)");
    show_ = app_.add_subcommand("show", "All that is known of one");
    fetch_ = app_.add_subcommand("fetch",
                                 "Get the sound of a task that was left running, or whose sound is cached; "
                                 "never pays");
    adopt_ = app_.add_subcommand("adopt",
                                 "Take over a task that you have found in the service's console, for one of which "
                                 "nobody knew whether it was made; asks the service for it, never pays");
    forget_ = app_.add_subcommand("forget", "Remove one from the journal: a rerun of its clip pays again");
    for (CLI::App* command : {show_, fetch_, forget_})
      command->add_option("ID", options_.id, "task_id, external_task_id or row-N, as in the list")
          ->required()
          ->type_name("");
    adopt_->add_option("EXTERNAL-ID", options_.id, "external_task_id or row-N, as in the list")
        ->required()
        ->type_name("");
    adopt_->add_option("TASK-ID", options_.task_id, "The task's id at the service")->required()->type_name("");
    adopt_->add_option("--api-key-file", options_.api_key_file, kKeyFileHelp)->type_name("FILE");
    fetch_->add_option("-o,--output", options_.out, "The file to write; - is stdout")->required()->type_name("OUT");
    fetch_->add_flag("-y,--overwrite", options_.overwrite, "Replace an output that exists");
    fetch_->add_flag("--wait", options_.wait, "Wait until the task has ended, instead of looking once");
    fetch_->add_option("--timeout", timeout_, "How long to wait (1200)")->type_name("SECONDS");
    fetch_->add_option("--api-key-file", options_.api_key_file, kKeyFileHelp)->type_name("FILE");
    forget_->add_flag("--yes", options_.yes, "Do not ask");
    for (CLI::App* command : {&app_, list, show_, fetch_, adopt_, forget_}) add_places(*command);
    app_.footer(exit_code_help());
  }

  [[nodiscard]] bool is_meant() const { return app_.parsed(); }
  [[nodiscard]] TasksOptions options() const {
    using What = TasksOptions::What;
    TasksOptions all = options_;
    all.what = show_->parsed()     ? What::show
               : fetch_->parsed()  ? What::fetch
               : adopt_->parsed()  ? What::adopt
               : forget_->parsed() ? What::forget
                                   : What::list;
    // What a script types when its variable is not set.
    if (all.what != What::list && all.id.empty()) throw UsageError("ID is empty: klingv2a tasks list shows them");
    if (!timeout_.empty()) all.timeout_s = seconds_in("--timeout", timeout_);
    if (all.what == What::fetch && all.out != "-") check_sound_suffix(all.out);
    if (all.what == What::adopt && all.task_id.empty()) throw UsageError("TASK-ID is empty");
    if (all.simulate && !(all.journal.empty() && all.base_url.empty()))
      throw UsageError("--simulate has a service and a journal of its own: no --journal, no --base-url");
    return all;
  }

 private:
  void add_places(CLI::App& command) {
    command.add_flag("--json", options_.json, "One JSON object a line");
    command.add_option("--journal", options_.journal, "A file or postgresql://… (default: $KLINGV2A_JOURNAL)")
        ->type_name("WHERE");
    command.add_option("--base-url", options_.base_url, "The service (default: $KLINGV2A_BASE_URL, then CometAPI)")
        ->type_name("URL");
    command.add_flag("--simulated", options_.simulated, "The journal of services on this machine");
    command.add_flag("--simulate", options_.simulate, "What dub --simulate has made, and its service");
  }

  CLI::App& app_;
  CLI::App *show_ = nullptr, *fetch_ = nullptr, *adopt_ = nullptr, *forget_ = nullptr;
  std::string timeout_;
  TasksOptions options_;
};

// The innermost one of the commands that were typed.
const CLI::App& meant_in(const CLI::App& app) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  return commands.empty() ? app : meant_in(*commands.front());
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* entry : command.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(entry->get_name());
  return names;
}

std::string no_command(const std::string& word, const CLI::App& command) {
  std::string all;
  for (const std::string& name : commands_of(command)) all += (all.empty() ? "" : ", ") + name;
  return "there is no command " + word + ", there are " + all + suggestion(word, commands_of(command));
}

// What nothing of the grammar has taken.
std::string not_expected(const CLI::App& command, std::string word) {
  word = word.substr(0, word.find('='));
  if (word.starts_with("-")) return "there is no option " + word + suggestion(word, options_of(command));
  return commands_of(command).empty() ? word + " is one argument too many" : no_command(word, command);
}

// Of the words that are left, the one to report: the one where a command belongs, else an option before the word
// behind it, which may be meant for its value.
std::string worst_of(const std::vector<std::string>& left, const CLI::App& command) {
  const auto is_option = [](const std::string& word) { return word.starts_with("-"); };
  const auto option = std::ranges::find_if(left, is_option);
  const bool is_command = !commands_of(command).empty() && !is_option(left.front());
  return is_command || option == left.end() ? left.front() : *option;
}

void refuse_what_is_left(const CLI::App& app) {
  std::vector<std::string> left = app.remaining(true);
  std::erase(left, "--");  // what ends the options
  const CLI::App& command = meant_in(app);
  if (!left.empty()) throw UsageError(not_expected(command, worst_of(left, command)));
}

// It would be an error by itself, which says less than refuse_what_is_left().
void allow_what_is_left(CLI::App& app) {
  app.allow_extras();
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) allow_what_is_left(*command);
}

CommandLine parse(CLI::App& app, int argc, const char* const* argv) {
  const DubCommand dub(app);
  const CheckCommand check(app);
  const TasksCommand tasks(app);
  allow_what_is_left(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion&) {
    return HelpText{"klingv2a " KLINGV2A_VERSION "\n"};
  } catch (const CLI::CallForHelp&) {
    return HelpText{app.help()};
  } catch (const CLI::ParseError& wrong) {
    refuse_what_is_left(app);
    throw UsageError(wrong.what());
  }
  refuse_what_is_left(app);
  if (dub.is_meant()) return dub.options();
  if (check.is_meant()) return check.options();
  return tasks.options();
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CLI::App app(kSummary, "klingv2a");
  app.set_version_flag("--version", "klingv2a " KLINGV2A_VERSION);
  app.require_subcommand(1);
  constexpr int kColumn = 34;
  app.get_formatter()->column_width(kColumn);
  app.footer(std::string(kEnvironment) + exit_code_help() + "\nSee also: klingv2a COMMAND --help, man klingv2a");
  return parse(app, argc, argv);
}

}  // namespace klingv2a::cli
