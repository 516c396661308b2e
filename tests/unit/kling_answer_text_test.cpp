// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Answers that were spoiled on their way: charsets, bytes of none, rubbish around the JSON, and the task_id that can be
// read all the same, or must not be.
#include "kling/answer_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kling/codec.h"
#include "kling/stray_task_id.h"

namespace klingv2a::kling {
namespace {

constexpr const char* kId = "861254119619698760";
const std::string kTask = R"({"code":0,"message":"SUCCEED","data":{"task_id":"861254119619698760",)"
                          R"("task_status":"failed","task_status_msg":"größer – 大"}})";

std::string converted(const char* charset, const std::string& text) {
  gsize size = 0;
  const GCharPtr bytes(
      g_convert(text.data(), static_cast<gssize>(text.size()), charset, "UTF-8", nullptr, &size, nullptr));
  return bytes ? std::string(bytes.get(), size) : std::string();
}

TEST(AnswerText, IsUtf8WhateverItCameIn) {
  EXPECT_EQ(answer_text(kTask, "application/json"), kTask);
  EXPECT_EQ(answer_text("\xef\xbb\xbf" + kTask, ""), kTask);
  for (const char* charset : {"UTF-16LE", "UTF-16BE"}) {
    const std::string mark = std::string(charset) == "UTF-16LE" ? "\xff\xfe" : "\xfe\xff";
    EXPECT_EQ(answer_text(converted(charset, kTask), ""), kTask) << charset;
    EXPECT_EQ(answer_text(mark + converted(charset, kTask), "application/json; charset=utf-8"), kTask) << charset;
  }
  EXPECT_EQ(answer_text(converted("GB18030", kTask), "application/json; charset=gb18030"), kTask);
  EXPECT_EQ(answer_text(converted("ISO-8859-1", "größer"), "text/plain; charset=\"ISO-8859-1\""), "größer");
}

TEST(AnswerText, ALabelThatIsWrongIsNotBelieved) {
  for (const char* type : {"application/json; charset=utf-16", "application/json; charset=iso-8859-1",
                           "application/json; charset=", "application/json; charset=../../../evil"})
    EXPECT_EQ(answer_text(kTask, type), kTask) << type;
  EXPECT_EQ(answer_text("a\xff", "x; charset=../../evil"), "a\xef\xbf\xbd");
}

TEST(AnswerText, BadBytesAreReplaced) {
  EXPECT_EQ(answer_text("a\xff\xfe"
                        "b",
                        ""),
            "a\xef\xbf\xbd\xef\xbf\xbd"
            "b");
  EXPECT_EQ(answer_text(std::string("ab\0c", 4), ""),
            "ab\xef\xbf\xbd"
            "c");
  EXPECT_EQ(answer_text("", ""), "");
  EXPECT_EQ(answer_text("\xff\xfe", ""), "");
}

std::string status_message_of(const std::string& message) {
  return read_task(R"({"code":0,"data":{"task_id":"1","task_status":"failed","task_status_msg":")" + message + "\"}}")
      .status_message;
}

// A reason with bad bytes in it is a reason.
TEST(AnswerText, AMessageIsShownWithoutWhatIsBadInIt) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(status_message_of("pixel \xff invalid"), "pixel " + bad + " invalid");
  EXPECT_EQ(status_message_of(std::string("pixel \0 invalid", 15)), "pixel " + bad + " invalid");
  EXPECT_EQ(status_message_of(R"(pixel \u0000 invalid)"), "pixel " + bad + " invalid");
  EXPECT_EQ(status_message_of(R"(pixel \ud83d invalid)"), "pixel " + bad + " invalid");
  EXPECT_EQ(status_message_of(R"(pixel \udc00 invalid)"), "pixel " + bad + " invalid");
  EXPECT_EQ(status_message_of(R"(\ud83d\ude00 is fine)"), "😀 is fine");
  EXPECT_EQ(status_message_of(R"(c:\temp\clip)"), "c: emp\\clip");
  EXPECT_EQ(status_message_of(R"(it\'s \uZZZZ)"), "it\\'s " + bad + "ZZZZ");
  EXPECT_EQ(status_message_of("two\nlines\tand a \x01"), "two lines and a");
  EXPECT_EQ(status_message_of("cut \xe5\xa4"), "cut " + bad + bad);
}

TEST(AnswerText, RubbishAroundTheAnswerIsPassedOver) {
  const std::vector<std::string> answers{
      kTask + "\n\n",
      kTask + std::string(40, '\0'),
      kTask + "}",
      kTask + "\n<!-- cached by proxy {1} -->",
      "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/var/www/p.php</b> on line <b>3</b><br />\n" + kTask,
      "Notice: array{0} given, {\"a\":1} kept\n" + kTask,
      ")]}',\n" + kTask,
      "callback(" + kTask + ");",
      "data: " + kTask + "\n\n",
      "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n" + kTask,
  };
  for (const std::string& answer : answers) {
    if (answer.starts_with("data:")) continue;  // looks like a member; found by its words
    EXPECT_TRUE(read_envelope(200, answer).ok) << answer;
    EXPECT_EQ(read_task(answer).task_id, kId) << answer;
    EXPECT_EQ(read_task(answer).status, TaskStatus::failed) << answer;
  }
}

