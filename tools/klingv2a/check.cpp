// SPDX-License-Identifier: LGPL-2.1-or-later
//
// check: the element's dry run, reported. Everything is checked, made and published as for a task, and nothing is paid.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "bus_events.h"
#include "commands.h"
#include "environment.h"
#include "exit_code.h"
#include "file_job.h"
#include "human_text.h"
#include "interrupt.h"
#include "kling/environment.h"
#include "last_word.h"
#include "places.h"
#include "report.h"
#include "resource_limits.h"
#include "session.h"
#include "setting_check.h"
#include "suffix.h"

namespace klingv2a::cli {

namespace {

struct Findings {
  Outcome outcome;
  StructurePtr dry_run, stats;
  std::vector<StructurePtr> dry_runs;  // of each clip
  RowFacts row;
  bool on_this_machine = false;        // the service
  std::vector<std::string> unchecked;  // what was not tried, and why

  [[nodiscard]] static bool would_pay(const StructurePtr& clip) {
    gboolean would = FALSE;
    gst_structure_get_boolean(clip.get(), "would-pay", &would);
    return would != FALSE;
  }
  [[nodiscard]] bool would_pay() const { return tasks() > 0; }
  [[nodiscard]] int tasks() const {
    return static_cast<int>(std::ranges::count_if(dry_runs, [](const auto& clip) { return would_pay(clip); }));
  }
  // Nobody knows whether the clip's task exists: a run looks it up before it pays.
  [[nodiscard]] bool depends() const { return would_pay() && text_field(dry_run.get(), "origin") == "looked-up"; }
  [[nodiscard]] double price() const { return tasks() * kPriceUsd; }
  [[nodiscard]] std::string conformed() const { return text_field(stats.get(), "conformed"); }
  [[nodiscard]] double clip_seconds() const {
    guint64 length = 0, all = 0;
    for (const auto& clip : row.clips)
      if (row.is_row() && gst_structure_get_uint64(clip.get(), "duration", &length)) all += length;
    if (all > 0) return static_cast<double>(all) / static_cast<double>(GST_SECOND);
    if (stats) gst_structure_get_uint64(stats.get(), "clip-length", &length);
    return static_cast<double>(length) / static_cast<double>(GST_SECOND);
  }
  [[nodiscard]] int exit_code() const { return outcome.ok() ? kExitOk : exit_code_of(outcome.error.kind); }
};

bool has(const Settings& settings, std::string_view property) {
  return std::ranges::any_of(settings, [&](const Setting& setting) { return setting.property == property; });
}

// Without a key or a way of publishing, the video can be judged all the same: both get a stand-in, which nobody but the
// dry run sees, and what is left unchecked is said.
std::vector<std::string> stand_in(Settings& settings) {
  std::vector<std::string> unchecked;
  kling::Service service;
  kling::add_credentials_of_environment(service);
  const bool has_key = !service.api_key.empty() || !service.access_key.empty();
  if (!has_key) settings.push_back({"api-key", "stand-in"});
  unchecked.emplace_back(has_key ? "the key was not tried: only a task shows whether the service takes it"
                                 : "the key was not tried: none is set (KLINGV2A_API_KEY)");
  unchecked.emplace_back(
      "the service was not asked: whether it can be reached, has credit left for this account and "
      "takes this video and these prompts");
  const bool given = has(settings, "publish") || has(settings, "video-url") || has(settings, "video-id");
  if (!given && !is_on_this_machine(settings)) {
    settings.push_back({"publish", "serve://127.0.0.1?public=https://unchecked.invalid"});
    settings.push_back({"publish-check", "false"});
    unchecked.emplace_back("how the service gets the video was not tried: --publish is not given");
  }
  return unchecked;
}

// `typed`: those of the settings that somebody has typed.
Findings find_out(const PipelineSpec& spec, const Settings& typed, Reporter& reporter) {
  Findings found{.on_this_machine = is_on_this_machine(spec.settings)};
  try {
    check_settings(typed);
    check_input(spec.in, "check");
    check_resources(spec.in);
    Session session(spec, reporter);
    const Interrupt interrupt([&] { session.cancel(); });
    found.outcome = session.run();
    if (session.dry_run()) found.dry_run.reset(gst_structure_copy(session.dry_run()));
    found.dry_runs = session.dry_runs();
    found.row = {.clips = session.clips(), .joins = {}, .prices = session.prices()};
    found.stats = session.stats();
    if (found.outcome.ok() && !found.dry_run)
      found.outcome.error = to_trouble(
          make_error(ErrorKind::input, Phase::check, "the video has ended without a clip that could be submitted"));
  } catch (const Error& error) {
    found.outcome.error = to_trouble(error);
  }
  return found;
}

JsonText as_json(const std::string& in, const Findings& found) {
  JsonText object;
  object.set("event", "result").set("klingv2a", KLINGV2A_VERSION).set("ok", found.outcome.ok());
  object.set("kind", found.outcome.ok() ? "ok" : found.outcome.error.kind).set("exit-code", found.exit_code());
  object.set("paid", "no").set("in", in);
  object.set("would-pay", found.would_pay()).set("tasks", found.tasks());
  object.set("estimate-usd", found.price()).set("clip-seconds", found.clip_seconds());
  object.set_known("origin", text_field(found.dry_run.get(), "origin"));
  object.set_known("summary", text_field(found.dry_run.get(), "summary"));
  if (JsonNodePtr request = parse_json(text_field(found.dry_run.get(), "request")))
    object.set("request", std::move(request));
  object.set("clips", clips_json(found.row, false)).set("prices", prices_json(found.row));
  object.set_known("conformed", found.conformed()).set("lost", found.outcome.lost);
  object.set("unchecked", found.unchecked);
  std::vector<JsonText> warnings;
  for (const Trouble& warning : found.outcome.warnings) warnings.push_back(to_json(warning));
  object.set("warnings", warnings);
  if (!found.outcome.ok()) object.set("error", to_json(found.outcome.error));
  return object;
}

std::string as_text(const std::string& in, const Findings& found) {
  if (!found.outcome.ok())
    return in + ": " + found.outcome.error.kind + ": " + found.outcome.error.text + "\n  cost:      nothing was paid";
  std::string text = in + ": can be dubbed\n  clip:      " + number_text(found.clip_seconds(), 2) + " s";
  text += "\n  tasks:     " + std::string(found.depends() ? "at most " : "");
  text += found.would_pay() ? std::to_string(found.tasks()) + ", about " + money_text(found.price()) : "none, nothing";
  text += found.would_pay() && found.on_this_machine ? " at a service on this machine" : "";
  text += "\n  " + text_field(found.dry_run.get(), "summary");
  text += plan_text(found.row) + prices_text(found.row);
  if (!found.conformed().empty()) text += "\n  conformed: " + found.conformed();
  for (const Trouble& warning : found.outcome.warnings) text += "\n  warning:   " + warning.text;
  for (const std::string& lost : found.outcome.lost) text += "\n  lost:      " + lost;
  for (const std::string& unchecked : found.unchecked) text += "\n  unchecked: " + unchecked;
  return text;
}

}  // namespace

int run_check(const CheckOptions& options, TextSink& output) {
  check_place({options.json.file, "--json", true}, {{options.in, "IN"}, {options.api_key_file, "--api-key-file"}});
  ReporterSet told(options.json, ReporterSet::Result::to_stdout, output);
  return told.finish(with_last_word(options.json.wanted, told.reporter(), [&] {
    refuse_url(options.in);
    check_suffix(options.out, value_of(options.settings, "mux"));
    take_api_key(options.api_key_file);
    begin_gstreamer();
    Settings settings = options.settings;
    add_settings_of_environment(settings);
    set_default(settings, "mux", mux_of(options.out));
    settings.push_back({"dry-run", "true"});
    auto unchecked = stand_in(settings);
    Findings found = find_out({.in = options.in, .out = {}, .settings = settings}, options.settings, told.reporter());
    found.unchecked = std::move(unchecked);
    told.reporter().result(as_json(options.in, found), as_text(options.in, found));
    return found.exit_code();
  }));
}

}  // namespace klingv2a::cli
