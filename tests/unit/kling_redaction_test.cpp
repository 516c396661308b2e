// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is left of a text that repeats a request.
#include "kling/redaction.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace klingv2a::kling {
namespace {

TEST(Redaction, LeavesOutCredentialsCallbackAndTheQuerysValues) {
  Redaction redaction({.api_key = "sk-0123456789", .access_key = "AK-012345", .secret_key = "SK-0123456789"});
  SubmitRequest request;
  request.video_url = "https://h/v.mp4?sig=signature&short=1&token=bearer-token";
  request.callback_url = "https://me/unguessable";
  redaction.add(request);
  redaction.add("a.jwt.of-ours");
  EXPECT_EQ(redaction.applied_to("sk-0123456789 AK-012345 SK-0123456789 a.jwt.of-ours https://me/unguessable "
                                 "https://h/v.mp4?sig=signature&short=1&token=bearer-token"),
            "… … … … … https://h/v.mp4?sig=…&short=1&token=…");
}

TEST(Redaction, LeavesNoRestOfALongSecretThatHoldsAShortOne) {
  Redaction redaction({.api_key = "secret"});
  redaction.add("secret-and-more");
  EXPECT_EQ(redaction.applied_to("secret-and-more"), "…");
}

TEST(Redaction, LeavesAloneWhatIsTooShortToBeASecret) {
  EXPECT_EQ(Redaction({.api_key = "a"}).applied_to("banana"), "banana");
}

TEST(WithHostsOnly, KeepsOfEachUrlWhereItLeadsToAndNoMore) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ""},
      {"no URL: here, http or https", "no URL: here, http or https"},
      {"bad https://h.example:8443/v.mp4?sig=1 (400)", "bad https://h.example:8443… (400)"},
      {"https://h", "https://h"},
      {"https://h?sig=1", "https://h…"},
      {"https://h#f and http://g/x", "https://h… and http://g…"},
      {"HTTPS://h/secret", "HTTPS://h…"},
      {R"("https:\/\/h\/cb\/secret","x")", R"("https:\/\/h…","x")"},
      {"https://me:secret@h/x", "https://…"},
      {"https://me:sec/ret@h/x", "https://…"},
      {"http:", "http:"},
      {"http:// x", "http:// x"},
      {"xhttps://h/secret", "xhttps://h…"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(with_hosts_only(text), expected);
}

}  // namespace
}  // namespace klingv2a::kling
