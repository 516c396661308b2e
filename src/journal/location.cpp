// SPDX-License-Identifier: LGPL-2.1-or-later
#include "journal/location.h"

#include <glib.h>

#include <optional>

#include "gobject_ptr.h"
#include "http/client.h"
#include "journal/schema.h"
#include "journal/sqlite_connection.h"
#include "user_folders.h"
#ifdef KLINGV2A_WITH_POSTGRESQL
#include "journal/postgresql_connection.h"
#endif

namespace klingv2a::journal {

namespace {

using RegexPtr = std::unique_ptr<GRegex, Deleter<g_regex_unref>>;
using MatchPtr = std::unique_ptr<GMatchInfo, Deleter<g_match_info_unref>>;

// A sound that is not kept is fetched anew, so that there is no place for it stops nobody.
std::string results_folder(bool simulated) {
  try {
    return user_folder("XDG_CACHE_HOME", ".cache", "set XDG_CACHE_HOME") + "/klingv2a/results" +
           (simulated ? "-simulated" : "");
  } catch (const Error& nowhere) {
    g_debug("sounds are not cached: %s", nowhere.what());
    return {};
  }
}

std::string default_file() {
  return user_folder("XDG_STATE_HOME", ".local/state", "name the journal: journal=/PATH/journal.sqlite") +
         "/klingv2a/journal.sqlite";
}

bool is_postgresql(const std::string& where) {
  return where.starts_with("postgresql://") || where.starts_with("postgres://");
}

// "/a/journal.sqlite" -> "/a/journal-simulated.sqlite"
std::string simulated_name(const std::string& file) {
  const std::size_t name = file.rfind('/') + 1;
  const std::size_t dot = file.rfind('.');
  const std::size_t at = dot == std::string::npos || dot <= name ? file.size() : dot;
  return file.substr(0, at) + "-simulated" + file.substr(at);
}

// The hosts, their ports and the database of a URI that reads the same for everybody. (GLib's URIs have one host.)
std::optional<std::string> shown_part(const std::string& uri) {
  constexpr const char* kUri =
      "^postgres(?:ql)?://(?:[^@/?#]*@)?"
      "((?:\\[[^]@/]*\\]|[^][:@/,?#]*)(?::[0-9]*)?(?:,(?:\\[[^]@/]*\\]|[^][:@/,?#]*)(?::[0-9]*)?)*"
      "(?:/[^@?#]*)?)(?:[?][^@]*)?$";
  const RegexPtr pattern(g_regex_new(kUri, G_REGEX_RAW, GRegexMatchFlags{}, nullptr));
  GMatchInfo* raw = nullptr;
  const bool matches = g_regex_match(pattern.get(), uri.c_str(), GRegexMatchFlags{}, &raw);
  const MatchPtr match(raw);
  if (!matches) return std::nullopt;
  return GCharPtr(g_match_info_fetch(match.get(), 1)).get();
}

void check_file(const std::string& file) {
  if (g_path_is_absolute(file.c_str()) && file.find("://") == std::string::npos) return;
  const bool uri = file.find("://") != std::string::npos;
  throw make_error(ErrorKind::settings, Phase::check,
                   uri ? "the journal is neither a file nor postgresql://" : "the journal's path is not absolute",
                   "give journal=/PATH/journal.sqlite or journal=postgresql://USER@HOST/DATABASE");
}

}  // namespace

Location locate(const std::string& setting, const std::string& base_url) {
  const char* environment = g_getenv("KLINGV2A_JOURNAL");
  std::string where = !setting.empty() ? setting : environment ? environment : "";
  Location location;
  location.simulated = http::is_loopback_url(base_url);
  location.results = results_folder(location.simulated);
  if (is_postgresql(where)) {
    location.connection_string = std::move(where);
    return location;
  }
  if (where.empty()) where = default_file();
  check_file(where);
  location.file = location.simulated ? simulated_name(where) : where;
  return location;
}

std::string displayable(const Location& location) {
  if (location.connection_string.empty()) return location.file;
  return "postgresql://" + shown_part(location.connection_string).value_or("…");
}

bool is_readable_postgresql_uri(const std::string& uri) {
  return shown_part(uri).has_value();
}

std::unique_ptr<Connection> open_connection(const Location& location, Durability durability,
                                            const GObjectPtr<GCancellable>& cancel) {
  std::unique_ptr<Connection> connection;
  if (location.connection_string.empty()) {
    connection = open_sqlite(location.file, durability, cancel);
  } else {
#ifdef KLINGV2A_WITH_POSTGRESQL
    connection = open_postgresql(location.connection_string, location.simulated, durability, cancel);
#else
    throw journal_error(ErrorKind::settings, displayable(location), "needs PostgreSQL, which this build is without",
                        "build klingv2a with -Dpostgresql=enabled, or name a file");
#endif
  }
  migrate(*connection, displayable(location));
  return connection;
}

Error journal_error(ErrorKind kind, const std::string& where, const std::string& what, const std::string& advice) {
  return make_error(kind, Phase::check, "the journal " + where + " " + what, advice);
}

}  // namespace klingv2a::journal
