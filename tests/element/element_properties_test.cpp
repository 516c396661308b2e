// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The element's properties: what was set is read back, and what is secret cannot be read at all.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <span>
#include <string>

#include "gobject_ptr.h"

namespace klingv2a::test {
namespace {

using SpecsPtr = std::unique_ptr<GParamSpec*, Deleter<g_free>>;

class Value {
 public:
  explicit Value(GType type) { g_value_init(&value_, type); }
  ~Value() { g_value_unset(&value_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  GValue* get() { return &value_; }
  [[nodiscard]] std::string text() const {
    const GCharPtr text(g_strdup_value_contents(&value_));
    return text.get();
  }

 private:
  GValue value_ = G_VALUE_INIT;
};

// Of klingv2a; with a parameter, of the element that it names.
class PropertiesTest : public ::testing::Test {
 protected:
  explicit PropertiesTest(const char* factory = "klingv2a")
      : element_(GObjectPtr<GstElement>::adopt(
            GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(factory, nullptr))))) {}

  // Those that klingv2a itself installs.
  [[nodiscard]] std::vector<GParamSpec*> own_properties() const {
    guint count = 0;
    const SpecsPtr specs(g_object_class_list_properties(G_OBJECT_GET_CLASS(element_.get()), &count));
    std::vector<GParamSpec*> own;
    for (GParamSpec* spec : std::span(specs.get(), count))
      if (spec->owner_type == G_OBJECT_TYPE(element_.get())) own.push_back(spec);
    return own;
  }
  [[nodiscard]] std::string read(const GParamSpec* spec) const {
    Value value(spec->value_type);
    g_object_get_property(G_OBJECT(element_.get()), spec->name, value.get());
    return value.text();
  }
  const GObjectPtr<GstElement> element_;
};

class AllProperties : public PropertiesTest, public ::testing::WithParamInterface<const char*> {
 protected:
  AllProperties() : PropertiesTest(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Of, AllProperties, ::testing::Values("klingv2a", "klingv2abin", "klingv2amix"),
                         [](const auto& one) { return std::string(one.param); });

// Some value that is not the default.
void set_other_value(GParamSpec* spec, GValue* value) {
  g_param_value_set_default(spec, value);
  if (G_VALUE_HOLDS_STRING(value)) return g_value_set_string(value, "Änderung & Prüfung");
  if (G_VALUE_HOLDS_BOOLEAN(value)) return g_value_set_boolean(value, !g_value_get_boolean(value));
  if (G_VALUE_HOLDS_UINT(value)) return g_value_set_uint(value, g_value_get_uint(value) + 1);
  if (G_VALUE_HOLDS_UINT64(value)) return g_value_set_uint64(value, g_value_get_uint64(value) + 1);
  if (G_VALUE_HOLDS_DOUBLE(value)) return g_value_set_double(value, g_value_get_double(value) - 1);
  if (G_VALUE_HOLDS_ENUM(value)) return g_value_set_enum(value, g_value_get_enum(value) + 1);
  FAIL() << "no other value for " << spec->name << " of type " << g_type_name(spec->value_type);
}

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
  const auto bin =
      GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("klingv2abin", nullptr))));
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

TEST_P(AllProperties, ChangeOnlyBelowPaused) {
  for (const GParamSpec* spec : own_properties()) {
    const bool writable = (spec->flags & G_PARAM_WRITABLE) != 0;
    EXPECT_EQ((spec->flags & GST_PARAM_MUTABLE_READY) != 0, writable) << spec->name;
  }
}

}  // namespace
}  // namespace klingv2a::test
