// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Of a page only its words are shown, on one line and bounded; of a sentence everything.
#include "kling/markup.h"

#include <gtest/gtest.h>

#include "kling/codec.h"
#include "kling/json.h"

namespace klingv2a::kling {
namespace {

TEST(Markup, OfAPageTheWordsAreLeft) {
  EXPECT_EQ(printable("<!DOCTYPE html><html><head><title>Just a moment...</title><style>a{b:c}</style></head>\n<body "
                      "class=\"x\"><script>if (a < b) c();</script><h1>Checking</h1> &amp; waiting</body></html>"),
            "Just a moment... Checking & waiting");
  EXPECT_EQ(printable("\r\n  <html>\n<center>502 Bad Gateway</center><hr><center>nginx</center>"),
            "502 Bad Gateway nginx");
  EXPECT_EQ(printable("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), "AccessDenied");
  EXPECT_EQ(printable("<!-- a > b --><p>cut off</p><div cla"), "cut off");
  EXPECT_EQ(printable("<html><script>for ever"), "");
}

TEST(Markup, SentencesStayAsTheyAre) {
  for (const char* text : {"the width is < 720", "a < b and c > d", "1<2", "x <= y", "a & b", "&lt; is no tag", "<",
                           "a <", "see task <b without an end", "{\"code\":1}"})
    EXPECT_EQ(printable(text), text);
}

TEST(Markup, NoAnswerPutsItsPageIntoAMessage) {
  const std::string filler(70'000, ' ');
  for (const std::string& body :
       {std::string("<html><body><h1>Access denied</h1></body></html>"), "<html>" + filler + "<body>late</body>",
        std::string(R"({"error":{"message":"<html><body>Access denied</body></html>"}})"),
        std::string(R"({"message":"<b>Access</b>\u0000 denied"})")}) {
    const std::string message = read_envelope(403, body).message;
    EXPECT_EQ(message.find('<'), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_LT(message.size(), 400U);
  }
}

}  // namespace
}  // namespace klingv2a::kling
