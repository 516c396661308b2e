// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What goes into a key, and when two URLs are one.
#include "journal/key.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace klingv2a::journal {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string key_of(const Fields& fields, const std::vector<std::string>& slices = {}) {
  KeyHash hash;
  for (const auto& [name, value] : fields) hash.add_field(name, value);
  for (const auto& slice : slices) hash.add_slice(bytes_of(slice));
  return hash.hex();
}

// XXH3's 128 bits of "klingv2a key 1", "F" 4 "take" 1 "0", "S" 4 "eabc", each number in 8 bytes, the lowest first.
// Whoever changes this value has every clip paid for again.
TEST(KeyHash, IsTheSameOnEveryHostAndForever) {
  EXPECT_EQ(key_of({{"take", "0"}}, {"eabc"}), "e583f322bf6a52f4b8e94f017de19a6b");
}

TEST(KeyHash, Is32LowerCaseHexadecimalDigits) {
  const std::string key = key_of({});
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(key.find_first_not_of("0123456789abcdef"), std::string::npos) << key;
}

TEST(KeyHash, PartsDoNotRunIntoEachOther) {
  const std::set<std::string> keys{
      key_of({}),
      key_of({{"", ""}}),
      key_of({{"a", "bc"}}),
      key_of({{"ab", "c"}}),
      key_of({{"abc", ""}}),
      key_of({{"a", "b"}, {"c", ""}}),
      key_of({{"a", "b"}, {"", "c"}}),
      key_of({{"c", ""}, {"a", "b"}}),
      key_of({}, {"abc"}),
      key_of({}, {"ab", "c"}),
      key_of({}, {"a", "bc"}),
      key_of({}, {"", "abc"}),
      key_of({}, {"abc", ""}),
      key_of({{"a", "b"}}, {"c"}),
      // What a field adds, as the bytes of a slice.
      key_of({}, {std::string("F\1\0\0\0\0\0\0\0a\1\0\0\0\0\0\0\0b", 19)}),
  };
  EXPECT_EQ(keys.size(), 15U);
}

TEST(KeyHash, CanBeReadBeforeMoreIsAdded) {
  KeyHash hash;
  hash.add_field("a", "b");
  EXPECT_EQ(hash.hex(), key_of({{"a", "b"}}));
  hash.add_field("c", "d");
  EXPECT_EQ(hash.hex(), key_of({{"a", "b"}, {"c", "d"}}));
}

TEST(NormalizedBaseUrl, IsOneTextForOneService) {
  for (const char* url : {"http://host/kling", "http://HOST:80/kling/", "HTTP://Host/kling//", "http://host:80/kling",
                          "http://user:secret@host/kling?a=b#c", "http://host/./kling"}) {
    EXPECT_EQ(normalized_base_url(url), "http://host/kling") << url;
  }
  EXPECT_EQ(normalized_base_url("https://API.example:443/"), "https://api.example");
  EXPECT_EQ(normalized_base_url("https://api.example"), "https://api.example");
  EXPECT_EQ(normalized_base_url("http://[::1]:8080/kling"), "http://[::1]:8080/kling");
}

TEST(NormalizedBaseUrl, KeepsDifferentServicesApart) {
  const std::set<std::string> services{
      normalized_base_url("http://host/kling"),      normalized_base_url("https://host/kling"),
      normalized_base_url("http://host:443/kling"),  normalized_base_url("http://host:8080/kling"),
      normalized_base_url("http://host2/kling"),     normalized_base_url("http://host/Kling"),
      normalized_base_url("http://host/kling/v2"),   normalized_base_url("http://host"),
      normalized_base_url("http://host/kling%2Fv2"),
  };
  EXPECT_EQ(services.size(), 9U);
}

TEST(NormalizedBaseUrl, LeavesAloneWhatIsNoUrl) {
  for (const char* text : {"", "host/kling", "http://host:port/kling", "urn:x"})
    EXPECT_EQ(normalized_base_url(text), text);
}

TEST(NormalizedVideoUrl, IsTheSameHoweverItWasSigned) {
  for (const char* url : {"https://host/a/clip.mp4", "https://HOST:443/a/clip.mp4?X-Signature=1&Expires=2",
                          "https://host/a/clip.mp4?X-Signature=3#t=1", "https://key:secret@host/a/clip.mp4"}) {
    EXPECT_EQ(normalized_video_url(url), "https://host/a/clip.mp4") << url;
  }
}

TEST(NormalizedVideoUrl, KeepsThePathAsItIs) {
  EXPECT_EQ(normalized_video_url("https://host/A/clip%20one.MP4/"), "https://host/A/clip%20one.MP4/");
}

}  // namespace
}  // namespace klingv2a::journal
