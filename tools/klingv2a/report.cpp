// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <map>

#include "bus_events.h"
#include "checksum.h"
#include "exit_code.h"
#include "http/client.h"
#include "human_text.h"
#include "spool_file.h"

namespace klingv2a::cli {

namespace {

struct Field {
  const char* name;   // in the report
  const char* field;  // of the structure
};

// Those fields of a structure that it has.
template <std::size_t N>
JsonText pick(const GstStructure* structure, const std::array<Field, N>& fields) {
  JsonText object;
  for (const Field& field : fields)
    if (const GValue* value = structure ? gst_structure_get_value(structure, field.field) : nullptr)
      object.set(field.name, to_json(value));
  return object;
}

constexpr std::array kProxy{Field{"bytes", "proxy-bytes"}, Field{"xxh128", "proxy-hash"},
                            Field{"conformed", "conformed"}, Field{"encoder", "encoder"}};
constexpr std::array kResult{Field{"origin", "origin"}, Field{"form", "sound-form"}, Field{"bytes", "result-bytes"},
                             Field{"xxh128", "result-hash"}};
constexpr std::array kFitted{Field{"clip-length-ns", "clip-length"}, Field{"lead-in-ns", "lead-in"},
                             Field{"samples", "samples"}, Field{"samples-padded", "samples-padded"},
                             Field{"samples-trimmed", "samples-trimmed"}};
constexpr std::array kSeconds{Field{"proxy", "proxy-seconds"},       Field{"publish", "publish-seconds"},
                              Field{"submit", "submit-seconds"},     Field{"wait", "wait-seconds"},
                              Field{"download", "download-seconds"}, Field{"decode", "decode-seconds"}};
constexpr std::array kLoudness{Field{"before-lufs", "loudness-before"},
                               Field{"after-lufs", "loudness-after"},
                               Field{"true-peak-before-dbtp", "true-peak-before"},
                               Field{"true-peak-after-dbtp", "true-peak-after"},
                               Field{"gain-db", "gain"},
                               Field{"limited-samples", "limited-samples"}};

constexpr const char* kPaidTasks = "paid-tasks";

guint tasks_made(const RunReport& facts) {
  guint tasks = 0;
  if (facts.stats) gst_structure_get_uint(facts.stats.get(), kPaidTasks, &tasks);
  return tasks;
}

guint paid_tasks(const RunReport& facts) {
  return facts.job.simulated ? 0 : tasks_made(facts);
}

JsonText money_json(const RunReport& facts) {
  JsonText money;
  money.set(kPaidTasks, std::int64_t{paid_tasks(facts)});
  money.set("estimate-usd", paid_tasks(facts) * kPriceUsd);
  return money;
}

JsonText file_json(const std::string& path, const std::optional<FileFacts>& file) {
  JsonText object;
  object.set("file", path);
  if (!file) return object;
  object.set("bytes", static_cast<std::int64_t>(file->bytes));
  object.set("xxh128", file->checksum);
  return object;
}

void add_troubles(JsonText& report, const Outcome& outcome) {
  if (!outcome.ok()) report.set("error", to_json(outcome.error));
  std::vector<JsonText> warnings, tasks;
  for (const Trouble& warning : outcome.warnings) warnings.push_back(to_json(warning));
  for (const TaskSeen& task : outcome.tasks) tasks.push_back(to_json(task));
  report.set("tasks", tasks).set("warnings", warnings).set("infos", outcome.infos).set("lost", outcome.lost);
}

// Never less than the error says.
std::string paid_word(const RunReport& facts) {
  if (facts.job.simulated) return "no";
  if (paid_tasks(facts) > 0) return "yes";
  return facts.outcome.ok() ? "no" : facts.outcome.error.paid;
}

// on-failure=silence: the element has failed, and the run has not.
bool is_silent(const RunReport& facts) {
  return facts.outcome.ok() && !text_field(facts.stats.get(), "last-error-kind").empty();
}

std::string kind_of(const RunReport& facts) {
  if (!facts.outcome.ok()) return facts.outcome.error.kind;
  return facts.report_is_missing ? std::string(to_string(ErrorKind::disk)) : "ok";
}

// klingv2a calls every task of its service a paid one; here that word is for money.
JsonNodePtr stats_json(const RunReport& facts) {
  const StructurePtr own(gst_structure_copy(facts.stats.get()));
  if (!facts.job.simulated) return to_json(own.get());
  gst_structure_remove_field(own.get(), kPaidTasks);
  gst_structure_set(own.get(), "simulated-tasks", G_TYPE_UINT, tasks_made(facts), nullptr);
  return to_json(own.get());
}

// Without klingv2a's counters, which are reported by themselves.
JsonNodePtr bin_json(const GstStructure* bin) {
  const StructurePtr own(gst_structure_copy(bin));
  gst_structure_remove_field(own.get(), "kling");
  return to_json(own.get());
}

// What the mixer has measured: null where there is none.
const GstStructure* mix_of(const RunReport& facts) {
  const GValue* mix = facts.bin ? gst_structure_get_value(facts.bin.get(), "mix") : nullptr;
  return mix && GST_VALUE_HOLDS_STRUCTURE(mix) ? gst_value_get_structure(mix) : nullptr;
}

std::string loudness_text(const GstStructure* mix) {
  double before = 0, after = 0;
  if (!mix || !gst_structure_get_double(mix, "loudness-before", &before) ||
      !gst_structure_get_double(mix, "loudness-after", &after) || !std::isfinite(before) || !std::isfinite(after))
    return {};
  return ", " + number_text(before, 1) + " → " + number_text(after, 1) + " LUFS";
}

std::string cost_text(const RunReport& facts) {
  const std::string task = facts.outcome.tasks.empty() ? "" : " (task " + facts.outcome.tasks.back().task_id + ")";
  if (facts.job.simulated)
    return "SIMULATION, the sound is synthetic: nothing was paid" +
           std::string(tasks_made(facts) > 0 ? "" : ", and no task was asked for, as it was there") + task;
  const std::string where = is_on_this_machine(facts.job.settings) ? " at a service on this machine" : "";
  if (const guint tasks = paid_tasks(facts))
    return "paid for " + std::to_string(tasks) + (tasks == 1 ? " task" : " tasks") + where + ", about " +
           money_text(tasks * kPriceUsd) + task;
  return "nothing was paid now" + where + task;
}

std::string error_cost_text(const RunReport& facts) {
  const std::string paid = paid_word(facts);
  if (facts.job.simulated) return "cost:    nothing (SIMULATION)";
  if (paid == "no") return "cost:    nothing was paid";
  return std::string("cost:    ") + (paid == "yes" ? "a task was paid" : "perhaps a task was paid, nobody can say") +
         "; the same command again pays nothing twice";
}

// How the journal of this run is named on another command line, where that can be said.
std::string places_text(const Settings& settings) {
  std::string text;
  if (const std::string url = value_of(settings, "base-url"); !url.empty())
    text += " --base-url " + http::displayable_url(url);
  if (const std::string journal = value_of(settings, "journal"); journal.starts_with('/'))
    text += " --journal " + journal;
  return text;
}

// Where the sound of a task that goes on can be had.
std::string left_text(const RunReport& facts) {
  const Trouble& error = facts.outcome.error;
  const bool is_made = error.paid != "no" || (facts.job.simulated && !facts.outcome.tasks.empty());
  const bool left = is_made && (error.kind == "cancelled" || error.kind == "still-running");
  const std::string id = error.task_id.empty() ? error.external_task_id : error.task_id;
  if (!left || id.empty()) return {};
  return "\n  left:    task " + id + " goes on at the service. klingv2a tasks fetch " + id + " -o sound.wav --wait" +
         (facts.job.simulated ? " --simulate" : places_text(facts.job.settings)) + "   gets its sound";
}

// What is to be done stands at the end of the message; here it has a line of its own.
std::string what_happened(const Trouble& error) {
  const std::string advice = ": " + error.advice;
  const bool has = !error.advice.empty() && error.text.ends_with(advice);
  return has ? error.text.substr(0, error.text.size() - advice.size()) + "\n  do:      " + error.advice : error.text;
}

std::string error_text(const RunReport& facts) {
  const Trouble& error = facts.outcome.error;
  std::string text = "klingv2a: " + facts.job.in + ": " + error.kind + ": " + what_happened(error);
  text += "\n  " + error_cost_text(facts) + left_text(facts);
  if (error.retryable) text += "\n  again:   the same command may succeed later, without any change";
  return text;
}

// What the output depends on, of the settings as a report has them.
std::map<std::string, std::string> shape_of(JsonObject* settings) {
  std::map<std::string, std::string> shape;
  if (!settings) return shape;
  const std::unique_ptr<GList, Deleter<g_list_free>> names(json_object_get_members(settings));
  for (const GList* at = names.get(); at; at = at->next) {
    const char* name = static_cast<const char*>(at->data);
    if (shapes_output(name)) shape[name] = member_text(settings, name);
  }
  return shape;
}

// Is what the report says of a file still so?
bool is_same_file(JsonObject* report, const char* member, const std::string& path) {
  const auto now = facts_of_file(path);
  return now && member_text(member_object(report, member), "xxh128") == now->checksum;
}

}  // namespace

int RunReport::exit_code() const {
  const std::string kind = kind_of(*this);
  return kind == "ok" ? kExitOk : exit_code_of(kind);
}

std::optional<FileFacts> facts_of_file(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return std::nullopt;
  const auto file = SpoolFile::open_existing(path, SpoolFile::Links::followed);
  if (!file) throw make_error(ErrorKind::input, Phase::check, path + " is not there");
  return FileFacts{file->size(), checksum_of(*file)};
}

void hash_files(RunReport& facts, const std::string& output) {
  const auto hash = [&facts](const std::string& path) -> std::optional<FileFacts> {
    try {
      return facts_of_file(path);
    } catch (const Error& error) {
      facts.outcome.warnings.push_back(to_trouble(error));
      return std::nullopt;
    }
  };
  if (facts.job.in != "-") facts.input = hash(facts.job.in);
  if (!output.empty()) facts.output = hash(output);
}

JsonText settings_json(const Settings& settings) {
  JsonText object;
  for (const auto& [property, value] : settings) {
    // Which host and which video it was is no secret, only how a URL is signed.
    const bool is_url = property == "video-url" || property == "base-url";
    const std::string shown = is_url ? http::displayable_url(value) : is_secret(property) ? "…" : value;
    object.set(property.c_str(), shown);
  }
  return object;
}

JsonText make_report(const RunReport& facts) {
  const Outcome& outcome = facts.outcome;
  JsonText report;
  report.set("event", "result").set("klingv2a", KLINGV2A_VERSION).set("ok", outcome.ok());
  report.set("kind", kind_of(facts)).set("exit-code", facts.exit_code());
  report.set("paid", paid_word(facts)).set("simulated", facts.job.simulated).set("service", service_of(facts.job));
  report.set("silence", is_silent(facts));
  if (facts.skipped) report.set("skipped", true);
  report.set("input", file_json(facts.job.in, facts.input)).set("output", file_json(facts.job.out, facts.output));
  report.set("settings", settings_json(facts.job.settings));
  add_troubles(report, outcome);
  report.set("clips", clips_json(facts.row, facts.job.simulated)).set("joins", joins_json(facts.row));
  report.set("money", money_json(facts));
  report.set("proxy", pick(facts.stats.get(), kProxy)).set("result", pick(facts.stats.get(), kResult));
  report.set("fitted", pick(facts.stats.get(), kFitted)).set("loudness", pick(mix_of(facts), kLoudness));
  report.set("seconds", pick(facts.stats.get(), kSeconds).set("total", facts.seconds));
  if (facts.stats) report.set("stats", stats_json(facts));
  if (facts.bin) report.set("bin", bin_json(facts.bin.get()));
  return report;
}

std::string result_text(const RunReport& facts) {
  if (!facts.outcome.ok()) return error_text(facts);
  if (facts.skipped) return facts.job.out + ": done before";
  std::string text = facts.job.out == "-" ? "stdout" : facts.job.out;
  text +=
      ": done in " + duration_text(std::lround(facts.seconds)) + loudness_text(mix_of(facts)) + ", " + cost_text(facts);
  text += joins_text(facts.row);
  for (const std::string& lost : facts.outcome.lost) text += "\n  lost:    " + lost;
  return text;
}

bool is_report_of_output(const std::string& report, const FileJob& job) {
  const JsonNodePtr node = parse_json(report);
  return is_same_file(object_of(node), "output", job.out);
}

bool is_result_of(const std::string& report, const FileJob& job) {
  const JsonNodePtr node = parse_json(report);
  JsonObject* object = object_of(node);
  if (member_text(object, "ok") != "true") return false;
  if (member_text(object, "service") != service_of(job)) return false;
  const JsonNodePtr wanted = parse_json(settings_json(job.settings).line());
  if (shape_of(object_of(wanted)) != shape_of(member_object(object, "settings"))) return false;
  return is_same_file(object, "output", job.out) && is_same_file(object, "input", job.in);
}

}  // namespace klingv2a::cli
