// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element_rig.h"

#include <stdexcept>

namespace klingv2a::test {
namespace {

GObjectPtr<GstElement> make_element(const std::string& description) {
  GError* error = nullptr;
  GstElement* floating = gst_parse_launch(description.c_str(), &error);
  const GErrorPtr owned_error(error);
  if (error) throw std::runtime_error(description + ": " + error->message);
  return GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(floating)));
}

const char* name_of(GstProgressType type) {
  switch (type) {
    case GST_PROGRESS_TYPE_START:
      return "start";
    case GST_PROGRESS_TYPE_CONTINUE:
      return "continue";
    case GST_PROGRESS_TYPE_COMPLETE:
      return "complete";
    case GST_PROGRESS_TYPE_CANCELED:
      return "canceled";
    case GST_PROGRESS_TYPE_ERROR:
      return "error";
  }
  return "?";
}

}  // namespace

GstBuffer* new_frame(GstClockTime pts, GstClockTime duration, gsize size) {
  constexpr gsize kLengthSize = 4;
  constexpr guint8 kSlice = 0x41;
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, size, nullptr);
  gst_buffer_memset(buffer, 0, static_cast<guint8>(pts / kFrame), size);
  if (size > kLengthSize) {
    const guint32 length = GUINT32_TO_BE(static_cast<guint32>(size - kLengthSize));
    gst_buffer_fill(buffer, 0, &length, kLengthSize);
    gst_buffer_fill(buffer, kLengthSize, &kSlice, 1);
  }
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = duration;
  return buffer;
}

ElementRig::ElementRig(const std::string& base_url, const Options& options)
    : options_(options),
      element_(make_element("klingv2a name=k api-key=sim-key base-url=" + base_url + " " + options.properties)),
      bus_(GObjectPtr<GstBus>::adopt(gst_bus_new())) {
  const auto collect = +[](GstBus*, GstMessage* message, gpointer self) {
    static_cast<ElementRig*>(self)->note(message);
    return GST_BUS_DROP;
  };
  gst_bus_set_sync_handler(bus_.get(), collect, this, nullptr);
  gst_element_set_bus(element_.get(), bus_.get());
  connect_signals();
  video_.reset(gst_harness_new_with_element(element_.get(), "sink", options.link_video ? "video" : nullptr));
  gst_harness_set_live(video_.get(), options.live);
  if (options.link_video) watch(video_->sinkpad, video_log_);
}

ElementRig::~ElementRig() {
  gst_element_set_state(element_.get(), GST_STATE_NULL);
  g_signal_handlers_disconnect_by_data(element_.get(), this);
  sound_.reset();
  video_.reset();
  gst_element_set_bus(element_.get(), nullptr);
  gst_bus_set_sync_handler(bus_.get(), nullptr, nullptr, nullptr);
}

void ElementRig::connect_signals() {
  const auto added = +[](GstElement*, GstPad* pad, gpointer data) {
    auto* self = static_cast<ElementRig*>(data);
    self->changed([&] { self->signals_.push_back(std::string("pad-added ") + GST_PAD_NAME(pad)); });
    if (self->options_.audio_caps && std::string(GST_PAD_NAME(pad)) == "audio") self->link_audio(pad);
  };
  const auto removed = +[](GstElement*, GstPad* pad, gpointer data) {
    auto* self = static_cast<ElementRig*>(data);
    self->changed([&] { self->signals_.push_back(std::string("pad-removed ") + GST_PAD_NAME(pad)); });
  };
  const auto no_more = +[](GstElement*, gpointer data) {
    auto* self = static_cast<ElementRig*>(data);
    self->changed([&] { self->signals_.emplace_back("no-more-pads"); });
  };
  g_signal_connect(element_.get(), "pad-added", G_CALLBACK(added), this);
  g_signal_connect(element_.get(), "pad-removed", G_CALLBACK(removed), this);
  g_signal_connect(element_.get(), "no-more-pads", G_CALLBACK(no_more), this);
}

