// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip_intake.h"

#include "clip_limits.h"
#include "field_pictures.h"
#include "log.h"
#include "proxy_probe.h"

namespace klingv2a {

namespace {

// They are the decoder's to find, so the packets cannot be muxed.
constexpr const char* kNoPts = "some of its frames have no PTS";

std::optional<Nanoseconds> start_of(const IntakeBuffer& part) {
  if (!part.time) return std::nullopt;
  return part.time->start;
}

}  // namespace

ClipIntake::ClipIntake(const RunSettings& settings, IntakeHost& host)
    : settings_(settings), host_(host), key_(settings) {}

std::shared_ptr<Transcoder> ClipIntake::transcoder() const {
  const MutexLocker lock(mutex_);
  return transcoder_;
}

bool ClipIntake::is_abandoned() const {
  const MutexLocker lock(mutex_);
  return abandoned_;
}

void ClipIntake::abandon() {
  std::shared_ptr<Transcoder> running;
  {
    const MutexLocker lock(mutex_);
    abandoned_ = true;
    running = std::move(transcoder_);
  }
  if (running) running->abandon();
}

void ClipIntake::release() {
  kept_ = {};
  abandon();
}

void ClipIntake::take(const IntakeBuffer& part) {
  if (settings_.by_reference() || is_abandoned()) return;
  if (!is_planned_) key_.add(part.caps.get(), part.buffer.get());
  if (caps_.get() != part.caps.get()) shown_caps_ = field_as_picture(part.caps);
  caps_ = part.caps;
  if (!std::exchange(begun_, true)) begin(shown_caps_);
  if (const auto running = transcoder())
    transcode(*running, part);
  else
    keep_for_remuxing(part);
}

// Of the two fields of a picture the first one is enough.
void ClipIntake::transcode(Transcoder& running, const IntakeBuffer& part) {
  if (part.time || !is_of_fields(part.caps.get())) (void)running.push(shown_caps_, part.buffer, start_of(part));
}

void ClipIntake::begin(const CapsPtr& caps) {
  if (settings_.conform == Conform::never) return;
  auto reasons = why_not_remuxed(caps.get());
  if (reasons.empty() && settings_.conform == Conform::always) reasons.emplace_back("conform=always");
  if (reasons.empty() && shown_) reasons.emplace_back("it does not begin at a key frame");
  if (!reasons.empty()) start_transcoding(caps, reasons);
}

void ClipIntake::keep_for_remuxing(const IntakeBuffer& part) {
  bytes_ += gst_buffer_get_size(part.held.get());
  kept_.push_back(part);
  kept_.back().buffer = part.held;  // the one that came need not stay in memory
  if (part.time && !GST_BUFFER_PTS_IS_VALID(part.buffer.get())) return conform_or_refuse(part.caps, kNoPts);
  if (bytes_ <= limits::kMaxBytes) return;
  if (settings_.conform == Conform::never) limits::check_bytes(bytes_);
  transcode_what_is_kept(part.caps, {"it has more than " + std::to_string(limits::kMaxBytes) + " bytes"});
}

void ClipIntake::conform_or_refuse(const CapsPtr& caps, const std::string& reason) {
  if (settings_.conform != Conform::never) return transcode_what_is_kept(caps, {reason});
  throw make_error(ErrorKind::input, Phase::hold, "the video cannot be remuxed for the service: " + reason,
                   "set conform=auto, so that it is shown a transcoded copy");
}

void ClipIntake::start_transcoding(const CapsPtr& caps, const std::vector<std::string>& reasons) {
  if (!can_decode(caps.get())) {
    host_.on_missing_decoder(caps);
    throw make_error(ErrorKind::settings, Phase::hold, "no decoder is installed for " + to_text(caps.get()),
                     "install the GStreamer plugin that has one, or name the video by video-url");
  }
  if (!can_encode()) host_.on_missing_encoder(proxy_coding());
  const auto started =
      std::make_shared<Transcoder>(caps, TranscodeSettings{orientation_, settings_.proxy_bitrate_kbit, shown_});
  bool abandoned = false;
  {
    const MutexLocker lock(mutex_);
    transcoder_ = started;
    abandoned = abandoned_;
  }
  if (abandoned) started->abandon();
  host_.on_conform(reasons, started->encoder());
}

void ClipIntake::transcode_what_is_kept(const CapsPtr& caps, const std::vector<std::string>& reasons) {
  const auto kept = std::exchange(kept_, {});
  start_transcoding(kept.empty() ? caps : kept.front().caps, reasons);
  const auto running = transcoder();
  for (const auto& part : kept)
    if (!running || !running->push(part.caps, part.buffer, start_of(part))) return;
}

void ClipIntake::end() {
  if (const auto running = transcoder()) running->end();
}

std::shared_ptr<const SpoolFile> ClipIntake::make_proxy(const std::vector<FrameTime>& frames,
                                                        const ClipTimeline& timeline, GCancellable* cancel) {
  limits::check_length(timeline.proxy_length(), timeline.frame);
  if (!transcoder() && !is_abandoned()) {
    try {
      return remux(frames, timeline, cancel);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input || settings_.conform == Conform::never) throw;
      GST_INFO("remuxed, the clip is no proxy: %s", error.what());
      transcode_what_is_kept(caps_, {error.what()});
      end();
    }
  }
  return finish_transcoding(timeline, cancel);
}

std::shared_ptr<const SpoolFile> ClipIntake::remux(const std::vector<FrameTime>& frames, const ClipTimeline& timeline,
                                                   GCancellable* cancel) {
  ClipFrames clip{{}, frames, caps_};
  for (const auto& part : kept_) clip.buffers.push_back(part.buffer);
  auto proxy = write_proxy(clip, timeline, orientation_, settings_.spool_dir, cancel);
  probe_proxy(*proxy, timeline, cancel);
  return proxy;
}

std::shared_ptr<const SpoolFile> ClipIntake::finish_transcoding(const ClipTimeline& timeline, GCancellable* cancel) {
  const auto running = transcoder();
  if (!running) throw make_error(ErrorKind::cancelled, Phase::proxy, "cancelled while the clip was transcoded");
  const auto clip = cover(running->finish(cancel), timeline);
  auto proxy = write_proxy(clip, timeline, {}, settings_.spool_dir, cancel);  // upright by now
  probe_proxy(*proxy, timeline, cancel);
  return proxy;
}

}  // namespace klingv2a
