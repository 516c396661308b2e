// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How properties and environment become the settings of a run, and what is refused before there is any data.
#include "settings.h"

#include <gtest/gtest.h>

#include "error.h"

namespace klingv2a {
namespace {

constexpr const char* kLoopback = "http://127.0.0.1:1/kling";

class SettingsTest : public ::testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void clear() {
    for (const char* name : {"KLINGV2A_API_KEY", "COMETAPI_KEY", "KLINGV2A_BASE_URL", "KLINGV2A_ACCESS_KEY",
                             "KLINGV2A_SECRET_KEY", "KLINGV2A_JOURNAL", "KLINGV2A_CALLBACK_SECRET"})
      g_unsetenv(name);
  }
  static void set(const char* name, const char* value) { g_setenv(name, value, TRUE); }

  static Settings valid() {
    Settings settings;
    settings.api_key = "key";
    settings.base_url = kLoopback;
    return settings;
  }
  // What check() says; nothing when it is content.
  static std::optional<ErrorDetails> refusal(const Settings& settings) {
    try {
      check(snapshot(settings, 1));
    } catch (const Error& error) {
      EXPECT_EQ(error.details().paid, Paid::no);
      return error.details();
    }
    return std::nullopt;
  }
  static void expect_refused(const Settings& settings, ErrorKind kind) {
    const auto refused = refusal(settings);
    ASSERT_TRUE(refused);
    EXPECT_EQ(to_string(refused->kind), to_string(kind)) << refused->message;
  }
};

TEST_F(SettingsTest, ThePropertyWinsOverTheEnvironment) {
  set("KLINGV2A_API_KEY", "of-klingv2a");
  set("COMETAPI_KEY", "of-cometapi");
  set("KLINGV2A_BASE_URL", "https://example.org/env");
  auto settings = valid();
  auto run = snapshot(settings, 1);
  EXPECT_EQ(run.cycle.service.api_key, "key");
  EXPECT_EQ(run.cycle.service.base_url, kLoopback);
  settings.api_key.clear();
  settings.base_url.clear();
  run = snapshot(settings, 1);
  EXPECT_EQ(run.cycle.service.api_key, "of-klingv2a");
  EXPECT_EQ(run.cycle.service.base_url, "https://example.org/env");
}

TEST_F(SettingsTest, AnEmptyVariableIsAsGoodAsNone) {
  set("KLINGV2A_API_KEY", "");
  set("COMETAPI_KEY", "of-cometapi");
  set("KLINGV2A_BASE_URL", "");
  const auto run = snapshot({}, 1);
  EXPECT_EQ(run.cycle.service.api_key, "of-cometapi");
  EXPECT_EQ(run.cycle.service.base_url, "https://api.cometapi.com/kling");
}

TEST_F(SettingsTest, APairOfKeysComesFromTheEnvironmentToo) {
  set("KLINGV2A_ACCESS_KEY", "of-access");
  set("KLINGV2A_SECRET_KEY", "of-secret");
  auto settings = valid();
  settings.api_key.clear();
  const auto run = snapshot(settings, 1);
  EXPECT_EQ(run.cycle.service.access_key, "of-access");
  EXPECT_EQ(run.cycle.service.secret_key, "of-secret");
  EXPECT_FALSE(refusal(settings));
}

// A program that sets one kind of key is not to be refused for the other kind in the user's environment.
TEST_F(SettingsTest, APropertyOfEitherKindWinsOverAnEnvironmentOfTheOther) {
  set("KLINGV2A_ACCESS_KEY", "of-access");
  set("KLINGV2A_SECRET_KEY", "of-secret");
  EXPECT_EQ(snapshot(valid(), 1).cycle.service.access_key, "");
  EXPECT_FALSE(refusal(valid()));
  clear();
  set("KLINGV2A_API_KEY", "of-klingv2a");
  auto settings = valid();
  settings.api_key.clear();
  settings.access_key = "access";
  settings.secret_key = "secret";
  EXPECT_EQ(snapshot(settings, 1).cycle.service.api_key, "");
  EXPECT_FALSE(refusal(settings));
}

TEST_F(SettingsTest, HalfAPairOrBothKindsOfKeysAreACredentialsError) {
  auto settings = valid();
  settings.access_key = "access";
  settings.secret_key = "secret";
  expect_refused(settings, ErrorKind::credentials);
  settings.api_key.clear();
  EXPECT_FALSE(refusal(settings));
  settings.secret_key.clear();
  expect_refused(settings, ErrorKind::credentials);
}

TEST_F(SettingsTest, AJournalThatIsNoPathIsRefusedWithoutItsPassword) {
  for (const char* journal : {"journal.sqlite", "mysql://user:hunter2@host/db"}) {
    auto settings = valid();
    settings.journal = journal;
    expect_refused(settings, ErrorKind::settings);
    EXPECT_EQ(refusal(settings)->message.find("hunter2"), std::string::npos);
  }
}

TEST_F(SettingsTest, NoKeyIsACredentialsError) {
  auto settings = valid();
  settings.api_key.clear();
  expect_refused(settings, ErrorKind::credentials);
}

TEST_F(SettingsTest, ALoopbackServiceIsServedFromLoopback) {
  EXPECT_EQ(snapshot(valid(), 1).cycle.publish.uri, "serve://127.0.0.1");
  EXPECT_FALSE(refusal(valid()));
}

TEST_F(SettingsTest, ForAServiceElsewherePublishMustBeSet) {
  auto settings = valid();
  settings.base_url = "https://api.example.org/kling";
  expect_refused(settings, ErrorKind::settings);
  settings.publish = "https://store.example.org/{name}.mp4";
  EXPECT_FALSE(refusal(settings));
  settings.publish.clear();
  settings.video_id = "v";
  EXPECT_FALSE(refusal(settings));
}

TEST_F(SettingsTest, RefusesABadPublishUri) {
  for (const char* uri : {"ftp://host/x", "serve://nowhere.example.org", "http://user:pass@host/{name}", "nonsense"}) {
    auto settings = valid();
    settings.publish = uri;
    expect_refused(settings, ErrorKind::settings);
  }
}

TEST_F(SettingsTest, RefusesABadBaseUrl) {
  for (const char* url :
       {"http://user:pass@127.0.0.1/kling", "ftp://127.0.0.1", "127.0.0.1/kling", "http://127.0.0.1/?a=b"}) {
    auto settings = valid();
    settings.base_url = url;
    expect_refused(settings, ErrorKind::settings);
  }
}

TEST_F(SettingsTest, ARefusedBaseUrlDoesNotShowItsPassword) {
  auto settings = valid();
  settings.base_url = "http://user:hunter2@127.0.0.1/kling";
  const auto refused = refusal(settings);
  ASSERT_TRUE(refused);
  EXPECT_EQ((refused->message + refused->advice).find("hunter2"), std::string::npos) << refused->message;
}

TEST_F(SettingsTest, TheVideoIsNamedOnceAtMost) {
  auto settings = valid();
  settings.video_id = "v";
  settings.video_url = "https://example.org/v.mp4";
  const auto refused = refusal(settings);
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->kind == ErrorKind::settings || refused->kind == ErrorKind::input);
}

