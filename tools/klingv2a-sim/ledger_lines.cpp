// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ledger_lines.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "json.h"
#include "submit_check.h"

namespace klingv2a::sim {
namespace {

struct EndingName {
  std::string_view name;
  Ending::Kind kind;
};
constexpr std::array kEndings = {EndingName{"succeed", Ending::Kind::succeed}, EndingName{"fail", Ending::Kind::fail},
                                 EndingName{"never", Ending::Kind::never}};

void write_paid(JsonWriter& json, const PaidTask& task) {
  json.string("task_id", task.task_id)
      .string("external_task_id", task.external_task_id)
      .string("status", task.status)
      .string("status_message", task.status_message)
      .string("body", task.body)
      .string("video_sha256", task.video_sha256)
      .number("duration_s", task.duration_s)
      .integer("width", task.width)
      .integer("height", task.height)
      .integer("frames", task.frames)
      .integer("samples", task.samples)
      .array("clicks");
  for (const std::int64_t click : task.clicks) json.value(click);
  json.end_array();
}

PaidTask read_paid(const JsonFields& json) {
  PaidTask task;
  task.task_id = json.string("task_id");
  task.external_task_id = json.string("external_task_id");
  task.status = json.string("status");
  task.status_message = json.string("status_message");
  task.body = json.string("body");
  task.video_sha256 = json.string("video_sha256");
  task.duration_s = json.number("duration_s");
  task.width = static_cast<int>(json.integer("width"));
  task.height = static_cast<int>(json.integer("height"));
  task.frames = static_cast<int>(json.integer("frames"));
  task.samples = json.integer("samples");
  task.clicks = json.integers("clicks");
  return task;
}

void write_request(JsonWriter& json, const SeenRequest& request) {
  json.string("method", request.method)
      .string("path", request.path)
      .integer("status", request.status)
      .boolean("has_authorization", request.has_authorization);
}

SeenRequest read_request(const JsonFields& json) {
  return {json.string("method"), json.string("path"), static_cast<int>(json.integer("status")),
          json.boolean("has_authorization")};
}

void write_sound(JsonWriter& json, const SoundOptions& sound) {
  json.object("sound")
      .integer("rate", sound.rate)
      .integer("channels", sound.channels)
      .number("longer_s", sound.longer_s)
      .boolean("audios", sound.audios)
      .boolean("wav", sound.wav)
      .boolean("mp3", sound.mp3)
      .boolean("clicks", sound.clicks)
      .object("takes")
      .boolean("on", sound.takes.on)
      .number("level_db", sound.takes.level_db)
      .number("tilt_db", sound.takes.tilt_db)
      .number("correlation", sound.takes.correlation)
      .end_object()
      .end_object();
}

TakesDiffer read_takes(const JsonFields& json) {
  return {.on = json.boolean("on"),
          .level_db = json.number("level_db"),
          .tilt_db = json.number("tilt_db"),
          .correlation = json.number("correlation")};
}

// A ledger of before there were takes has no word of them.
SoundOptions read_sound(const JsonFields& json) {
  return {.rate = static_cast<int>(json.integer("rate")),
          .channels = static_cast<int>(json.integer("channels")),
          .longer_s = json.number("longer_s"),
          .audios = json.boolean("audios"),
          .wav = json.boolean("wav"),
          .mp3 = json.boolean("mp3"),
          .clicks = !json.has("clicks") || json.boolean("clicks"),
          .takes = json.has("takes") ? read_takes(json.object("takes")) : TakesDiffer{}};
}

void write_ending(JsonWriter& json, const Ending& ending) {
  const auto row = std::ranges::find(kEndings, ending.kind, &EndingName::kind);
  json.object("ending").string("kind", std::string(row->name)).string("message", ending.message).end_object();
}

Ending read_ending(const JsonFields& json) {
  const auto row = std::ranges::find(kEndings, json.string("kind"), &EndingName::name);
  if (row == kEndings.end()) throw std::invalid_argument("unknown kind of ending");
  return {row->kind, json.string("message")};
}

void write_link(JsonWriter& json, const Link& link) {
  json.object("link")
      .string("signature", link.signature)
      .integer("issued_ms", link.issued_ms)
      .integer("fetches", link.fetches)
      .boolean("dead", link.dead)
      .end_object();
}

Link read_link(const JsonFields& json) {
  return {json.string("signature"), json.integer("issued_ms"), static_cast<int>(json.integer("fetches")),
          json.boolean("dead")};
}

SimTask read_task(const JsonFields& json) {
  SimTask task;
  task.paid = read_paid(json);
  task.submit = read_submit("application/json", task.paid.body);
  task.created_ms = json.integer("created_ms");
  task.updated_ms = json.integer("updated_ms");
  task.result_path = json.string("result_path");
  task.results.sound_s = json.number("sound_s");
  task.sound = read_sound(json.object("sound"));
  task.ending = read_ending(json.object("ending"));
  task.link = read_link(json.object("link"));
  return task;
}

}  // namespace

std::string line_of(const SimTask& task) {
  JsonWriter json;
  json.object().string("event", "task");
  write_paid(json, task.paid);
  json.integer("created_ms", task.created_ms)
      .integer("updated_ms", task.updated_ms)
      .string("result_path", task.result_path)
      .number("sound_s", task.results.sound_s);
  write_sound(json, task.sound);
  write_ending(json, task.ending);
  write_link(json, task.link);
  return json.end_object().text();
}

std::string line_of(const SeenRequest& request) {
  JsonWriter json;
  json.object().string("event", "request");
  write_request(json, request);
  return json.end_object().text();
}

std::variant<SimTask, SeenRequest> read_line(const std::string& line) {
  const JsonFields json(line);
  const std::string event = json.string("event");
  if (event == "task") return read_task(json);
  if (event == "request") return read_request(json);
  throw std::invalid_argument("unknown event");
}

std::string ledger_json(const std::vector<SimTask>& tasks, const std::vector<SeenRequest>& requests,
                        int most_in_flight) {
  JsonWriter json;
  json.object().array("tasks");
  for (const SimTask& task : tasks) {
    json.object();
    write_paid(json, task.paid);
    json.end_object();
  }
  json.end_array().array("requests");
  for (const SeenRequest& request : requests) {
    json.object();
    write_request(json, request);
    json.end_object();
  }
  return json.end_array().integer("most_in_flight", most_in_flight).end_object().text();
}

}  // namespace klingv2a::sim
