// SPDX-License-Identifier: LGPL-2.1-or-later
//
// klingv2a-sim: the simulated service with a command line. It runs until SIGINT or SIGTERM.
#include <glib-unix.h>
#include <glib.h>

#include <charconv>
#include <cmath>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "faults.h"
#include "gobject_ptr.h"
#include "service.h"

namespace {

using klingv2a::sim::Dialect;
using klingv2a::sim::Fault;
using klingv2a::sim::Naming;
using klingv2a::sim::Sound;

constexpr const char* kSummary =
    "A simulation of Kling's video-to-audio service. It costs nothing and its sounds are synthetic: a click on each "
    "flash of the picture, noise where it moves.";
constexpr const char* kDescription =
    "FAULT is ON:DO[,name=value]...\n"
    "  ON: submit, query, result, fetch\n"
    "  DO: status, error_code, reset, hang, half_answer, corrupt, truncate, html, redirect, fail_task, never_finish,\n"
    "      missing_result, odd_status\n"
    "  names: times (-1: always), http_status, code, location, retry_after, paid (yes/no), and last message or body\n"
    "  e.g. --fault submit:error_code,code=1302,times=2 --fault query:status,http_status=503,body=busy\n"
    "SOUND is name=value[,...]: rate, channels, longer (seconds, may be negative), audios, wav, mp3 (yes/no)\n"
    "  e.g. --sound rate=44100,channels=1,longer=-0.25,audios=no\n"
    "For tests in other languages: GET /sim/ledger, POST /sim/faults, DELETE /sim/faults\n";

// What GOption fills in; its strings are the program's to free.
struct Arguments {
  int port = 0;
  double task_time_s = 2;
  gboolean new_names = FALSE, any_resolution = FALSE;
  char *address = nullptr, *key = nullptr, *dialect = nullptr, *ledger = nullptr, *sound = nullptr,
       *port_file = nullptr;
  char** faults = nullptr;

  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments() {
    for (char* text : {address, key, dialect, ledger, sound, port_file}) g_free(text);
    g_strfreev(faults);
  }
};

void parse(Arguments& arguments, int argc, char** argv) {
  const GOptionEntry entries[] = {
      {"port", 'p', 0, G_OPTION_ARG_INT, &arguments.port, "Port to listen on (default: the kernel chooses)", "PORT"},
      {"address", 'a', 0, G_OPTION_ARG_STRING, &arguments.address, "Address to listen on (default 127.0.0.1)", "IP"},
      {"key", 'k', 0, G_OPTION_ARG_STRING, &arguments.key,
       "Accepted API key (default: $KLINGV2A_SIM_KEY, then sim-key)", "KEY"},
      {"dialect", 'd', 0, G_OPTION_ARG_STRING, &arguments.dialect, "cometapi (default) or kling", "NAME"},
      {"new-names", 0, 0, G_OPTION_ARG_NONE, &arguments.new_names, "wav_url instead of url_wav", nullptr},
      {"any-resolution", 0, 0, G_OPTION_ARG_NONE, &arguments.any_resolution, "Not only 720p and 1080p", nullptr},
      {"task-time", 't', 0, G_OPTION_ARG_DOUBLE, &arguments.task_time_s, "How long a task takes (default 2)",
       "SECONDS"},
      {"sound", 's', 0, G_OPTION_ARG_STRING, &arguments.sound, "How the sound is made", "SOUND"},
      {"fault", 'f', 0, G_OPTION_ARG_STRING_ARRAY, &arguments.faults, "Misbehave; may be repeated", "FAULT"},
      {"ledger", 'l', 0, G_OPTION_ARG_FILENAME, &arguments.ledger, "Append paid tasks and requests as JSON lines",
       "FILE"},
      {"port-file", 0, 0, G_OPTION_ARG_FILENAME, &arguments.port_file, "Write the port here once ready", "FILE"},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  const std::unique_ptr<GOptionContext, klingv2a::Deleter<g_option_context_free>> context(
      g_option_context_new(nullptr));
  g_option_context_set_summary(context.get(), kSummary);
  g_option_context_set_description(context.get(), kDescription);
  g_option_context_add_main_entries(context.get(), entries, nullptr);
  GError* failure = nullptr;
  const bool good = g_option_context_parse(context.get(), &argc, &argv, &failure);
  const klingv2a::GErrorPtr error(failure);
  if (!good) throw std::invalid_argument(error->message);
  if (argc > 1) throw std::invalid_argument(std::string("unexpected argument ") + argv[1]);
}

bool parse_bool(const std::string& value) {
  if (value != "yes" && value != "no") throw std::invalid_argument("--sound: '" + value + "' is not yes or no");
  return value == "yes";
}

double parse_number(const std::string& value, double least, double most) {
  char* end = nullptr;
  const double number = g_ascii_strtod(value.c_str(), &end);
  if (value.empty() || *end || !(number >= least && number <= most))
    throw std::invalid_argument("'" + value + "' is not a number from " + std::to_string(least) + " to " +
                                std::to_string(most));
  return number;
}

void set_sound_field(Sound& sound, const std::string& name, const std::string& value) {
  if (name == "rate")
    sound.rate = static_cast<int>(parse_number(value, 8000, 48000));
  else if (name == "channels")
    sound.channels = static_cast<int>(parse_number(value, 1, 2));
  else if (name == "longer")
    sound.longer_s = parse_number(value, -20, 20);
  else if (name == "audios")
    sound.audios = parse_bool(value);
  else if (name == "wav")
    sound.wav = parse_bool(value);
  else if (name == "mp3")
    sound.mp3 = parse_bool(value);
  else
    throw std::invalid_argument("--sound: unknown name '" + name + "'");
}

Sound parse_sound(const char* text) {
  Sound sound;
  const std::unique_ptr<char*, klingv2a::Deleter<g_strfreev>> parts(g_strsplit(text ? text : "", ",", -1));
  for (char** part = parts.get(); *part; ++part) {
    const std::string_view field = *part;
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) throw std::invalid_argument("--sound: '" + std::string(field) + "'?");
    set_sound_field(sound, std::string(field.substr(0, equals)), std::string(field.substr(equals + 1)));
  }
  return sound;
}

Dialect parse_dialect(const char* text) {
  const std::string name = text ? text : "cometapi";
  if (name == "cometapi") return Dialect::cometapi;
  if (name == "kling") return Dialect::kling;
  throw std::invalid_argument("--dialect is cometapi or kling");
}

std::string key_of(const Arguments& arguments) {
  if (arguments.key) return arguments.key;
  const char* from_environment = g_getenv("KLINGV2A_SIM_KEY");
  return from_environment && *from_environment ? from_environment : "sim-key";
}

klingv2a::sim::Options options_of(const Arguments& arguments) {
  if (arguments.port < 0 || arguments.port > 65535) throw std::invalid_argument("--port is 0 to 65535");
  if (!(arguments.task_time_s >= 0 && arguments.task_time_s <= 86400))
    throw std::invalid_argument("--task-time is 0 to 86400");
  klingv2a::sim::Options options;
  if (arguments.address) options.address = arguments.address;
  options.port = static_cast<std::uint16_t>(arguments.port);
  options.keys = {key_of(arguments)};
  options.dialect = parse_dialect(arguments.dialect);
  options.naming = arguments.new_names ? Naming::new_names : Naming::old_names;
  options.task_time = std::chrono::milliseconds(std::llround(arguments.task_time_s * 1000));
  options.sound = parse_sound(arguments.sound);
  options.check_resolution = !arguments.any_resolution;
  if (arguments.ledger) options.ledger_file = arguments.ledger;
  return options;
}

std::vector<Fault> faults_of(const Arguments& arguments) {
  std::vector<Fault> faults;
  for (char** fault = arguments.faults; fault && *fault; ++fault) faults.push_back(klingv2a::sim::parse_fault(*fault));
  return faults;
}

// The last line is for programs: it comes once requests are answered.
void announce(const klingv2a::sim::Service& service, const Arguments& arguments) {
  const std::string base_url = service.base_url();
  std::cout << "klingv2a-sim: this is a SIMULATION of Kling's service. No money is spent; its sounds are synthetic.\n"
            << "base-url " << base_url << std::endl;
  if (!arguments.port_file) return;
  const klingv2a::GUriPtr uri(g_uri_parse(base_url.c_str(), G_URI_FLAGS_NONE, nullptr));
  const std::string line = std::to_string(g_uri_get_port(uri.get())) + "\n";
  GError* failure = nullptr;
  const bool written = g_file_set_contents(arguments.port_file, line.c_str(), -1, &failure);
  const klingv2a::GErrorPtr error(failure);
  if (!written) throw std::runtime_error(error->message);
}

// Heeds SIGINT and SIGTERM from its construction on, so that one that comes before run() is not lost.
class SignalLoop {
 public:
  SignalLoop()
      : interrupted_(g_unix_signal_add(SIGINT, quit, this)), terminated_(g_unix_signal_add(SIGTERM, quit, this)) {}
  ~SignalLoop() {
    g_source_remove(interrupted_);
    g_source_remove(terminated_);
  }
  SignalLoop(const SignalLoop&) = delete;
  SignalLoop& operator=(const SignalLoop&) = delete;

  void run() const {
    while (!ended_) g_main_context_iteration(nullptr, TRUE);
  }

 private:
  static gboolean quit(gpointer data) {
    static_cast<SignalLoop*>(data)->ended_ = true;
    return G_SOURCE_CONTINUE;
  }

  bool ended_ = false;
  const guint interrupted_, terminated_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    Arguments arguments;
    parse(arguments, argc, argv);
    const std::vector<Fault> faults = faults_of(arguments);
    SignalLoop loop;
    klingv2a::sim::Service service(options_of(arguments));
    for (const Fault& fault : faults) service.add_fault(fault);
    announce(service, arguments);
    loop.run();
    return 0;
  } catch (const std::invalid_argument& wrong) {
    std::cerr << "klingv2a-sim: " << wrong.what() << "\n";
    return 2;
  } catch (const std::exception& failure) {
    std::cerr << "klingv2a-sim: " << failure.what() << "\n";
    return 1;
  }
}
