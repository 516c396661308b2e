// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session.h"

#include <algorithm>

#include "bus_events.h"
#include "interrupt.h"

namespace klingv2a::cli {

namespace {

std::vector<StructurePtr> copies_of(const std::vector<StructurePtr>& structures) {
  std::vector<StructurePtr> copies;
  for (const auto& structure : structures) copies.emplace_back(gst_structure_copy(structure.get()));
  return copies;
}

}  // namespace

Session::Session(const PipelineSpec& spec, Reporter& reporter)
    : reporter_(reporter),
      pipeline_(spec),
      bus_(GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline_.get()))),
      loop_(g_main_loop_new(nullptr, FALSE)),
      tick_(g_timeout_add_seconds(1, on_tick, this)) {
  gst_bus_add_watch(bus_.get(), on_message, this);
}

Session::~Session() {
  g_source_remove(tick_);
  gst_bus_remove_watch(bus_.get());
}

Outcome Session::run() {
  // A refused setting fails at once; why is said in a message, like any other error.
  const bool started = gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
  if (started) g_main_loop_run(loop_.get());
  // READY makes the bin ready for another input, and forgets this one.
  report_ = pipeline_.report();
  stop();
  if (!started && outcome_.ok())
    outcome_.error = to_trouble(make_error(ErrorKind::settings, Phase::check, "the pipeline does not start"));
  return outcome_;
}

// READY ends what is under way. NULL would also empty the bus, with the warning that says what a task that was broken
// off has cost: so that is read in between.
void Session::stop() {
  gst_element_set_state(pipeline_.get(), GST_STATE_READY);
  while (GstMessage* message = gst_bus_pop(bus_.get())) {
    const MessagePtr owned = MessagePtr::adopt(message);
    take(message);
  }
}

void Session::cancel() {
  reporter_.info(kCancelling);
  if (outcome_.ok()) outcome_.error = to_trouble(make_error(ErrorKind::cancelled, Phase::check, "cancelled"));
  g_main_loop_quit(loop_.get());
}

gboolean Session::on_message(GstBus*, GstMessage* message, gpointer self) {
  static_cast<Session*>(self)->take(message);
  return G_SOURCE_CONTINUE;
}

gboolean Session::on_tick(gpointer self) {
  static_cast<Session*>(self)->reporter_.tick();
  return G_SOURCE_CONTINUE;
}

void Session::take(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_PROGRESS: {
      const ProgressSeen progress = read_progress(message);
      // How it has ended, the outcome tells.
      if (progress.is_broken_off) return;
      return reporter_.progress(progress);
    }
    case GST_MESSAGE_INFO:
      outcome_.infos.push_back(read_info(message));
      return reporter_.info(outcome_.infos.back());
    case GST_MESSAGE_WARNING:
      return note_warning(read_trouble(message));
    case GST_MESSAGE_ERROR:
      // The first one is the cause; what follows follows from it.
      if (outcome_.ok()) outcome_.error = read_trouble(message);
      return g_main_loop_quit(loop_.get());
    case GST_MESSAGE_EOS:
      return g_main_loop_quit(loop_.get());
    case GST_MESSAGE_ELEMENT:
      return take_element_message(gst_message_get_structure(message));
    default:
      return;
  }
}

void Session::take_element_message(const GstStructure* structure) {
  if (gst_structure_has_name(structure, "klingv2a-task")) note_task(read_task(structure));
  if (gst_structure_has_name(structure, "klingv2a-dry-run")) {
    dry_run_.reset(gst_structure_copy(structure));
    dry_runs_.emplace_back(gst_structure_copy(structure));
  }
  if (gst_structure_has_name(structure, "klingv2a-plan-price")) prices_.emplace_back(gst_structure_copy(structure));
  if (gst_structure_has_name(structure, "klingv2a-row")) reporter_.row(read_row(structure));
  if (gst_structure_has_name(structure, "klingv2a-join")) joins_.emplace_back(gst_structure_copy(structure));
  if (gst_structure_has_name(structure, "klingv2a-clip")) {
    guint clip = 0;
    gst_structure_get_uint(structure, "clip", &clip);
    clips_[clip].reset(gst_structure_copy(structure));
  }
  if (gst_structure_has_name(structure, "klingv2abin-lost")) outcome_.lost.push_back(text_field(structure, "what"));
}

std::vector<StructurePtr> Session::clips() const {
  std::vector<StructurePtr> copies;
  for (const auto& [number, clip] : clips_) copies.emplace_back(gst_structure_copy(clip.get()));
  return copies;
}

std::vector<StructurePtr> Session::joins() const {
  return copies_of(joins_);
}

std::vector<StructurePtr> Session::prices() const {
  return copies_of(prices_);
}

std::vector<StructurePtr> Session::dry_runs() const {
  return copies_of(dry_runs_);
}

void Session::note_task(const TaskSeen& task) {
  const auto known = std::ranges::find(outcome_.tasks, task.task_id, &TaskSeen::task_id);
  if (known == outcome_.tasks.end())
    outcome_.tasks.push_back(task);
  else
    *known = task;
  reporter_.task(task);
}

void Session::note_warning(Trouble trouble) {
  // What a cancelled run has left behind is part of its outcome.
  if (outcome_.error.kind == "cancelled" && trouble.paid != "no") {
    trouble.kind = "cancelled";
    outcome_.error = trouble;
    return;
  }
  reporter_.warning(trouble);
  outcome_.warnings.push_back(std::move(trouble));
}

}  // namespace klingv2a::cli
