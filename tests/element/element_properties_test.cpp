// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The element's properties: what was set is read back, and what is secret cannot be read at all.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>
#include <regex>
#include <set>
#include <string>

#include "own_properties.h"

namespace klingv2a::test {
namespace {

// Of klingv2a; with a parameter, of the element that it names.
class PropertiesTest : public ::testing::Test {
 protected:
  explicit PropertiesTest(const char* factory = "klingv2a") : element_(new_element(factory)) {}

  [[nodiscard]] std::vector<GParamSpec*> own_properties() const { return test::own_properties(element_.get()); }
  [[nodiscard]] std::string read(const GParamSpec* spec) const { return read_property(element_.get(), spec); }
  const GObjectPtr<GstElement> element_;
};

class AllProperties : public PropertiesTest, public ::testing::WithParamInterface<const char*> {
 protected:
  AllProperties() : PropertiesTest(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Of, AllProperties, ::testing::Values("klingv2a", "klingv2abin", "klingv2amix"),
                         [](const auto& one) { return std::string(one.param); });

TEST_F(PropertiesTest, AreTheDocumentedOnes) {
  const std::set<std::string> documented{"api-key",
                                         "base-url",
                                         "video-url",
                                         "video-id",
                                         "publish",
                                         "publish-headers",
                                         "publish-check",
                                         "publish-expiry",
                                         "publish-keep",
                                         "publish-public-url",
                                         "sound-effect-prompt",
                                         "bgm-prompt",
                                         "asmr-mode",
                                         "external-task-id",
                                         "callback-url",
                                         "callback-listen",
                                         "callback-certificate",
                                         "callback-key",
                                         "callback-secret",
                                         "take",
                                         "on-failure",
                                         "timeout",
                                         "connect-timeout",
                                         "silence-timeout",
                                         "max-result-bytes",
                                         "spool-dir",
                                         "latency",
                                         "access-key",
                                         "secret-key",
                                         "journal",
                                         "max-tasks",
                                         "max-kept-bytes",
                                         "on-unknown",
                                         "conform",
                                         "proxy-bitrate",
                                         "max-hold-bytes",
                                         "dry-run",
                                         "task-id",
                                         "stats"};
  std::set<std::string> names;
  for (const GParamSpec* spec : own_properties()) names.insert(spec->name);
  EXPECT_EQ(names, documented);
}

TEST_P(AllProperties, ReadBackWhatWasSet) {
  int tried = 0;
  for (GParamSpec* spec : own_properties()) {
    if ((spec->flags & G_PARAM_READWRITE) != G_PARAM_READWRITE) continue;
    Value value(spec->value_type);
    set_other_value(spec, value.get());
    EXPECT_NE(read(spec), value.text()) << spec->name;
    g_object_set_property(G_OBJECT(element_.get()), spec->name, value.get());
    EXPECT_EQ(read(spec), value.text()) << spec->name;
    ++tried;
  }
  EXPECT_GE(tried, 8);
}

TEST_P(AllProperties, HaveTheDefaultsThatTheyAnnounce) {
  for (GParamSpec* spec : own_properties()) {
    if ((spec->flags & G_PARAM_READWRITE) != G_PARAM_READWRITE) continue;
    Value value(spec->value_type);
    g_param_value_set_default(spec, value.get());
    EXPECT_EQ(read(spec), value.text()) << spec->name;
  }
}

TEST_F(PropertiesTest, AreUnsetByNull) {
  g_object_set(element_.get(), "bgm-prompt", "piano", "api-key", "k", nullptr);
  g_object_set(element_.get(), "bgm-prompt", nullptr, "api-key", nullptr, "publish-headers", nullptr, nullptr);
  GCharPtr prompt;
  char* raw = nullptr;
  g_object_get(element_.get(), "bgm-prompt", &raw, nullptr);
  prompt.reset(raw);
  EXPECT_EQ(prompt, nullptr);
}

TEST_F(PropertiesTest, SecretsAreWriteOnly) {
  for (const char* name : {"api-key", "access-key", "secret-key", "video-url", "publish", "publish-headers",
                           "publish-public-url", "callback-url", "callback-secret", "journal"}) {
    const GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element_.get()), name);
    ASSERT_NE(spec, nullptr) << name;
    EXPECT_EQ(spec->flags & G_PARAM_READWRITE, G_PARAM_WRITABLE) << name;
  }
}

TEST_F(PropertiesTest, OfTheBinAreThoseOfItsChildrenToo) {
  const auto bin = new_element("klingv2abin");
  for (const GParamSpec* spec : own_properties()) {
    const GParamSpec* passed = g_object_class_find_property(G_OBJECT_GET_CLASS(bin.get()), spec->name);
    ASSERT_NE(passed, nullptr) << spec->name;
    EXPECT_EQ(passed->flags & G_PARAM_READWRITE, spec->flags & G_PARAM_READWRITE) << spec->name;
  }
  EXPECT_NE(g_object_class_find_property(G_OBJECT_GET_CLASS(bin.get()), "duck-depth"), nullptr);
}

TEST_F(PropertiesTest, ReportsAreReadOnly) {
  for (const char* name : {"task-id", "stats"}) {
    const GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element_.get()), name);
    EXPECT_EQ(spec->flags & G_PARAM_READWRITE, G_PARAM_READABLE) << name;
  }
  GstStructure* raw = nullptr;
  g_object_get(element_.get(), "stats", &raw, nullptr);
  const std::unique_ptr<GstStructure, Deleter<gst_structure_free>> stats(raw);
  ASSERT_NE(stats, nullptr);
  for (const char* field :
       {"clips", "tasks", "paid-tasks", "kept-sounds", "waits-for-another", "journal-failures", "files-left", "origin",
        "polls", "callbacks", "callbacks-dropped", "retries", "samples", "samples-padded", "samples-trimmed"})
    EXPECT_TRUE(gst_structure_has_field(stats.get(), field)) << field;
}

