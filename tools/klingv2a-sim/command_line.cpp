// SPDX-License-Identifier: LGPL-2.1-or-later
#include "command_line.h"

#include <glib.h>

#include <cmath>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "faults.h"
#include "gobject_ptr.h"

namespace klingv2a::sim {
namespace {

constexpr const char* kSummary =
    "A simulation of Kling's video-to-audio service. It costs nothing and its sounds are synthetic: a click on each "
    "flash of the picture, noise where it moves.";
constexpr const char* kDescription =
    "FAULT is ON:DO[,name=value]...\n"
    "  ON: submit, query, result, fetch, callback, api (submit or query, whichever comes first)\n"
    "  DO: status, error_code, reset, hang, half_answer, cut, corrupt, truncate, html, redirect, fail_task,\n"
    "      never_finish, missing_result, odd_status, odd_result, packed, spoiled, expire,\n"
    "      ignore_range, changed; of a callback: lose, forge, stale, repeat, oversize, late, early\n"
    "  names: times (-1: always), http_status, code, location, retry_after, paid (yes/no), bytes (of a cut answer),\n"
    "         seconds (of a late callback),\n"
    "         and last message or body\n"
    "  e.g. --fault submit:error_code,code=1302,times=2 --fault query:status,http_status=503,body=busy\n"
    "       --fault submit:reset,paid=yes --fault result:cut,bytes=1000 --fault callback:forge,times=-1\n"
    "SOUND is name=value[,...]: rate, channels, longer (seconds, may be negative), audios, wav, mp3, clicks (yes/no)\n"
    "  e.g. --sound rate=44100,channels=1,longer=-0.25,audios=no\n"
    "TAKES is name=value[,...]: level (dB), tilt (of the spectrum, dB an octave): two tasks differ by up to so much;\n"
    "  correlation (0 to 1) of two tasks over the same moving pictures. The same video has the same takes again,\n"
    "  in the order of its tasks.\n"
    "  e.g. --takes-differ level=4,tilt=2,correlation=0.3 (as without these names), with --sound clicks=no\n"
    "A ledger FILE is read at the start: what was accepted is finished, results and their links stay.\n"
    "For tests in other languages: GET /sim/ledger, POST /sim/faults, DELETE /sim/faults\n";
constexpr double kLongestSeconds = 86400;
constexpr int kMost = 1'000'000;

// What GOption fills in; its strings are the program's to free.
struct Arguments {
  int port = 0, link_fetches = 0, concurrency = 0;
  double task_time_s = 2, list_lag_s = 0, link_life_s = 0;
  gboolean new_names = FALSE, any_resolution = FALSE, no_ranges = FALSE;
  char *address = nullptr, *key = nullptr, *dialect = nullptr, *ledger = nullptr, *sound = nullptr,
       *port_file = nullptr, *external_lookup = nullptr, *duplicates = nullptr, *callback_secret = nullptr,
       *while_locked = nullptr, *takes_differ = nullptr;
  char **faults = nullptr, **key_pairs = nullptr;

  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments() {
    for (char* text : {address, key, dialect, ledger, sound, port_file, external_lookup, duplicates, callback_secret,
                       while_locked, takes_differ})
      g_free(text);
    for (char** texts : {faults, key_pairs}) g_strfreev(texts);
  }
};

constexpr GOptionEntry kEnd = {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr};

void add_basics(GOptionContext* context, Arguments& arguments) {
  const GOptionEntry entries[] = {
      {"port", 'p', 0, G_OPTION_ARG_INT, &arguments.port, "Port to listen on (default: the kernel chooses)", "PORT"},
      {"address", 'a', 0, G_OPTION_ARG_STRING, &arguments.address, "Address to listen on (default 127.0.0.1)", "IP"},
      {"port-file", 0, 0, G_OPTION_ARG_FILENAME, &arguments.port_file, "Write the port here once ready", "FILE"},
      {"while-locked", 0, 0, G_OPTION_ARG_FILENAME, &arguments.while_locked,
       "End when no process holds a lock (flock) on it", "FILE"},
      {"ledger", 'l', 0, G_OPTION_ARG_FILENAME, &arguments.ledger,
       "Keep paid tasks and requests as JSON lines, and go on with those that are there", "FILE"},
      {"key", 'k', 0, G_OPTION_ARG_STRING, &arguments.key,
       "Accepted API key (default: $KLINGV2A_SIM_KEY, then sim-key)", "KEY"},
      {"key-pair", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments.key_pairs,
       "Accept JWTs signed with SECRET, too; may be repeated", "ACCESS:SECRET"},
      {"dialect", 'd', 0, G_OPTION_ARG_STRING, &arguments.dialect, "cometapi (default) or kling", "NAME"},
      {"callback-secret", 0, 0, G_OPTION_ARG_STRING, &arguments.callback_secret,
       "Sign callbacks with it, as Standard Webhooks says (default: not at all). They go to any https URL, and by http "
       "to loopback only",
       "whsec_BASE64"},
      {"new-names", 0, 0, G_OPTION_ARG_NONE, &arguments.new_names, "wav_url instead of url_wav", nullptr},
      {"sound", 's', 0, G_OPTION_ARG_STRING, &arguments.sound, "How the sound is made", "SOUND"},
      {"takes-differ", 0, 0, G_OPTION_ARG_STRING, &arguments.takes_differ,
       "Instead of the same noise in every task: noise whose level and spectrum belong to the task", "TAKES"},
      {"fault", 'f', 0, G_OPTION_ARG_STRING_ARRAY, &arguments.faults, "Misbehave; may be repeated", "FAULT"},
      kEnd};
  g_option_context_add_main_entries(context, entries, nullptr);
}

// What the service allows.
void add_rules(GOptionContext* context, Arguments& arguments) {
  const GOptionEntry entries[] = {
      {"any-resolution", 0, 0, G_OPTION_ARG_NONE, &arguments.any_resolution, "Not only 720p and 1080p", nullptr},
      {"task-time", 't', 0, G_OPTION_ARG_DOUBLE, &arguments.task_time_s, "How long a task takes (default 2)",
       "SECONDS"},
      {"concurrency", 0, 0, G_OPTION_ARG_INT, &arguments.concurrency,
       "Tasks in flight at once, the next is refused by 1303 (default 0: no limit)", "NUMBER"},
      {"duplicates", 0, 0, G_OPTION_ARG_STRING, &arguments.duplicates,
       "Of an external_task_id: refuse (default of kling) or accept (default of cometapi)", "WHAT"},
      {"external-lookup", 0, 0, G_OPTION_ARG_STRING, &arguments.external_lookup,
       "A task is found by its external_task_id: yes (default of kling) or no (default of cometapi)", "YES/NO"},
      {"list-lag", 0, 0, G_OPTION_ARG_DOUBLE, &arguments.list_lag_s,
       "Younger tasks are neither listed nor found by their external_task_id (default 0)", "SECONDS"},
      {"link-life", 0, 0, G_OPTION_ARG_DOUBLE, &arguments.link_life_s,
       "How long a result's link lives, a query then gives a fresh one (default 0: for ever)", "SECONDS"},
      {"link-fetches", 0, 0, G_OPTION_ARG_INT, &arguments.link_fetches,
       "How many requests a result's link is good for (default 0: any number)", "NUMBER"},
      {"no-ranges", 0, 0, G_OPTION_ARG_NONE, &arguments.no_ranges, "Results are always sent whole", nullptr},
      kEnd};
  g_option_context_add_main_entries(context, entries, nullptr);
}

void parse(Arguments& arguments, int argc, char** argv) {
  const std::unique_ptr<GOptionContext, Deleter<g_option_context_free>> context(g_option_context_new(nullptr));
  g_option_context_set_summary(context.get(), kSummary);
  g_option_context_set_description(context.get(), kDescription);
  add_basics(context.get(), arguments);
  add_rules(context.get(), arguments);
  GError* failure = nullptr;
  const bool good = g_option_context_parse(context.get(), &argc, &argv, &failure);
  const GErrorPtr error(failure);
  if (!good) throw std::invalid_argument(error->message);
  if (argc > 1) throw std::invalid_argument(std::string("unexpected argument ") + argv[1]);
}

bool parse_bool(const char* option, const std::string& value, const char* yes = "yes", const char* no = "no") {
  if (value != yes && value != no)
    throw std::invalid_argument(std::string(option) + ": '" + value + "' is neither " + yes + " nor " + no);
  return value == yes;
}

double parse_number(const std::string& value, double least, double most) {
  char* end = nullptr;
  const double number = g_ascii_strtod(value.c_str(), &end);
  if (value.empty() || *end || !(number >= least && number <= most))
    throw std::invalid_argument("'" + value + "' is not a number from " + std::to_string(least) + " to " +
                                std::to_string(most));
  return number;
}

std::pair<std::string, std::string> split(const char* option, const std::string& text, char at) {
  const std::size_t place = text.find(at);
  if (place == std::string::npos || place == 0)
    throw std::invalid_argument(std::string(option) + " takes two words with a '" + at + "' between them");
  return {text.substr(0, place), text.substr(place + 1)};
}

void set_sound_field(SoundOptions& sound, const std::string& name, const std::string& value) {
  if (name == "rate")
    sound.rate = static_cast<int>(parse_number(value, 8000, 48000));
  else if (name == "channels")
    sound.channels = static_cast<int>(parse_number(value, 1, 2));
  else if (name == "longer")
    sound.longer_s = parse_number(value, -20, 20);
  else if (name == "audios")
    sound.audios = parse_bool("--sound", value);
  else if (name == "wav")
    sound.wav = parse_bool("--sound", value);
  else if (name == "mp3")
    sound.mp3 = parse_bool("--sound", value);
  else if (name == "clicks")
    sound.clicks = parse_bool("--sound", value);
  else
    throw std::invalid_argument("--sound: unknown name '" + name + "'");
}

void set_takes_field(TakesDiffer& takes, const std::string& name, const std::string& value) {
  if (name == "level")
    takes.level_db = parse_number(value, 0, 24);
  else if (name == "tilt")
    takes.tilt_db = parse_number(value, 0, 6);
  else if (name == "correlation")
    takes.correlation = parse_number(value, 0, 1);
  else
    throw std::invalid_argument("--takes-differ: unknown name '" + name + "'");
}

// "name=value[,...]" of an option, each given to `set`.
template <typename Set>
void for_each_field(const char* option, const char* text, const Set& set) {
  const std::unique_ptr<char*, Deleter<g_strfreev>> parts(g_strsplit(text ? text : "", ",", -1));
  for (char** part = parts.get(); *part; ++part) {
    const auto [name, value] = split(option, *part, '=');
    set(name, value);
  }
}

SoundOptions parse_sound(const char* text, const char* takes) {
  SoundOptions sound;
  for_each_field("--sound", text, [&](const auto& name, const auto& value) { set_sound_field(sound, name, value); });
  sound.takes.on = takes != nullptr;
  for_each_field("--takes-differ", takes,
                 [&](const auto& name, const auto& value) { set_takes_field(sound.takes, name, value); });
  return sound;
}

Provider parse_dialect(const char* text) {
  return !text || parse_bool("--dialect", text, "cometapi", "kling") ? Provider::cometapi : Provider::kling;
}

std::string key_of(const Arguments& arguments) {
  if (arguments.key) return arguments.key;
  const char* from_environment = g_getenv("KLINGV2A_SIM_KEY");
  return from_environment && *from_environment ? from_environment : "sim-key";
}

std::chrono::milliseconds milliseconds_of(const char* option, double seconds) {
  if (!(seconds >= 0 && seconds <= kLongestSeconds))
    throw std::invalid_argument(std::string(option) + " is 0 to 86400 seconds");
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

int count_of(const char* option, int number, int most = kMost) {
  if (number < 0 || number > most)
    throw std::invalid_argument(std::string(option) + " is 0 to " + std::to_string(most));
  return number;
}

void set_rules(Options& options, const Arguments& arguments) {
  options.check_resolution = !arguments.any_resolution;
  options.task_time = milliseconds_of("--task-time", arguments.task_time_s);
  options.concurrency = count_of("--concurrency", arguments.concurrency);
  if (arguments.duplicates)
    options.refuse_duplicates = parse_bool("--duplicates", arguments.duplicates, "refuse", "accept");
  if (arguments.external_lookup) options.external_lookup = parse_bool("--external-lookup", arguments.external_lookup);
  options.list_lag = milliseconds_of("--list-lag", arguments.list_lag_s);
  options.link_life = milliseconds_of("--link-life", arguments.link_life_s);
  options.link_fetches = count_of("--link-fetches", arguments.link_fetches);
  options.ranges = !arguments.no_ranges;
}

Options options_of(const Arguments& arguments) {
  Options options;
  if (arguments.address) options.address = arguments.address;
  options.port = static_cast<std::uint16_t>(count_of("--port", arguments.port, 65535));
  if (arguments.callback_secret) options.callback_secret = arguments.callback_secret;
  if (arguments.ledger) options.ledger_file = arguments.ledger;
  options.keys = {key_of(arguments)};
  for (char** pair = arguments.key_pairs; pair && *pair; ++pair) {
    auto [access_key, secret_key] = split("--key-pair", *pair, ':');
    options.key_pairs.push_back({std::move(access_key), std::move(secret_key)});
  }
  options.dialect = parse_dialect(arguments.dialect);
  options.naming = arguments.new_names ? Naming::new_names : Naming::old_names;
  options.sound = parse_sound(arguments.sound, arguments.takes_differ);
  for (char** fault = arguments.faults; fault && *fault; ++fault) options.faults.push_back(parse_fault(*fault));
  set_rules(options, arguments);
  return options;
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  Arguments arguments;
  parse(arguments, argc, argv);
  return {options_of(arguments), arguments.port_file ? arguments.port_file : "",
          arguments.while_locked ? arguments.while_locked : ""};
}

}  // namespace klingv2a::sim
