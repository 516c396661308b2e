// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pipeline_run.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace klingv2a::test {
namespace {

using Clock = std::chrono::steady_clock;
using MessagePtr = std::unique_ptr<GstMessage, Deleter<gst_message_unref>>;

constexpr Milliseconds kMostInOneGo{100};  // so that a wait sees its deadline and the bus in turn

std::string text_of(const GValue* value) {
  if (G_VALUE_HOLDS_STRING(value)) return g_value_get_string(value) ? g_value_get_string(value) : "";
  const GCharPtr text(gst_value_serialize(value));
  return text ? text.get() : "";
}

std::map<std::string, std::string> fields_of(const GstStructure* structure) {
  std::map<std::string, std::string> fields;
  for (int i = 0; structure && i < gst_structure_n_fields(structure); ++i) {
    const char* name = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    fields[name] = text_of(gst_structure_get_value(structure, name));
  }
  return fields;
}

std::string sha256_of(const GstMapInfo& map) {
  const GCharPtr sum(g_compute_checksum_for_data(G_CHECKSUM_SHA256, map.data, map.size));
  return sum.get();
}

}  // namespace

SeenError read_error(GstMessage* message) {
  GError* error = nullptr;
  char* debug = nullptr;
  const GstStructure* details = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, &debug);
    gst_message_parse_error_details(message, &details);
  } else {
    gst_message_parse_warning(message, &error, &debug);
    gst_message_parse_warning_details(message, &details);
  }
  const GErrorPtr owned_error(error);
  const GCharPtr owned_debug(debug);
  return {GST_MESSAGE_SRC_NAME(message),
          error->domain,
          error->code,
          error->message,
          debug ? debug : "",
          fields_of(details)};
}

SeenProgress read_progress(GstMessage* message) {
  SeenProgress seen;
  char* code = nullptr;
  char* text = nullptr;
  gst_message_parse_progress(message, &seen.type, &code, &text);
  const GCharPtr owned_code(code), owned_text(text);
  seen.source = GST_MESSAGE_SRC_NAME(message);
  seen.code = code;
  seen.text = text;
  gst_structure_get_int(gst_message_get_structure(message), "percent", &seen.percent);
  return seen;
}

SeenTask read_task(const GstStructure* structure) {
  auto fields = fields_of(structure);
  SeenTask seen{0, fields["task-id"], fields["external-task-id"], fields["task-status"], fields["task-status-msg"]};
  gst_structure_get_uint(structure, "clip", &seen.clip);
  return seen;
}

std::string SeenError::detail(const std::string& field) const {
  const auto found = details.find(field);
  return found == details.end() ? std::string() : found->second;
}

std::vector<SeenBuffer> PadLog::buffers() const {
  const std::lock_guard lock(mutex_);
  return buffers_;
}

std::vector<SeenBuffer> PadLog::buffers_since_flush() const {
  const std::lock_guard lock(mutex_);
  std::size_t first = 0;
  for (const auto& event : events_)
    if (event.type == GST_EVENT_FLUSH_STOP) first = event.buffers_before;
  return {buffers_.begin() + static_cast<std::ptrdiff_t>(first), buffers_.end()};
}

bool PadLog::wait_for_buffers(std::size_t count, Milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, [&] { return buffers_.size() >= count; });
}

bool PadLog::wait_for_event(GstEventType type, int count, Milliseconds deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline,
                           [&] { return std::ranges::count(events_, type, &SeenEvent::type) >= count; });
}

std::size_t PadLog::count() const {
  const std::lock_guard lock(mutex_);
  return buffers_.size();
}

std::vector<PadLog::SeenEvent> PadLog::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

int PadLog::count(GstEventType type) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count(events_, type, &SeenEvent::type));
}

int PadLog::upstream_count(GstEventType type) const {
  const std::lock_guard lock(mutex_);
  const auto found = upstream_.find(type);
  return found == upstream_.end() ? 0 : found->second;
}

std::string PadLog::caps() const {
  const std::lock_guard lock(mutex_);
  return caps_;
}

GstSegment PadLog::segment() const {
  const std::lock_guard lock(mutex_);
  return segment_;
}

void PadLog::clear() {
  const std::lock_guard lock(mutex_);
  buffers_.clear();
  events_.clear();
  upstream_.clear();
}

void PadLog::record(GstPad*, GstPadProbeInfo* info) {
  const std::lock_guard lock(mutex_);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) record_buffer(GST_PAD_PROBE_INFO_BUFFER(info));
  if (info->type & GST_PAD_PROBE_TYPE_EVENT_BOTH)
    record_event(GST_PAD_PROBE_INFO_EVENT(info), (info->type & GST_PAD_PROBE_TYPE_EVENT_UPSTREAM) != 0);
  changed_.notify_all();
}