// What a page carries along is nobody's answer.
TEST(AnswerText, APagesOwnObjectsAreNoAnswer) {
  for (const char* page : {R"(<html><script>var s = {"a":{"b":1}};</script></html>)",
                           R"(<html><style>body{color:red}</style>{"id":"1","status":"x"}</html>)"}) {
    const Envelope envelope = read_envelope(200, page);
    EXPECT_FALSE(envelope.ok) << page;
    EXPECT_FALSE(envelope.is_json) << page;
  }
}

TEST(AnswerText, WhatLiesInsideACutObjectIsNotTakenForTheWhole) {
  EXPECT_THROW((void)read_task(R"({"code":1303,"data":{"task_id":"861254119619698760"})"), Error);
  EXPECT_THROW((void)read_task(R"([{"task_id":"1"},{"task_id":"2"}])"), Error);
}

TEST(AnswerText, ManyBracesCostLittle) {
  EXPECT_FALSE(read_envelope(200, std::string(1'000'000, '{')).is_json);
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "{x";
  EXPECT_FALSE(read_envelope(200, many).is_json);
  EXPECT_EQ(task_id_in(many), std::nullopt);
  EXPECT_EQ(task_id_in("task_id" + std::string(1'000'000, '\\')), std::nullopt);
  EXPECT_EQ(task_id_in("task_id\":\"" + std::string(1'000'000, 'x')), std::nullopt);
}

// --- the task_id by its words alone --------------------------------------------------------------------------------

TEST(StrayTaskId, IsFoundWhereverItStands) {
  const std::vector<std::string> texts{
      R"({"code":0,"data":{"task_id":"861254119619698760","task_st)",
      R"({"code":0,"data":{"task_id":"861254119619698760")",
      R"({"code":0,"data":{"task_id":"861254119619698760"},"data":null})",
      R"({"code":0,"data":{"task":{"task_id":"861254119619698760"}}})",
      R"({"code":0,"data":"{\"task_id\":\"861254119619698760\"}"})",
      R"({"code":0,"data":{"task_id":861254119619698760,"x":)",
      R"({"code":0,"data":{"taskId":"861254119619698760"}})",
      R"({"code":0,"data":{"task_id":"861254119619698760",},})",
      R"({'code':0,'data':{'task_id':'861254119619698760'}})",
      R"({code:0, data:{task_id: "861254119619698760"}})",
      R"({"code":"success","message":"","data":"861254119619698760"})",
      R"(data: {"code":0,"data":{"task_id":"861254119619698760"}})",
      R"(<r><code>0</code><task_id>861254119619698760</task_id> made </r>)",
      R"({"external_task_id":"klingv2a-42","task_id" : "861254119619698760" })",
      R"({"task_id":"861254119619698760","again":{"task_id":"861254119619698760"}})",
      R"({"task_id":null,"data":{"task_id":"861254119619698760"}})",
  };
  for (const std::string& text : texts) {
    EXPECT_EQ(task_id_in(text), kId) << text;
    EXPECT_FALSE(says_refused(text)) << text;
  }
  EXPECT_EQ(task_id_in(R"({"task_id":123456789012345678901234567890})"), "123456789012345678901234567890");
}

TEST(StrayTaskId, IsNotGuessed) {
  for (const char* text : {"",
                           "<html>Welcome</html>",
                           R"({"task_id":"86125)",
                           R"({"task_id":86125)",
                           R"({"task_id":8.6e17})",
                           R"({"task_id":8e17})",
                           R"({"task_id":null})",
                           R"({"task_id":""})",
                           R"({"task_id":0})",
                           R"({"task_id":-5})",
                           R"({"task_id":["1"]})",
                           R"({"task_id":{"a":"1"}})",
                           "{\"task_id\":\"1\xef\xbf\xbd\"}",
                           R"({"task_id":"a\nb"})",
                           R"({"data":[{"task_id":"861254119"},{"task_id":"861254120"}]})",
                           R"({"external_task_id":"klingv2a-42"})",
                           R"({"parent_task_id":"861254119"})",
                           R"({"data":"success"})",
                           R"({"data":"ok"})",
                           R"(<html><a href="?task_id=home">x</a></html>)",
                           R"(<object data="abcdefgh1">)"})
    EXPECT_EQ(task_id_in(text), std::nullopt) << text;
}

TEST(StrayTaskId, ARefusalIsOne) {
  for (const char* text :
       {R"({"code":1303,"data":{"task_id":"861254119"}})", R"({"code":"1102","task_id":"861254119)",
        R"({"code":-1,"task_id":"861254119"})", R"({"error":{"message":"no"},"task_id":"861254119"})",
        R"({"error":"no","task_id":"861254119"})", R"({"errors":[{"x":1}],"task_id":"861254119"})",
        R"({"success":false,"task_id":"861254119"})", R"({'code': 1303, 'task_id': '861254119'})",
        R"({"code":"model_not_found","task_id":"861254119"})", R"("{\"code\":1303,\"task_id\":\"861254119\"}")"})
    EXPECT_TRUE(says_refused(text)) << text;
  for (const char* text : {R"({"code":0,"error":null})", R"({"code":200,"error":""})", R"({"code":"0","error":{}})",
                           R"({"code":"success","errors":[]})", R"({"error":false,"success":true})",
                           R"({"status_code":500,"error_code":7})"})
    EXPECT_FALSE(says_refused(text)) << text;
}

}  // namespace
}  // namespace klingv2a::kling