TEST_P(AllProperties, ExplainThemselves) {
  for (GParamSpec* spec : own_properties()) {
    EXPECT_GT(std::string(g_param_spec_get_blurb(spec)).size(), 15U) << spec->name;
    EXPECT_STRNE(g_param_spec_get_nick(spec), spec->name) << spec->name;
  }
}

TEST_P(AllProperties, NumbersNameTheirUnit) {
  const std::regex unit(R"(.*\((in (seconds|nanoseconds|bytes|kbit/s|dB|dBTP|LUFS|tasks)|a number)\))");
  int numbers = 0;
  for (GParamSpec* spec : own_properties()) {
    if (!g_value_type_transformable(spec->value_type, G_TYPE_DOUBLE) || G_IS_PARAM_SPEC_BOOLEAN(spec) ||
        G_IS_PARAM_SPEC_ENUM(spec))
      continue;
    EXPECT_TRUE(std::regex_match(g_param_spec_get_blurb(spec), unit))
        << spec->name << ": " << g_param_spec_get_blurb(spec);
    ++numbers;
  }
  EXPECT_GE(numbers, 9);
}

// Programs look for elements by it.
TEST_P(AllProperties, TheClassNamesAudio) {
  const char* klass = gst_element_get_metadata(element_.get(), GST_ELEMENT_METADATA_KLASS);
  EXPECT_NE(std::string(klass).find("Audio"), std::string::npos) << klass;
}

TEST_P(AllProperties, ChangeOnlyBelowPaused) {
  for (const GParamSpec* spec : own_properties()) {
    const bool writable = (spec->flags & G_PARAM_WRITABLE) != 0;
    EXPECT_EQ((spec->flags & GST_PARAM_MUTABLE_READY) != 0, writable) << spec->name;
    EXPECT_EQ(spec->flags & GST_PARAM_CONTROLLABLE, 0) << spec->name << ": a controller would set it in mid-run";
  }
}

}  // namespace
}  // namespace klingv2a::test
