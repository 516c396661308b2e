// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The element's properties: what was set is read back, and what is secret cannot be read at all.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
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

// The names in the first column of the README's table of an element's properties: of klingv2abin, klingv2amix and
// klingv2a, in this order.
std::set<std::string> documented(const std::string& element) {
  const std::map<std::string, int> places{{"klingv2abin", 1}, {"klingv2amix", 2}, {"klingv2a", 3}};
  std::ifstream readme(KLINGV2A_README);
  std::set<std::string> names;
  bool is_inside = false;
  int tables = 0;
  for (std::string line; std::getline(readme, line);) {
    const bool is_head = line.starts_with("| property |");
    if (is_head) ++tables;
    is_inside = is_head || (is_inside && line.starts_with("|"));
    if (!is_inside || tables != places.at(element)) continue;
    const std::string cell = line.substr(1, line.find('|', 1) - 1);
    const std::regex name("`([a-z0-9-]+)`");
    for (std::sregex_iterator found(cell.begin(), cell.end(), name), end; found != end; ++found)
      names.insert((*found)[1]);
  }
  return names;
}

TEST_P(AllProperties, AreTheDocumentedOnes) {
  std::set<std::string> names;
  for (const GParamSpec* spec : own_properties()) names.insert(spec->name);
  // What the bin passes on is documented where it comes from.
  if (GetParam() == std::string("klingv2abin"))
    for (const char* child : {"klingv2a", "klingv2amix"})
      for (const GParamSpec* spec : test::own_properties(new_element(child).get())) names.erase(spec->name);
  EXPECT_EQ(names, documented(GetParam()));
}

TEST_F(PropertiesTest, TheOldNameOfIdleTimeoutStillWorks) {
  guint seconds = 0;
  g_object_set(element_.get(), "silence-timeout", 7, nullptr);
  g_object_get(element_.get(), "idle-timeout", &seconds, nullptr);
  EXPECT_EQ(seconds, 7U);
  const GParamSpec* old = g_object_class_find_property(G_OBJECT_GET_CLASS(element_.get()), "silence-timeout");
  EXPECT_NE(old->flags & G_PARAM_DEPRECATED, 0);
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
  const std::regex unit(R"(.*\((in (seconds|nanoseconds|bytes|kbit/s|dB|dBTP|LUFS|tasks|clips)|a number)\))");
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