// On the thread that pushed CAPS, which is the test's own. A second run brings a second pad.
void ElementRig::link_audio(GstPad* pad) {
  sound_.reset(gst_harness_new_with_element(element_.get(), nullptr, nullptr));
  gst_harness_set_live(sound_.get(), FALSE);
  gst_harness_set_sink_caps_str(sound_.get(), options_.audio_caps);
  gst_harness_add_element_src_pad(sound_.get(), pad);
  watch(sound_->sinkpad, sound_log_);
}

void ElementRig::watch(GstPad* pad, PadLog& log) {
  struct Probe {
    ElementRig& rig;
    PadLog& log;
  };
  const auto types = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_BOTH |
                                                  GST_PAD_PROBE_TYPE_EVENT_FLUSH);
  const auto record = +[](GstPad* probed, GstPadProbeInfo* info, gpointer data) {
    const auto* probe = static_cast<Probe*>(data);
    probe->log.record(probed, info);
    probe->rig.changed();
    return GST_PAD_PROBE_OK;
  };
  const auto forget = +[](gpointer data) { const std::unique_ptr<Probe> probe(static_cast<Probe*>(data)); };
  gst_pad_add_probe(pad, types, record, std::make_unique<Probe>(Probe{*this, log}).release(), forget);
}

void ElementRig::changed(const std::function<void()>& change) {
  {
    const std::lock_guard lock(mutex_);
    ++changes_;
    if (change) change();
  }
  changed_.notify_all();
}

// Takes the message over: who drops one from the bus owns it.
void ElementRig::note(GstMessage* message) {
  changed([&] { messages_.emplace_back(message); });
}

std::vector<std::string> ElementRig::signals() const {
  const std::lock_guard lock(mutex_);
  return signals_;
}

bool ElementRig::push_event(GstEvent* event) const {
  return gst_harness_push_event(video_.get(), event);
}

bool ElementRig::stream_start(const std::string& id, guint group) const {
  GstEvent* event = gst_event_new_stream_start(id.c_str());
  gst_event_set_group_id(event, group);
  return push_event(event);
}

bool ElementRig::caps(const std::string& text) const {
  GstCaps* caps = gst_caps_from_string(text.c_str());
  const bool taken = push_event(gst_event_new_caps(caps));
  gst_caps_unref(caps);
  return taken;
}

bool ElementRig::segment(GstClockTime start, GstClockTime stop) const {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = segment.position = start;
  segment.stop = stop;
  return push_event(gst_event_new_segment(&segment));
}

GstFlowReturn ElementRig::push(GstBuffer* buffer) const {
  return gst_harness_push(video_.get(), buffer);
}

GstFlowReturn ElementRig::push_frame(GstClockTime pts, GstClockTime duration) const {
  return push(new_frame(pts, duration));
}

GstFlowReturn ElementRig::push_frames(int count, int first) const {
  GstFlowReturn flow = GST_FLOW_OK;
  for (int frame = first; frame < first + count && flow == GST_FLOW_OK; ++frame)
    flow = push_frame(gst_util_uint64_scale_int(static_cast<guint64>(frame), GST_SECOND, 30));
  return flow;
}

void ElementRig::push_clip(int frames) const {
  begin();
  push_frames(frames);
  end();
}

void ElementRig::answer_upstream(Answer answer) const {
  const auto handle = +[](GstPad*, GstPadProbeInfo* info, gpointer data) {
    const auto done = (*static_cast<Answer*>(data))(GST_PAD_PROBE_INFO_QUERY(info));
    if (!done) return GST_PAD_PROBE_OK;
    return *done ? GST_PAD_PROBE_HANDLED : GST_PAD_PROBE_DROP;
  };
  const auto forget = +[](gpointer data) { const std::unique_ptr<Answer> gone(static_cast<Answer*>(data)); };
  gst_pad_add_probe(video_->srcpad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, handle,
                    std::make_unique<Answer>(std::move(answer)).release(), forget);
}

