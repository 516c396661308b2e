// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The element's life: properties, state changes, and what is forgotten when.
#include "element.h"

#include "log.h"
#include "messages.h"

namespace klingv2a {

namespace {

// Without these no clip can be published or no sound be played: known before any data comes.
constexpr const char* kNeededAlways[] = {"fdsrc", "decodebin", "audioconvert", "audioresample", "appsink", "wavparse"};
constexpr const char* kNeededToPublish[] = {"appsrc", "h264parse", "mp4mux", "fdsink", "qtdemux"};

bool is_installed(const char* factory) {
  const auto found = GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find(factory));
  return static_cast<bool>(found);
}

}  // namespace

Element::Element(GstElement* self, GstPad* sink, GstPad* video)
    : self_(self), sink_(sink), video_pad_(video), timed_sink_(sink) {
  video_.pad = video;
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

Element::~Element() = default;

SetResult Element::set_property(guint id, const GValue* value) {
  const MutexLocker lock(mutex_);
  Settings* const settings = &settings_;
  return set_unless(
      running_, value, [&](GValue* present) { return get_setting(*settings, id, present); },
      [&] { set_setting(*settings, id, value); });
}

bool Element::get_property(guint id, GValue* value) {
  const MutexLocker lock(mutex_);
  if (get_setting(settings_, id, value)) return true;
  if (id == task_id_property()) {
    g_value_set_string(value, last_task_id_.empty() ? nullptr : last_task_id_.c_str());
    return true;
  }
  if (id != stats_property()) return false;
  g_value_take_boxed(value, stats_structure().release());
  return true;
}

StructurePtr Element::stats_structure() const {
  const auto& s = stats_;
  return StructurePtr(gst_structure_new(
      "klingv2a-stats", "clips", G_TYPE_UINT, s.clips, "tasks", G_TYPE_UINT, s.tasks, "paid-tasks", G_TYPE_UINT,
      s.paid_tasks, "kept-sounds", G_TYPE_UINT, s.kept_sounds, "waits-for-another", G_TYPE_UINT, s.waits_for_another,
      "journal-failures", G_TYPE_UINT, s.journal_failures, "files-left", G_TYPE_UINT, s.files_left, "origin",
      G_TYPE_STRING, s.origin.c_str(), "polls", G_TYPE_UINT, s.polls, "callbacks", G_TYPE_UINT, s.callbacks,
      "callbacks-dropped", G_TYPE_UINT, s.callbacks_dropped, "callbacks-dropped-reason", G_TYPE_STRING,
      s.callbacks_dropped_reason.c_str(), "retries", G_TYPE_UINT, s.retries, "last-retry-reason", G_TYPE_STRING,
      s.last_retry_reason.c_str(), "warnings", G_TYPE_UINT, s.warnings, "last-error-kind", G_TYPE_STRING,
      s.last_error_kind.c_str(), "conformed", G_TYPE_STRING, s.conformed.c_str(), "encoder", G_TYPE_STRING,
      s.encoder.c_str(), "spooled-bytes", G_TYPE_UINT64, s.spooled_bytes, "sound-form", G_TYPE_STRING,
      s.sound_form.c_str(), "frames-in", G_TYPE_UINT64, s.frames_in, "frames-out", G_TYPE_UINT64, s.frames_out,
      "clip-length", G_TYPE_UINT64, s.clip_length, "lead-in", G_TYPE_UINT64, s.lead_in, "samples", G_TYPE_INT64,
      s.samples, "samples-padded", G_TYPE_INT64, s.samples_padded, "samples-trimmed", G_TYPE_INT64, s.samples_trimmed,
      "proxy-bytes", G_TYPE_UINT64, s.proxy_bytes, "proxy-hash", G_TYPE_STRING, s.proxy_hash.c_str(), "result-bytes",
      G_TYPE_UINT64, s.result_bytes, "result-hash", G_TYPE_STRING, s.result_hash.c_str(), "proxy-seconds",
      G_TYPE_DOUBLE, s.proxy_s, "publish-seconds", G_TYPE_DOUBLE, s.publish_s, "submit-seconds", G_TYPE_DOUBLE,
      s.submit_s, "wait-seconds", G_TYPE_DOUBLE, s.wait_s, "download-seconds", G_TYPE_DOUBLE, s.download_s,
      "decode-seconds", G_TYPE_DOUBLE, s.decode_s, nullptr));
}

// On a cycle thread, or that of a state change, where messages are posted too. Handlers may read them all, so not at
// each poll; the end of a job is always told.
void Element::tell_stats(When when) {
  constexpr std::chrono::milliseconds kGap{250};
  {
    const MutexLocker lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (when == When::soon && now - stats_told_ < kGap) return;
    stats_told_ = now;
  }
  g_object_notify(G_OBJECT(self_), "stats");
}

// Under the lock. A handler of publish-clip wins over the property publish; it is called on the cycle thread, which
// keeps the element alive.
RunSettings Element::settings_for(unsigned clip_number) const {
  RunSettings settings = for_clip(taken_, clip_number);
  if (!g_signal_has_handler_pending(self_, publish_clip_signal_, 0, FALSE)) return settings;
  settings.cycle.publish.publish_clip = [self = self_, signal = publish_clip_signal_](const std::string& file_path,
                                                                                      const std::string& content_type) {
    char* url = nullptr;
    g_signal_emit(self, signal, 0, file_path.c_str(), content_type.c_str(), &url);
    const GCharPtr owned(url);
    return std::string(url ? url : "");
  };
  return settings;
}

bool Element::check_settings() {
  RunSettings settings;
  {
    const MutexLocker lock(mutex_);
    taken_ = snapshot(settings_, 1);
    settings = settings_for(1);
  }
  return is_good(settings);
}

// Credentials, prompts, publish and the elements we need: wrong ones are known before any data. No network.
bool Element::is_good(const RunSettings& settings) {
  const auto require = [&](const char* factory) {
    if (is_installed(factory)) return;
    messages::post_missing_element(self_, factory);
    throw make_error(ErrorKind::settings, Phase::check,
                     std::string("the GStreamer element ") + factory + " is not installed",
                     "install the GStreamer plugin that has it");
  };
  try {
    check(settings);
    for (const char* factory : kNeededAlways) require(factory);
    if (!settings.by_reference())
      for (const char* factory : kNeededToPublish) require(factory);
    return true;
  } catch (const Error& error) {
    messages::post_error(self_, error.details());
    return false;
  }
}

// They may have been changed in READY.
bool Element::prepare() {
  {
    const MutexLocker lock(mutex_);
    running_ = true;
  }
  if (!check_settings()) {
    const MutexLocker lock(mutex_);
    return running_ = false;
  }
  if (begin_run()) g_object_notify(G_OBJECT(self_), "task-id");
  tell_stats(When::now);
  return true;
}

// Returns whether there was a task before.
bool Element::begin_run() {
  const MutexLocker lock(mutex_);
  flushing_ = stopping_ = failed_ = eos_ = false;
  failure_.reset();
  saw_frames_ = warned_latency_ = false;
  complete_ = said_no_more_pads_ = false;
  for (auto* output : {&video_, &audio_}) output->restart();
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  stats_ = {};
  return !std::exchange(last_task_id_, {}).empty();
}

void Element::note_paused(bool paused) {
  const MutexLocker lock(mutex_);
  paused_ = paused;
}

void Element::begin_stop() {
  std::vector<std::shared_ptr<Sound>> running;
  {
    const MutexLocker lock(mutex_);
    stopping_ = true;
    for (const auto& entry : threads_) running.push_back(entry.sound);
  }
  changed_.notify_all();
  for (const auto& sound : running) sound->run->cancel();
}

void Element::finish_stop() {
  std::vector<SoundThread> threads;
  {
    const MutexLocker lock(mutex_);
    threads = std::move(threads_);
    threads_.clear();
  }
  tell_untold_failure();
  timed_sink_.forget();
  for (auto& entry : threads) {
    if (!entry.thread->stop()) warn_of_task_left(entry.sound);
    finish_progress(entry.sound, GST_PROGRESS_TYPE_CANCELED, "stopped");
  }
  const MutexLocker lock(mutex_);
  for (const auto& companion : companions_) companion->reset();
  forget_held();
  unstarted_.reset();
  audio_begun_ = false;
  sounds_.clear();
  caps_ = audio_caps_ = {};
  audio_caps_sent_ = false;
  audio_stream_start_ = {};
  refused_.reset();
  orientation_.clear();
  stream_id_.clear();
  group_id_.reset();
  running_ = false;
}

void Element::forget_held() {
  filling_.reset();
  video_.row.clear();
  audio_.row.clear();
  spool_.reset();
  spooled_ = 0;
  video_left_ = played_until_ = kNever;
}

// Takes out the threads whose run has ended; the caller destroys them without the lock.
std::vector<Element::SoundThread> Element::take_ended_runs() {
  std::vector<SoundThread> ended;
  for (auto& entry : threads_)
    if (entry.sound->settled) ended.push_back(std::move(entry));
  std::erase_if(threads_, [](const auto& entry) { return !entry.sound; });
  return ended;
}

}  // namespace klingv2a