// The buffer came through GStreamer's queues, whose GMutex is a futex that ThreadSanitizer cannot see.
__attribute__((no_sanitize("thread"))) void PadLog::record_buffer(GstBuffer* buffer) {
  SeenBuffer seen{gst_buffer_get_size(buffer),
                  {},
                  GST_BUFFER_PTS(buffer),
                  GST_BUFFER_DTS(buffer),
                  GST_BUFFER_DURATION(buffer),
                  GST_BUFFER_FLAGS(buffer) & ~guint{GST_BUFFER_FLAG_TAG_MEMORY},
                  G_MININT64,
                  {}};
  guint64 time = 0;
  if (GST_BUFFER_PTS_IS_VALID(buffer) && segment_.format == GST_FORMAT_TIME) {
    const int sign = gst_segment_to_running_time_full(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer), &time);
    seen.running_time = sign * static_cast<std::int64_t>(time);
  }
  GstMapInfo map;
  if (gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    seen.sha256 = sha256_of(map);
    if (keep_ == Keep::bytes) seen.bytes.assign(map.data, map.data + map.size);
    gst_buffer_unmap(buffer, &map);
  }
  buffers_.push_back(std::move(seen));
}

void PadLog::record_event(GstEvent* event, bool upstream) {
  const auto type = GST_EVENT_TYPE(event);
  if (upstream) {
    ++upstream_[type];
    return;
  }
  events_.push_back({type, buffers_.size(), gst_event_get_seqnum(event)});
  if (type == GST_EVENT_SEGMENT) gst_event_copy_segment(event, &segment_);
  if (type != GST_EVENT_CAPS) return;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const GCharPtr text(gst_caps_to_string(caps));
  caps_ = text.get();
}

const char* to_string(End end) {
  switch (end) {
    case End::eos:
      return "eos";
    case End::error:
      return "error";
    case End::deadline:
      return "deadline";
  }
  return "";
}

void PrintTo(End end, std::ostream* out) {
  *out << to_string(end);
}

PipelineRun::PipelineRun(const std::string& description) {
  GError* error = nullptr;
  GstElement* floating = gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  const GErrorPtr owned_error(error);
  if (error) throw std::runtime_error(description + ": " + error->message);
  pipeline_ = GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(floating)));
  bus_ = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
  // What is said while the pipeline stops is to be read, too.
  g_object_set(pipeline_.get(), "auto-flush-bus", FALSE, nullptr);
}

PipelineRun::~PipelineRun() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  gst_bus_set_flushing(bus_.get(), TRUE);
}

GObjectPtr<GstElement> PipelineRun::element(const std::string& name) const {
  auto found = GObjectPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name.c_str()));
  if (!found) throw std::runtime_error("no element " + name);
  return found;
}

void PipelineRun::set(const std::string& element_name, const std::string& property, const std::string& value) const {
  gst_util_set_object_arg(G_OBJECT(element(element_name).get()), property.c_str(), value.c_str());
}

PipelineRun::StatsPtr PipelineRun::stats(const std::string& element_name) const {
  GstStructure* raw = nullptr;
  g_object_get(element(element_name).get(), "stats", &raw, nullptr);
  return StatsPtr(raw);
}

std::string PipelineRun::stat_text(const std::string& element_name, const std::string& field) const {
  const StatsPtr stats = this->stats(element_name);
  const GValue* value = stats ? gst_structure_get_value(stats.get(), field.c_str()) : nullptr;
  return value ? text_of(value) : "";
}

double PipelineRun::stat(const std::string& element_name, const std::string& field) const {
  const StatsPtr stats = this->stats(element_name);
  const GValue* value = stats ? gst_structure_get_value(stats.get(), field.c_str()) : nullptr;
  GValue number = G_VALUE_INIT;
  g_value_init(&number, G_TYPE_DOUBLE);
  return value && g_value_transform(value, &number) ? g_value_get_double(&number) : 0;
}

void PipelineRun::attach(GstPad* pad, Watch& watch) {
  if (watch.pad != GST_PAD_NAME(pad)) return;
  const auto types = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_BOTH |
                                                  GST_PAD_PROBE_TYPE_EVENT_FLUSH);
  const auto probe = +[](GstPad* probed, GstPadProbeInfo* info, gpointer log) {
    static_cast<PadLog*>(log)->record(probed, info);
    return GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(pad, types, probe, &watch.log, nullptr);
}

PadLog& PipelineRun::watch(const std::string& element_name, const std::string& pad, PadLog::Keep keep) {
  Watch& watch = watches_.emplace_back(pad, keep);
  const auto owner = element(element_name);
  const auto on_added =
      +[](GstElement*, GstPad* added, gpointer to_watch) { attach(added, *static_cast<Watch*>(to_watch)); };
  g_signal_connect(owner.get(), "pad-added", G_CALLBACK(on_added), &watch);
  const auto there = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(owner.get(), pad.c_str()));
  if (there) attach(there.get(), watch);
  return watch.log;
}