TEST_F(SettingsTest, PromptsCountUtf16Units) {
  std::string emoji, letters;
  for (int i = 0; i < 100; ++i) emoji += "\U0001F327";  // two units each
  for (int i = 0; i < 200; ++i) letters += "ü";
  auto settings = valid();
  settings.sound_effect_prompt = emoji;
  settings.bgm_prompt = letters;
  EXPECT_FALSE(refusal(settings));
  settings.sound_effect_prompt = emoji + "a";
  EXPECT_TRUE(refusal(settings));
  settings.sound_effect_prompt.clear();
  settings.bgm_prompt = letters + "a";
  EXPECT_TRUE(refusal(settings));
}

TEST_F(SettingsTest, FurtherClipsHaveIdsOfTheirOwn) {
  auto settings = valid();
  EXPECT_EQ(snapshot(settings, 2).cycle.request.external_task_id, "");
  settings.external_task_id = "mine";
  EXPECT_EQ(snapshot(settings, 1).cycle.request.external_task_id, "mine");
  EXPECT_EQ(snapshot(settings, 2).cycle.request.external_task_id, "mine-2");
  EXPECT_EQ(snapshot(settings, 13).cycle.request.external_task_id, "mine-13");
}

TEST_F(SettingsTest, EveryUploadHeaderIsSentAsText) {
  auto settings = valid();
  settings.publish_headers.reset(
      gst_structure_from_string("headers,x-retries=3,x-name=(string)\"a b\",x-on=true", nullptr));
  const auto headers = snapshot(settings, 1).cycle.publish.headers;
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0], (std::pair<std::string, std::string>("x-retries", "3")));
  EXPECT_EQ(headers[1].second, "a b");
  EXPECT_EQ(headers[2].second, "true");
}

