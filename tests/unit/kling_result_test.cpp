// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where gateways put the results, and how they spell a status.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kling/codec.h"
#include "kling/result_reader.h"

namespace klingv2a::kling {
namespace {

Task task_with(const std::string& member) {
  return read_task(R"({"code":0,"data":{"task_id":"1","task_status":"succeed","task_info":{"parent_video":)"
                   R"({"id":"p","url":"https://h/clip.mp4","duration":"5"}},)" +
                   member + "}}");
}

TEST(TaskResult, TheSoundIsTakenWhereItIs) {
  const std::string wav = R"("https://h/a.wav?s=1")";
  const std::vector<std::string> shapes{
      R"("task_result":{"audios":[{"id":"a","url_wav":)" + wav + "}]}",
      R"("task_result":"{\"audios\":[{\"url_wav\":\"https://h/a.wav?s=1\"}]}")",
      R"("task_result":"[{\"url\":\"https://h/a.wav?s=1\"}]")",
      R"("task_result":{"audios":[)" + wav + "]}",
      R"("task_result":{"audios":[{"url":)" + wav + "}]}",
      R"("task_result":{"audios":{"url":)" + wav + "}}",
      R"("task_result":{"audios":"[\"https://h/a.wav?s=1\"]"})",
      R"("task_result":{"audios":)" + wav + "}",
      R"("task_result":{"audios":[{"id":"a","url_wav":"","url_mp3":null},{"url_wav":)" + wav + "}]}",
      R"("task_result":{"audios":[{},null,5,{"wav_url":)" + wav + "}]}",
      R"("task_result":{"audios":[{"resource":{"url":)" + wav + "}}]}",
      R"("task_result":{"audio_url":)" + wav + "}",
      R"("task_result":{"audio":{"url":)" + wav + "}}",
      R"("task_result":{"output":{"sound":)" + wav + "}}",
      R"("task_result":[{"url":)" + wav + "}]",
      R"("task_result":)" + wav,
      R"("task_result":{},"result":{"audios":[)" + wav + "]}",
      R"("task_result":null,"audios":[{"url":)" + wav + "}]",
  };
  for (const std::string& shape : shapes) {
    const Task task = task_with(shape);
    ASSERT_EQ(task.audios.empty(), false) << shape;
    EXPECT_EQ(task.audios[0].url_wav, "https://h/a.wav?s=1") << shape;
    EXPECT_EQ(task.audios[0].url_mp3, "") << shape;
    EXPECT_TRUE(task.videos.empty()) << shape;
    EXPECT_EQ(task.text, "") << shape;
  }
}

TEST(TaskResult, EachFormOfSeveralEntriesIsTaken) {
  const Task task = task_with(R"("task_result":{"videos":[{"id":"v"},{"url":"https://h/v.mp4"}],"audios":[)"
                              R"({"url_mp3":"https://h/a.mp3","duration_mp3":"4.9"},)"
                              R"({"url":"https://h/b.mp3"},{"url_wav":"https://h/b.wav","duration_wav":"5"}]})");
  EXPECT_EQ(task.audios.at(0).url_mp3, "https://h/a.mp3");
  EXPECT_EQ(task.audios.at(0).duration_mp3_s, 4.9);
  EXPECT_EQ(task.audios.at(0).url_wav, "https://h/b.wav");
  EXPECT_EQ(task.audios.at(0).duration_wav_s, 5);
  ASSERT_EQ(task.videos.size(), 1u);
  EXPECT_EQ(task.videos[0].url, "https://h/v.mp4");
}

TEST(TaskResult, WhatNothingSaysTheKindOfIsLeftToTheDecoder) {
  const Task task = task_with(R"("task_result":["https://h/blob?s=1"])");
  EXPECT_TRUE(task.audios.empty());
  ASSERT_EQ(task.videos.size(), 1u);
  EXPECT_EQ(task.videos[0].url, "https://h/blob?s=1");
}

// It would be its own sound track.
TEST(TaskResult, TheClipItselfIsNone) {
  for (const char* shape :
       {R"("task_result":{})", R"("task_result":{"parent_video":{"url":"https://h/clip.mp4"}})",
        R"("task_result":{"origin_video_url":"https://h/clip.mp4"})", R"("video_url":"https://h/clip.mp4")",
        R"("task_result":{"videos":[{"cover_url":"https://h/c.png"}]})", R"("task_result":"none yet")",
        R"("task_result":[[[[[[[[[[[["https://h/a.wav"]]]]]]]]]]]])"}) {
    const Task task = task_with(shape);
    EXPECT_FALSE(has_links(task)) << shape;
    EXPECT_NE(task.text.find("task_id"), std::string::npos) << shape;
  }
}

TaskStatus status_of(const std::string& word) {
  return read_task(R"({"code":0,"data":{"task_id":"1","task_status":")" + word + "\"}}").status;
}

TEST(TaskStatusWords, OfAnyGrammarAndCase) {
  for (const char* word : {"succeed", "SUCCEED", "Succeeded", "SUCCESS", "success ", "successful", "COMPLETED",
                           "complete", "Done", "finished", "TASK_STATUS_SUCCEED", "task_status_success", "FINISH"})
    EXPECT_EQ(status_of(word), TaskStatus::succeed) << word;
  for (const char* word :
       {"failed", "FAILED", "Fail", "FAILURE", "error", "cancelled", "CANCELED", "TASK_FAILED", "rejected", "aborted"})
    EXPECT_EQ(status_of(word), TaskStatus::failed) << word;
  for (const char* word : {"processing", "PROCESSING", "running", "IN_PROGRESS", "in-progress", "In Progress",
                           "generating", "STATUS_RUNNING"})
    EXPECT_EQ(status_of(word), TaskStatus::processing) << word;
  for (const char* word : {"submitted", "SUBMITTED", "queued", "QUEUED", "PENDING", "in_queue", "NOT_START", "waiting"})
    EXPECT_EQ(status_of(word), TaskStatus::submitted) << word;
  for (const char* word : {"thinking", "UNKNOWN", "", "99", "not succeeded", "unsuccessful", "succeedish", "timeout"})
    EXPECT_EQ(status_of(word), TaskStatus::unknown) << word;
}

}  // namespace
}  // namespace klingv2a::kling