void ElementRig::answer_buffers(GstPad* pad, GstFlowReturn flow) {
  const auto answer = +[](GstPad*, GstPadProbeInfo* info, gpointer data) {
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = nullptr;
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = static_cast<GstFlowReturn>(GPOINTER_TO_INT(data));
    return GST_PAD_PROBE_HANDLED;
  };
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, answer, GINT_TO_POINTER(flow), nullptr);
}

std::vector<GstMessage*> ElementRig::messages(GstMessageType type) const {
  const std::lock_guard lock(mutex_);
  std::vector<GstMessage*> found;
  for (const auto& message : messages_)
    if (GST_MESSAGE_TYPE(message.get()) & type) found.push_back(message.get());
  return found;  // they live as long as the rig
}

std::vector<SeenError> ElementRig::errors() const {
  std::vector<SeenError> seen;
  for (auto* message : messages(GST_MESSAGE_ERROR)) seen.push_back(read_error(message));
  return seen;
}

std::vector<SeenError> ElementRig::warnings() const {
  std::vector<SeenError> seen;
  for (auto* message : messages(GST_MESSAGE_WARNING)) seen.push_back(read_error(message));
  return seen;
}

std::vector<SeenProgress> ElementRig::progress() const {
  std::vector<SeenProgress> seen;
  for (auto* message : messages(GST_MESSAGE_PROGRESS)) seen.push_back(read_progress(message));
  return seen;
}

std::vector<SeenTask> ElementRig::tasks() const {
  std::vector<SeenTask> seen;
  for (auto* message : messages(GST_MESSAGE_ELEMENT))
    if (gst_message_has_name(message, "klingv2a-task")) seen.push_back(read_task(gst_message_get_structure(message)));
  return seen;
}

std::vector<std::string> ElementRig::message_texts() const {
  std::vector<std::string> texts;
  for (auto* message : messages(GST_MESSAGE_ANY)) {
    const GstStructure* structure = gst_message_get_structure(message);
    const GCharPtr text(structure ? gst_structure_to_string(structure) : nullptr);
    if (text) texts.emplace_back(text.get());
    if (GST_MESSAGE_TYPE(message) & (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)) {
      const auto error = read_error(message);
      texts.push_back(error.text + error.debug);
      for (const auto& [field, value] : error.details) texts.push_back(value);
    }
  }
  return texts;
}

std::vector<std::string> ElementRig::message_order() const {
  std::vector<std::string> order;
  for (auto* message :
       messages(static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_PROGRESS))) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS)
      order.push_back(std::string("PROGRESS ") + name_of(read_progress(message).type));
    else
      order.emplace_back(GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR ? "ERROR" : "WARNING");
  }
  return order;
}

bool ElementRig::wait_until(const std::function<bool()>& condition, Milliseconds deadline) const {
  const auto until = std::chrono::steady_clock::now() + deadline;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto seen = changes_;
    lock.unlock();
    if (condition()) return true;
    lock.lock();
    if (!changed_.wait_until(lock, until, [&] { return changes_ != seen; })) break;
  }
  lock.unlock();
  return condition();
}

bool ElementRig::has_open_job() const {
  int open = 0;
  for (const auto& message : progress()) {
    if (message.type == GST_PROGRESS_TYPE_START)
      ++open;
    else if (message.type != GST_PROGRESS_TYPE_CONTINUE)
      --open;
  }
  return open > 0;
}

bool ElementRig::wait_for_end() {
  return wait_until([this] {
    return (!options_.link_video || video_log_.ended()) && (!options_.audio_caps || sound_log_.ended()) &&
           !has_open_job();
  });
}

bool ElementRig::wait_for_error() const {
  return wait_until([this] { return !messages(GST_MESSAGE_ERROR).empty(); });
}

}  // namespace klingv2a::test