GstStateChangeReturn PipelineRun::start(GstState state) {
  saw_eos_ = false;
  return gst_element_set_state(pipeline_.get(), state);
}

void PipelineRun::note(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      errors_.push_back(read_error(message));
      break;
    case GST_MESSAGE_WARNING:
      warnings_.push_back(read_error(message));
      break;
    case GST_MESSAGE_PROGRESS:
      progress_.push_back(read_progress(message));
      break;
    case GST_MESSAGE_EOS:
      saw_eos_ = true;
      break;
    case GST_MESSAGE_ELEMENT:
      if (gst_message_has_name(message, "klingv2a-task"))
        tasks_.push_back(read_task(gst_message_get_structure(message)));
      break;
    default:
      break;
  }
}

GstMessage* PipelineRun::pop(Clock::time_point until) {
  const auto left = std::clamp<Clock::duration>(until - Clock::now(), Clock::duration::zero(), kMostInOneGo);
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
  return gst_bus_timed_pop(bus_.get(), static_cast<GstClockTime>(ns));
}

bool PipelineRun::wait_for_message(const std::function<bool(GstMessage*)>& wanted, Milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  while (errors_.empty() && !saw_eos_) {
    const MessagePtr message(pop(until));
    if (!message && Clock::now() >= until) return false;
    if (!message) continue;
    note(message.get());
    if (wanted(message.get())) return true;
  }
  return false;
}

std::optional<SeenError> PipelineRun::wait_for_error_of(const std::string& element, Milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  for (;;) {
    const auto found = std::ranges::find(errors_, element, &SeenError::source);
    if (found != errors_.end()) return *found;
    const MessagePtr message(pop(until));
    if (message) note(message.get());
    if (!message && Clock::now() >= until) return std::nullopt;
  }
}

bool PipelineRun::wait_for_progress(const std::string& part_of_text, Milliseconds deadline) {
  return wait_for_message(
      [&](GstMessage* message) {
        return GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS &&
               progress_.back().text.find(part_of_text) != std::string::npos;
      },
      deadline);
}

bool PipelineRun::wait_for_state(GstState state, Milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  while (errors_.empty() && Clock::now() < until) {
    collect();
    GstState now = GST_STATE_NULL;
    const auto step = static_cast<GstClockTime>(std::chrono::nanoseconds(kMostInOneGo).count());
    if (gst_element_get_state(pipeline_.get(), &now, nullptr, step) == GST_STATE_CHANGE_SUCCESS && now == state)
      return true;
  }
  return false;
}

End PipelineRun::wait_for_end(Milliseconds deadline) {
  wait_for_message([](GstMessage*) { return false; }, deadline);
  collect();
  if (!errors_.empty()) return End::error;
  return saw_eos_ ? End::eos : End::deadline;
}

End PipelineRun::run(Milliseconds deadline) {
  start();
  return wait_for_end(deadline);
}

Milliseconds PipelineRun::stop() {
  const auto begin = Clock::now();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  const auto took = std::chrono::duration_cast<Milliseconds>(Clock::now() - begin);
  collect();
  return took;
}

void PipelineRun::collect() {
  while (const MessagePtr message{gst_bus_pop(bus_.get())}) note(message.get());
}

int PipelineRun::progress_count(GstProgressType type) const {
  return static_cast<int>(std::ranges::count(progress_, type, &SeenProgress::type));
}

std::vector<SeenError> PipelineRun::errors_of(const std::string& element) const {
  std::vector<SeenError> found;
  std::ranges::copy_if(errors_, std::back_inserter(found), [&](const auto& error) { return error.source == element; });
  return found;
}

std::string PipelineRun::first_error() const {
  return errors_.empty() ? "no error"
                         : errors_.front().source + ": " + errors_.front().text + " (" + errors_.front().debug + ")";
}

void PipelineRun::forget_messages() {
  collect();
  errors_.clear();
  warnings_.clear();
  progress_.clear();
  tasks_.clear();
  saw_eos_ = false;
}

void PipelineRun::forget_logs() {
  for (auto& watch : watches_) watch.log.clear();
}

std::string klingv2a_on(const sim::Service& service, const std::string& more) {
  return "klingv2a name=k api-key=sim-key base-url=" + service.base_url() + " " + more + " ";
}

sim::Options quick_service(Milliseconds task_time) {
  sim::Options options;
  options.task_time = task_time;
  return options;
}

int posts(const sim::Service& service) {
  return service.count("POST", "/");
}

}  // namespace klingv2a::test
