// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where a journal is, and what of that may be shown.
#include "journal/location.h"

#include <gtest/gtest.h>

#include "environment_variable.h"
#include "error.h"
#include "temporary_folder.h"

namespace klingv2a::journal {
namespace {

constexpr const char* kService = "https://api.example.com";
constexpr const char* kSimulated = "http://127.0.0.1:8000/sim";

using Variable = test::EnvironmentVariable;

class JournalLocation : public testing::Test {
 protected:
  const Variable state_{"XDG_STATE_HOME", "/xdg/state"};
  const Variable cache_{"XDG_CACHE_HOME", "/xdg/cache"};
  const Variable journal_{"KLINGV2A_JOURNAL", nullptr};
};

TEST_F(JournalLocation, IsBelowTheXdgDirectories) {
  const Location location = locate("", kService);
  EXPECT_EQ(location.file, "/xdg/state/klingv2a/journal.sqlite");
  EXPECT_EQ(location.results, "/xdg/cache/klingv2a/results");
  EXPECT_EQ(location.connection_string, "");
  EXPECT_FALSE(location.simulated);
}

TEST_F(JournalLocation, IsBelowHomeWithoutThem) {
  const test::TemporaryFolder folder;
  const std::string home = folder.path();
  const Variable variable("HOME", home.c_str());
  for (const char* value : {static_cast<const char*>(nullptr), "", "relative/is/ignored"}) {
    const Variable state("XDG_STATE_HOME", value);
    const Variable cache("XDG_CACHE_HOME", value);
    EXPECT_EQ(locate("", kService).file, home + "/.local/state/klingv2a/journal.sqlite");
    EXPECT_EQ(locate("", kService).results, home + "/.cache/klingv2a/results");
  }
}

TEST_F(JournalLocation, WithoutAHomeNothingIsPaid) {
  const Variable home("HOME", "/no/such/home");
  const Variable state("XDG_STATE_HOME", "/");
  try {
    ADD_FAILURE() << locate("", kService).file;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_NE(std::string(error.what()).find("/no/such/home"), std::string::npos) << error.what();
    EXPECT_NE(error.details().advice.find("journal=/PATH"), std::string::npos) << error.details().advice;
  }
}

// The sound is delivered all the same, and fetched anew if need be.
TEST_F(JournalLocation, AJournalThatIsNamedNeedsNoHome) {
  const Variable home("HOME", "/no/such/home");
  const Variable cache("XDG_CACHE_HOME", "");
  EXPECT_EQ(locate("/set/journal.sqlite", kService).file, "/set/journal.sqlite");
  EXPECT_EQ(locate("/set/journal.sqlite", kService).results, "");
}

TEST_F(JournalLocation, TheEnvironmentNamesIt) {
  const Variable environment("KLINGV2A_JOURNAL", "/elsewhere/paid.db");
  EXPECT_EQ(locate("", kService).file, "/elsewhere/paid.db");
  EXPECT_EQ(locate("", kService).results, "/xdg/cache/klingv2a/results");
}

TEST_F(JournalLocation, AnEmptyEnvironmentNamesNothing) {
  const Variable environment("KLINGV2A_JOURNAL", "");
  EXPECT_EQ(locate("", kService).file, "/xdg/state/klingv2a/journal.sqlite");
}

TEST_F(JournalLocation, TheSettingWins) {
  const Variable environment("KLINGV2A_JOURNAL", "/elsewhere/paid.db");
  EXPECT_EQ(locate("/set/journal.sqlite", kService).file, "/set/journal.sqlite");
  EXPECT_EQ(locate("postgresql://host/db", kService).connection_string, "postgresql://host/db");
  EXPECT_EQ(locate("postgresql://host/db", kService).file, "");
}

TEST_F(JournalLocation, WhatIsSimulatedHasANameOfItsOwn) {
  const Location location = locate("", kSimulated);
  EXPECT_TRUE(location.simulated);
  EXPECT_EQ(location.file, "/xdg/state/klingv2a/journal-simulated.sqlite");
  EXPECT_EQ(location.results, "/xdg/cache/klingv2a/results-simulated");
  EXPECT_EQ(locate("/a.b/journal", kSimulated).file, "/a.b/journal-simulated");
  EXPECT_EQ(locate("/a/.hidden", kSimulated).file, "/a/.hidden-simulated");
  EXPECT_TRUE(locate("postgresql://host/db", kSimulated).simulated);
}

TEST_F(JournalLocation, WhatIsNeitherAnAbsolutePathNorPostgresqlIsRefused) {
  for (const char* setting : {"journal.sqlite", "./journal.sqlite", "file:///a/journal.sqlite", "mysql://host/db",
                              "POSTGRESQL://user:secret@host/db"}) {
    try {
      (void)locate(setting, kService);
      ADD_FAILURE() << setting;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings);
      EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
      EXPECT_FALSE(error.details().advice.empty());
    }
  }
}

std::string shown(const std::string& uri) {
  return displayable({.connection_string = uri});
}

TEST_F(JournalLocation, HostAndDatabaseAreShown) {
  EXPECT_EQ(displayable({.file = "/a/journal.sqlite"}), "/a/journal.sqlite");
  EXPECT_EQ(shown("postgresql://host"), "postgresql://host");
  EXPECT_EQ(shown("postgres://user:secret@host:5433/db?sslmode=require"), "postgresql://host:5433/db");
  EXPECT_EQ(shown("postgresql://user:secret@a:1,b,c:3/db"), "postgresql://a:1,b,c:3/db");
  EXPECT_EQ(shown("postgresql://user:se%40cret@[::1]:5433/db"), "postgresql://[::1]:5433/db");
  EXPECT_EQ(shown("postgresql:///db?host=/run/postgresql"), "postgresql:///db");
}

TEST_F(JournalLocation, NothingIsShownWhereAPasswordMayBe) {
  for (const char* uri :
       {"postgresql://user:se/cret@host/db", "postgresql://user:se?cret@host/db", "postgresql://user:se#cret@host/db",
        "postgresql://user:x@cret@host/db", "postgresql://user:1?cret@host/db", "postgresql://user:cret",
        "postgresql://host/db?password=x@cret", "postgresql://user:x@host/cret@host/db"}) {
    EXPECT_EQ(shown(uri), "postgresql://…");
    EXPECT_FALSE(is_readable_postgresql_uri(uri)) << uri;
  }
}

TEST_F(JournalLocation, QueriesAreNotShown) {
  EXPECT_EQ(shown("postgresql://host/db?password=secret"), "postgresql://host/db");
  EXPECT_EQ(shown("postgresql://user:secret@host"), "postgresql://host");
}

}  // namespace
}  // namespace klingv2a::journal