TEST_F(SettingsTest, ARunTakesEverySettingAlong) {
  auto settings = valid();
  settings.sound_effect_prompt = "rain";
  settings.bgm_prompt = "piano";
  settings.asmr_mode = true;
  settings.callback_url = "https://example.org/cb";
  settings.take = 4;
  settings.on_failure = OnFailure::silence;
  settings.timeout_s = 7;
  settings.connect_timeout_s = 3;
  settings.idle_timeout_s = 5;
  settings.max_result_bytes = 9999;
  settings.spool_dir = "/spool";
  settings.publish_check = false;
  settings.publish_expiry_s = 9000;
  settings.publish_keep = true;
  settings.journal = "/journal.sqlite";
  settings.max_tasks = 2;
  settings.max_kept_bytes = 12345;
  settings.on_unknown = cycle::OnUnknown::resubmit;
  const auto run = snapshot(settings, 1);
  EXPECT_EQ(run.cycle.request.sound_effect_prompt, "rain");
  EXPECT_EQ(run.cycle.request.bgm_prompt, "piano");
  EXPECT_TRUE(run.cycle.request.asmr_mode);
  EXPECT_EQ(run.cycle.request.callback_url, "https://example.org/cb");
  EXPECT_EQ(run.take, 4U);
  EXPECT_EQ(run.on_failure, OnFailure::silence);
  EXPECT_EQ(run.cycle.timeout, Seconds(7));
  EXPECT_EQ(run.cycle.service.timeouts.connect, Seconds(3));
  EXPECT_EQ(run.cycle.service.timeouts.idle, Seconds(5));
  EXPECT_EQ(run.cycle.max_result_bytes, 9999U);
  EXPECT_EQ(run.cycle.spool_dir, "/spool");
  EXPECT_EQ(run.spool_dir, "/spool");
  EXPECT_FALSE(run.cycle.publish.check);
  EXPECT_EQ(run.cycle.publish.expiry, Seconds(9000));
  EXPECT_TRUE(run.cycle.publish.keep);
  EXPECT_EQ(run.cycle.publish.timeout, run.cycle.timeout);
  EXPECT_EQ(run.cycle.journal, "/journal.sqlite");
  EXPECT_EQ(run.cycle.max_tasks, 2U);
  EXPECT_EQ(run.cycle.max_kept_bytes, 12345U);
  EXPECT_EQ(run.cycle.on_unknown, cycle::OnUnknown::resubmit);
}

TEST_F(SettingsTest, WithAListenerTheCallbackUrlIsItsPublicFace) {
  auto settings = valid();
  settings.callback_url = "https://example.org/cb";
  settings.callback_listen = "0.0.0.0:8443";
  settings.callback_certificate = "/certificate.pem";
  settings.callback_key = "/key.pem";
  settings.callback_secret = "whsec_AAAA";
  const auto run = snapshot(settings, 1);
  EXPECT_EQ(run.cycle.request.callback_url, "") << "it has a random path, known once it listens";
  EXPECT_EQ(run.cycle.callback.public_url, "https://example.org/cb");
  EXPECT_EQ(run.cycle.callback.listen, "0.0.0.0:8443");
  EXPECT_EQ(run.cycle.callback.certificate, "/certificate.pem");
  EXPECT_EQ(run.cycle.callback.private_key, "/key.pem");
  EXPECT_EQ(run.cycle.callback.secret, "whsec_AAAA");
}

TEST_F(SettingsTest, TheCallbackSecretMayComeFromTheEnvironment) {
  set("KLINGV2A_CALLBACK_SECRET", "whsec_BBBB");
  auto settings = valid();
  EXPECT_EQ(snapshot(settings, 1).cycle.callback.secret, "whsec_BBBB");
  settings.callback_secret = "whsec_AAAA";
  EXPECT_EQ(snapshot(settings, 1).cycle.callback.secret, "whsec_AAAA");
}

TEST_F(SettingsTest, AListenerThatCannotWorkIsRefused) {
  auto settings = valid();
  settings.callback_listen = "127.0.0.1:0";
  EXPECT_FALSE(refusal(settings));
  settings.callback_listen = "example.org:8443";
  expect_refused(settings, ErrorKind::settings);
  settings.callback_listen = "127.0.0.1:8443";
  settings.callback_secret = "hunter2!";
  expect_refused(settings, ErrorKind::settings);
}

}  // namespace
}  // namespace klingv2a
