// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Kling's JSON in every shape that has been seen, and what must be refused.
#include "kling/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kling/json.h"

namespace klingv2a::kling {
namespace {

// --- requests ------------------------------------------------------------------------------------------------------

TEST(Encode, LeavesOutAbsentFields) {
  SubmitRequest request;
  request.video_id = "861254119619698760";
  EXPECT_EQ(encode(request), R"({"video_id":"861254119619698760"})");
}

TEST(Encode, HasAllFieldsThatAreSet) {
  SubmitRequest request;
  request.video_url = "https://h/v.mp4?a=1&b=2";
  request.sound_effect_prompt = "rain \"on\" tin\nand ✓";
  request.bgm_prompt = "piano";
  request.asmr_mode = true;
  request.external_task_id = "klingv2a-1";
  request.callback_url = "https://h/cb";
  const auto document = JsonDocument::parse(encode(request));
  ASSERT_TRUE(document);
  EXPECT_EQ(text_member(document->root(), "video_url"), "https://h/v.mp4?a=1&b=2");
  EXPECT_EQ(text_member(document->root(), "sound_effect_prompt"), "rain \"on\" tin\nand ✓");
  EXPECT_EQ(text_member(document->root(), "bgm_prompt"), "piano");
  EXPECT_EQ(text_member(document->root(), "external_task_id"), "klingv2a-1");
  EXPECT_EQ(text_member(document->root(), "callback_url"), "https://h/cb");
  EXPECT_TRUE(json_object_get_boolean_member(document->root(), "asmr_mode"));
  EXPECT_EQ(json_object_get_size(document->root()), 6u);
}

SubmitRequest by_url(std::string url) {
  SubmitRequest request;
  request.video_url = std::move(url);
  return request;
}

ErrorDetails refusal_of(const SubmitRequest& request) {
  try {
    validate(request);
  } catch (const Error& error) {
    return error.details();
  }
  ADD_FAILURE() << "the request was not refused";
  return {};
}

TEST(Validate, WantsExactlyOneSource) {
  SubmitRequest both = by_url("https://h/v.mp4");
  both.video_id = "1";
  EXPECT_EQ(refusal_of(both).kind, ErrorKind::settings);
  EXPECT_EQ(refusal_of({}).kind, ErrorKind::settings);
  EXPECT_NO_THROW(validate(by_url("https://h/v.mp4")));
  SubmitRequest by_id;
  by_id.video_id = "1";
  EXPECT_NO_THROW(validate(by_id));
}

std::string times(int count, const std::string& text) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

TEST(Validate, RefusesControlCharactersAndLineBreaksInPrompts) {
  for (const char* bad :
       {"\x01", "\n", "\t", "\r", "\x1b[31m", "\x7f", "\xc2\x85", "\xc2\x9f", "\xe2\x80\xa8", "\xe2\x80\xa9"})
    EXPECT_THROW(check_prompt("the prompt", std::string("rain ") + bad), Error) << bad;
  // A joiner within an emoji, and marks of writing from right to left, are no controls of that kind.
  for (const char* good :
       {"", "rain on tin", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", "\xe2\x80\x8f\xd7\x92\xd7\xa9\xd7\x9d"})
    EXPECT_NO_THROW(check_prompt("the prompt", good)) << good;
}

TEST(Validate, CountsAPromptInUtf16Units) {
  for (std::string SubmitRequest::*prompt : {&SubmitRequest::sound_effect_prompt, &SubmitRequest::bgm_prompt}) {
    SubmitRequest request = by_url("https://h/v.mp4");
    for (const std::string& fits : {times(200, "x"), times(200, "é"), times(200, "雨"), times(100, "🌧")}) {
      request.*prompt = fits;
      EXPECT_NO_THROW(validate(request)) << fits;
    }
    for (const std::string& too_long : {times(201, "x"), times(201, "雨"), times(100, "🌧") + "x"}) {
      request.*prompt = too_long;
      EXPECT_EQ(refusal_of(request).kind, ErrorKind::input);
      EXPECT_NE(refusal_of(request).message.find("201"), std::string::npos);
      EXPECT_NE(refusal_of(request).message.find("200"), std::string::npos);
    }
  }
}

TEST(Validate, RefusesInvalidUtf8AndZeroBytes) {
  for (std::string SubmitRequest::*field :
       {&SubmitRequest::sound_effect_prompt, &SubmitRequest::bgm_prompt, &SubmitRequest::external_task_id,
        &SubmitRequest::video_url, &SubmitRequest::callback_url}) {
    for (const std::string& bad : {std::string("rain\xff"), std::string("a\0b", 3), std::string("\xc3")}) {
      SubmitRequest request = by_url("https://h/v.mp4");
      request.*field = bad;
      EXPECT_EQ(refusal_of(request).kind, ErrorKind::settings);
    }
  }
}

TEST(Validate, WantsHttpUrls) {
  for (const char* url : {"file:///v.mp4", "v.mp4", "ftp://h/v.mp4", "https://", "https://h/a b.mp4", "https://h/\n"}) {
    EXPECT_EQ(refusal_of(by_url(url)).kind, ErrorKind::settings) << url;
    SubmitRequest request = by_url("http://h/v.mp4");
    request.callback_url = url;
    EXPECT_EQ(refusal_of(request).kind, ErrorKind::settings) << url;
  }
}

TEST(Validate, DoesNotShowAUrlsQuery) {
  EXPECT_EQ(refusal_of(by_url("ftp://h/v.mp4?sig=secret")).message.find("secret"), std::string::npos);
}

// --- tasks ---------------------------------------------------------------------------------------------------------

TEST(ReadTask, Accepted) {
  const Task task =
      read_task(R"({"code":0,"message":"SUCCEED","data":{"task_id":"861254119619698760","task_status":"submitted",)"
                R"("task_info":{},"created_at":1773367502225,"updated_at":1773367502226}})");
  EXPECT_EQ(task.task_id, "861254119619698760");
  EXPECT_EQ(task.status, TaskStatus::submitted);
  EXPECT_EQ(task.created_at_ms, 1773367502225);
  EXPECT_EQ(task.updated_at_ms, 1773367502226);
  EXPECT_TRUE(task.videos.empty());
  EXPECT_TRUE(task.audios.empty());
}

TEST(ReadTask, RunningWithRequestAndExternalId) {
  const Task task =
      read_task(R"({"code":0,"request_id":"9ab376fc-1","data":{"task_id":"878106242831892487",)"
                R"("task_info":{"external_task_id":"klingv2a-7"},"task_result":{},"task_status":"processing"}})");
  EXPECT_EQ(task.status, TaskStatus::processing);
  EXPECT_EQ(task.request_id, "9ab376fc-1");
  EXPECT_EQ(task.external_task_id, "klingv2a-7");
}

void expect_result(const Task& task) {
  EXPECT_EQ(task.status, TaskStatus::succeed);
  ASSERT_EQ(task.videos.size(), 1u);
  EXPECT_EQ(task.videos[0].id, "v1");
  EXPECT_EQ(task.videos[0].url, "https://h/v.mp4?x=1&y=2");
  EXPECT_EQ(task.videos[0].duration_s, 14.666);
  ASSERT_EQ(task.audios.size(), 1u);
  EXPECT_EQ(task.audios[0].id, "a1");
  EXPECT_EQ(task.audios[0].url_mp3, "https://h/a.mp3");
  EXPECT_EQ(task.audios[0].url_wav, "https://h/a.wav");
  EXPECT_EQ(task.audios[0].duration_mp3_s, 14.7);
  EXPECT_EQ(task.audios[0].duration_wav_s, 14.66);
}

TEST(ReadTask, ResultInTheOldSpelling) {
  const Task task =
      read_task(R"({"code":0,"data":{"task_id":"1","task_status":"succeed","task_result":{)"
                R"("videos":[{"id":"v1","url":"https://h/v.mp4?x=1&y=2","duration":"14.666"}],)"
                R"("audios":[{"id":"a1","url_mp3":"https://h/a.mp3","url_wav":"https://h/a.wav",)"
                R"("duration_mp3":"14.7","duration_wav":"14.66"}]},)"
                R"("final_unit_deduction":"0.25","final_balance_deduction":{"quota":"35","list_price":"50"}}})");
  expect_result(task);
  EXPECT_EQ(task.final_unit_deduction, "0.25");
  EXPECT_EQ(task.final_balance_deduction, "35");
}

TEST(ReadTask, ResultInTheNewSpellingWithNumbers) {
  const Task task = read_task(R"({"code":"0","data":{"id":"1","status":"succeeded","task_result":{)"
                              R"("videos":[{"id":"v1","url":"https://h/v.mp4?x=1&y=2","duration":14.666}],)"
                              R"("audios":[{"id":"a1","mp3_url":"https://h/a.mp3","wav_url":"https://h/a.wav",)"
                              R"("mp3_duration":14.7,"wav_duration":14.66}]},)"
                              R"("final_unit_deduction":0.25,"final_balance_deduction":{"quota":35}}})");
  expect_result(task);
  EXPECT_EQ(task.task_id, "1");
  EXPECT_EQ(task.final_unit_deduction, "0.25");
  EXPECT_EQ(task.final_balance_deduction, "35");
}

TEST(ReadTask, FailedWithItsReason) {
  const Task task =
      read_task(R"({"code":0,"data":{"task_id":"833446756","task_info":{},"task_result":{},"task_status":"failed",)"
                R"("task_status_msg":"Image pixel is invalid"},"message":"SUCCEED","request_id":"r"})");
  EXPECT_EQ(task.status, TaskStatus::failed);
  EXPECT_EQ(task.status_message, "Image pixel is invalid");
}

TEST(ReadTask, FailedWithoutAReason) {
  EXPECT_EQ(read_task(R"({"code":0,"message":"SUCCEED","data":{"task_id":"1","task_status":"failed"}})").status_message,
            "");
}

TEST(ReadTask, BareWithOldNames) {
  const Task task = read_task(
      R"({"task_id":"1","task_status":"failed","task_status_msg":"no","created_at":5,"updated_at":6,)"
      R"("task_info":{"external_task_id":"e"},"task_result":{"videos":[{"id":"v","url":"u","duration":"3"}]}})");
  EXPECT_EQ(task.task_id, "1");
  EXPECT_EQ(task.status, TaskStatus::failed);
  EXPECT_EQ(task.external_task_id, "e");
  EXPECT_EQ(task.videos.size(), 1u);
}

TEST(ReadTask, BareWithNewNames) {
  const Task task = read_task(R"({"id":"1234567890","status":"succeeded","message":"well","create_time":1781080778802,)"
                              R"("update_time":1781080794151})");
  EXPECT_EQ(task.task_id, "1234567890");
  EXPECT_EQ(task.status, TaskStatus::succeed);
  EXPECT_EQ(task.status_message, "well");
  EXPECT_EQ(task.created_at_ms, 1781080778802);
  EXPECT_EQ(task.updated_at_ms, 1781080794151);
}

TEST(ReadTask, AnOddStatusIsKeptAsReceived) {
  const Task task = read_task(R"({"code":0,"data":{"task_id":"1","task_status":"thinking"}})");
  EXPECT_EQ(task.status, TaskStatus::unknown);
  EXPECT_EQ(task.status_text, "thinking");
}

TEST(ReadTask, MissingNullAndOddMembersAreAbsent) {
  const Task task =
      read_task(R"({"code":0,"extra":[1,{"x":null}],"data":{"task_id":"1","task_status":null,"task_status_msg":null,)"
                R"("task_info":null,"created_at":"soon","updated_at":null,"final_unit_deduction":null,)"
                R"("task_result":{"videos":null,"audios":[null,5,{"url_wav":7.5,"url_mp3":null,"duration_wav":"long",)"
                R"("duration_mp3":-3}]}}})");
  EXPECT_EQ(task.status, TaskStatus::unknown);
  EXPECT_EQ(task.created_at_ms, 0);
  EXPECT_TRUE(task.audios.empty());
}

TEST(ReadTask, TimesMayBeStrings) {
  EXPECT_EQ(read_task(R"({"data":{"task_id":"1","created_at":"1773367502225"}})").created_at_ms, 1773367502225);
}

TEST(ReadTask, TakesTheOnlyTaskOfAList) {
  EXPECT_EQ(read_task(R"({"code":0,"data":[{"task_id":"7","task_status":"succeed"}]})").task_id, "7");
}

TEST(ReadTask, AnIdThatCameAsANumberIsTakenExactly) {
  EXPECT_EQ(read_task(R"({"data":{"task_id":861254119619698760}})").task_id, "861254119619698760");
  EXPECT_EQ(read_task(R"({"data":{"task_id":9223372036854775807}})").task_id, "9223372036854775807");
  EXPECT_EQ(read_task(R"({"data":{"task_id": 9223372036854775808 }})").task_id, "9223372036854775808");
  EXPECT_EQ(read_task(R"({"data":{"task_id":99999999999999999999}})").task_id, "99999999999999999999");
}

std::string deep(int depth) {
  return times(depth, "[") + times(depth, "]");
}

class Nonsense : public testing::TestWithParam<std::string> {};

TEST_P(Nonsense, IsRefusedAndShown) {
  try {
    (void)read_task(GetParam());
    FAIL() << "was taken for a task";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::service);
    EXPECT_TRUE(g_utf8_validate(error.what(), -1, nullptr));
    EXPECT_LT(std::string(error.what()).size(), 1000u);
    const std::string beginning = printable(GetParam().substr(0, 10));
    EXPECT_NE(std::string(error.what()).find(beginning), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Nonsense,
                         testing::ValuesIn(std::vector<std::string>{
                             "",
                             "   ",
                             "null",
                             "5",
                             "\"text\"",
                             "[]",
                             "{}",
                             "<html><body>Not here</body></html>",
                             R"({"code":0,"data":null})",
                             R"({"code":0})",
                             R"({"code":0,"data":[]})",
                             R"({"code":0,"data":"861"})",
                             R"({"code":0,"data":[{"task_id":"1"},{"task_id":"2"}]})",
                             R"({"code":0,"data":[null]})",
                             R"({"data":{"task_id":8.61254119619698e17}})",
                             R"({"data":{"task_id":-5}})",
                             R"({"data":{"task_id":-9223372036854775809}})",
                             R"({"data":{"task_id":0012}})",
                             R"({"data":{"task_id":true}})",
                             R"({"data":{"task_id":{"a":1}}})",
                             R"({"data":{"task_id":["1"]}})",
                             R"({"data":{"task_id":"a\nb"}})",
                             R"({"code":0,"data":{"task_id":"861254)",
                             R"({"data":{"task_id":"1"})",
                             std::string("{\"data\":{\"task_id\":\"1\xff\"}}"),
                             std::string("{\"data\":{\"task_id\":\"1\0\"}}", 25),
                             "\xff\xfe{",
                             deep(100),
                             deep(1'000'000),
                             "{\"a\":" + deep(500'000) + "}",
                             times(500'000, "{\"a\":"),
                             "{'\"':" + times(300'000, "[") + "}",
                             "{/*\"*/\"a\":" + times(300'000, "[") + "}",
                             "{\"a\":1} // \"",
                             std::string(2'000'000, 'x')}));

TEST(ReadTask, NestingInsideStringsIsNoNesting) {
  EXPECT_EQ(read_task(R"({"data":{"task_id":"1","task_status_msg":")" + times(500, "[{\\\"") + "\"}}").task_id, "1");
}

TEST(ReadTask, HugeNumbersAreAbsent) {
  const Task task = read_task(R"({"data":{"task_id":"1","created_at":1e300,"updated_at":1e999,)"
                              R"("task_result":{"videos":[{"url":"u","duration":1e999}]}}})");
  EXPECT_EQ(task.created_at_ms, 0);
  EXPECT_EQ(task.updated_at_ms, 0);
  EXPECT_EQ(task.videos.at(0).duration_s, std::nullopt);
}

TEST(ReadTask, BrokenEscapesDoNotBecomeInvalidText) {
  try {
    const Task task = read_task(R"({"data":{"task_id":"1","task_status_msg":"a\udc00b"}})");
    EXPECT_TRUE(g_utf8_validate(task.status_message.c_str(), -1, nullptr));
  } catch (const Error& refused) {
    // Newer versions of JSON-GLib take it for no JSON at all.
    EXPECT_EQ(refused.kind(), ErrorKind::service);
  }
}

// --- lists of tasks ------------------------------------------------------------------------------------------------

TEST(ReadTaskList, HasAllTasksInTheirOrder) {
  const std::string array =
      R"([{"task_id":"861254119619698760","task_status":"succeed","task_info":{"external_task_id":)"
      R"("e"},"final_unit_deduction":"0.25"},{"id":"2","status":"failed","message":"no"}])";
  for (const std::string& data : {array, R"({"list":)" + array + "}", R"({"total":2,"tasks":)" + array + "}"}) {
    const std::vector<Task> tasks = read_task_list(R"({"code":0,"data":)" + data + "}");
    ASSERT_EQ(tasks.size(), 2u) << data;
    EXPECT_EQ(tasks[0].task_id, "861254119619698760");
    EXPECT_EQ(tasks[0].external_task_id, "e");
    EXPECT_EQ(tasks[0].final_unit_deduction, "0.25");
    EXPECT_EQ(tasks[1].task_id, "2");
    EXPECT_EQ(tasks[1].status, TaskStatus::failed);
  }
}

TEST(ReadTaskList, MayBeEmpty) {
  EXPECT_TRUE(read_task_list(R"({"code":0,"data":[]})").empty());
}

TEST(ReadTaskList, RefusesWhatIsNoListOfTasks) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"data":null})", R"({"data":{}})", R"({"data":{"list":{}}})",
                           R"({"data":"[]"})", R"({"data":{"task_id":"1"}})", R"({"data":[null]})", R"({"data":["1"]})",
                           R"({"data":[{}]})", R"({"data":[{"task_id":"1"},{"task_status":"failed"}]})",
                           R"({"data":[{"task_id":1.5}]})", R"({"data":[{"task_id":"1"})"}) {
    EXPECT_THROW((void)read_task_list(body), Error) << body;
  }
}

// --- envelopes -----------------------------------------------------------------------------------------------------

TEST(ReadEnvelope, SuccessIsCodeZeroAsNumberOrString) {
  EXPECT_TRUE(read_envelope(200, R"({"code":0,"message":"SUCCEED","data":{}})").ok);
  EXPECT_TRUE(read_envelope(200, R"({"code":"0","data":{}})").ok);
  EXPECT_TRUE(read_envelope(201, R"({"code":0})").ok);
}

TEST(ReadEnvelope, SuccessIsNotAText) {
  EXPECT_FALSE(read_envelope(200, R"({"code":1,"message":"SUCCEED"})").ok);
  EXPECT_FALSE(read_envelope(200, R"({"message":"SUCCEED"})").ok);
  EXPECT_FALSE(read_envelope(500, R"({"code":0,"message":"SUCCEED"})").ok);
}

TEST(ReadEnvelope, ATaskWithoutACodeIsASuccess) {
  EXPECT_TRUE(read_envelope(200, R"({"task_id":"1","task_status":"submitted"})").ok);
  EXPECT_TRUE(read_envelope(200, R"({"id":"1","status":"succeeded"})").ok);
  EXPECT_TRUE(read_envelope(200, R"({"code":"success","data":{"task_id":"1"}})").ok);
  EXPECT_TRUE(read_envelope(200, R"({"code":"success","data":[{"task_id":"1"}]})").ok);
  EXPECT_FALSE(read_envelope(200, R"({"code":"success","data":[]})").ok);
  EXPECT_FALSE(read_envelope(200, R"({"code":"success","data":[5]})").ok);
  EXPECT_FALSE(read_envelope(200, R"({"code":1303,"data":{"task_id":"1"}})").ok);
}

TEST(ReadEnvelope, KlingsError) {
  const Envelope envelope = read_envelope(429, R"({"code":1102,"message":"Resource pack","request_id":"r-1"})");
  EXPECT_FALSE(envelope.ok);
  EXPECT_TRUE(envelope.is_json);
  EXPECT_EQ(envelope.code, "1102");
  EXPECT_EQ(envelope.message, "Resource pack");
  EXPECT_EQ(envelope.request_id, "r-1");
}

TEST(ReadEnvelope, CometApisErrorWithTheRequestIdInTheMessage) {
  const Envelope envelope = read_envelope(
      500, R"j({"error":{"message":"bad video (request id: 2026abc)","type":"comet_api_error","param":"",)j"
           R"j("code":"invalid_request"}})j");
  EXPECT_FALSE(envelope.ok);
  EXPECT_EQ(envelope.code, "invalid_request");
  EXPECT_EQ(envelope.type, "comet_api_error");
  EXPECT_EQ(envelope.message, "bad video (request id: 2026abc)");
  EXPECT_EQ(envelope.request_id, "2026abc");
}

TEST(ReadEnvelope, CometApisErrorWithMissingOrEmptyMembers) {
  for (const char* body : {R"({"error":{"message":"m","type":"comet_api_error","param":"","code":""}})",
                           R"({"error":{"message":"m","type":"comet_api_error","code":null}})",
                           R"({"error":{"message":"m"}})", R"({"error":"m"})"}) {
    const Envelope envelope = read_envelope(403, body);
    EXPECT_FALSE(envelope.ok);
    EXPECT_EQ(envelope.code, "") << body;
    EXPECT_EQ(envelope.message, "m") << body;
  }
}

TEST(ReadEnvelope, TheThirdShape) {
  const Envelope envelope = read_envelope(503, R"({"code":"model_not_found","message":"no channel","data":null})");
  EXPECT_FALSE(envelope.ok);
  EXPECT_EQ(envelope.code, "model_not_found");
  EXPECT_EQ(envelope.message, "no channel");
}

TEST(ReadEnvelope, OtherBodiesAreShown) {
  const Envelope html = read_envelope(200, "<html>\n <h1>Welcome\x01</h1>" + std::string(5000, 'x'));
  EXPECT_FALSE(html.ok);
  EXPECT_FALSE(html.is_json);
  EXPECT_NE(html.message.find("Welcome"), std::string::npos) << html.message;
  EXPECT_EQ(html.message.find('<'), std::string::npos) << html.message;
  EXPECT_LT(html.message.size(), 400u);
  EXPECT_EQ(read_envelope(502, "").message, "HTTP 502 without a body");
  for (const char* body : {"[]", "null", "{}", "{\"code\":null}", "{\"code\":{}}", "{\"code\":0", "\xff"}) {
    EXPECT_FALSE(read_envelope(200, body).ok) << body;
    EXPECT_FALSE(read_envelope(200, body).message.empty()) << body;
  }
}

TEST(ReadEnvelope, AnUnfinishedRequestIdIsNone) {
  EXPECT_EQ(read_envelope(400, R"({"error":{"message":"bad (request id: 20"}})").request_id, "");
}

TEST(Printable, MakesTextFitForALog) {
  EXPECT_EQ(printable(" a\n\t b\x1b[31m "), "a b [31m");
  EXPECT_EQ(printable("雨雨雨雨", 2), "雨雨…");
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("gpj.\u202Eexe"), "gpj.<U+202E>exe");
  for (const char* unseen : {"\u200B", "\uFEFF", "\u2066", "\u2069", "\u200E", "\u061C", "\u00AD"})
    EXPECT_TRUE(printable(std::string("a") + unseen + "b").find("<U+") == 1) << unseen;
  EXPECT_EQ(printable("\U0001F468\u200D\U0001F469"), "\U0001F468\u200D\U0001F469");
  EXPECT_EQ(printable("a\xff"), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace klingv2a::kling
