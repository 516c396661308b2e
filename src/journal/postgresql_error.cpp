// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See postgresql_error.h.
#include "journal/postgresql_error.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "gobject_ptr.h"
#include "journal/connection.h"

namespace klingv2a::journal {

namespace {

using RegexPtr = std::unique_ptr<GRegex, Deleter<g_regex_unref>>;
using MatchPtr = std::unique_ptr<GMatchInfo, Deleter<g_match_info_unref>>;

struct Failure {
  std::string_view sqlstate;  // a class, or one of a class
  ErrorKind kind;
  bool retryable;
  const char* what;
  const char* advice;
};

constexpr const char* kCheckCredentials = "check user and password in the connection string or in ~/.pgpass";
constexpr const char* kGrant = "grant this user CREATE on the database, or the schema's owner's rights";

// The first one that fits counts.
constexpr std::array kFailures{
    Failure{"08", ErrorKind::disk, true, "lost its connection", "check that the server runs and can be reached"},
    Failure{"25P03", ErrorKind::disk, true, "gave this run up, which stood still", ""},
    Failure{"25006", ErrorKind::settings, false, "is read-only", "name the primary server, not its standby"},
    Failure{"28", ErrorKind::settings, false, "does not let this user in", kCheckCredentials},
    Failure{"3D000", ErrorKind::settings, false, "is in a database that does not exist", "create it, or name another"},
    Failure{"40", ErrorKind::disk, true, "rolled back what was to be written", ""},
    Failure{"42501", ErrorKind::settings, false, "does not permit this user to write", kGrant},
    Failure{"42", ErrorKind::settings, false, "has other tables than this program's", "name another database"},
    Failure{"53100", ErrorKind::disk, true, "cannot grow, the server's disk is full", "free some space there"},
    Failure{"53", ErrorKind::disk, true, "is on a server that is busy", "raise its max_connections, or wait"},
    Failure{"55P03", ErrorKind::disk, true, "is locked by another program",
            "look at the server's pg_stat_activity for a transaction that does not end"},
    Failure{"57014", ErrorKind::disk, true, "took too long to answer", "look at the server's load"},
    Failure{"57P", ErrorKind::disk, true, "is on a server that shuts down or starts", "wait until it is up"},
    Failure{"58", ErrorKind::disk, false, "is on a server whose disk fails", "look at the server's log"},
    Failure{"XX001", ErrorKind::disk, false, "is damaged", "restore it: it says which tasks were paid for"},
    Failure{"XX002", ErrorKind::disk, false, "is damaged", "restore it: it says which tasks were paid for"},
    Failure{"", ErrorKind::disk, false, "fails", "look at the server's log"},
};
constexpr Failure kNoAnswer{"", ErrorKind::disk, true, "cannot be reached",
                            "check that the server runs, and its host and port in the connection string"};

const Failure& failure_of(const std::string& sqlstate) {
  if (sqlstate.empty()) return kNoAnswer;
  const Failure* failure = kFailures.data();
  while (!std::string_view(sqlstate).starts_with(failure->sqlstate)) ++failure;
  return *failure;
}

// Without the lines that say where in the server's source it was found.
std::string one_line(const std::string& message) {
  std::string line;
  for (std::size_t begin = 0; begin < message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    const std::string part = message.substr(begin, end - begin);
    if (!part.empty() && !part.starts_with("LOCATION:")) line += (line.empty() ? "" : "; ") + part;
    begin = std::min(message.find_first_not_of("\n\t ", end), message.size());
  }
  return line;
}

}  // namespace

Error postgresql_error(const std::string& where, const std::string& sqlstate, const std::string& message) {
  const Failure& failure = failure_of(sqlstate);
  ErrorDetails details =
      journal_error(failure.kind, where, std::string(failure.what) + " (" + one_line(message) + ")", failure.advice)
          .details();
  details.retryable = failure.retryable;
  return Error(std::move(details));
}

std::string sqlstate_in(const std::string& message) {
  // Always with a digit, unlike "FATAL".
  const RegexPtr pattern(g_regex_new(":\\s+(?=[A-Z]*[0-9])([0-9A-Z]{5}): ", G_REGEX_RAW, GRegexMatchFlags{}, nullptr));
  GMatchInfo* raw = nullptr;
  g_regex_match(pattern.get(), message.c_str(), GRegexMatchFlags{}, &raw);
  const MatchPtr match(raw);
  std::string sqlstate;
  for (; g_match_info_matches(match.get()); g_match_info_next(match.get(), nullptr))
    sqlstate = GCharPtr(g_match_info_fetch(match.get(), 1)).get();
  return sqlstate;
}

}  // namespace klingv2a::journal
