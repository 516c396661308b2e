// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See sound_decoder.h.
#include "sound_decoder.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "clip_timeline.h"
#include "inner_pipeline.h"
#include "sample_collector.h"
#include "sound_timing.h"
#include "trusted_decoder.h"

namespace klingv2a {

namespace {

constexpr Seconds kDecodeDeadline{120};
// Containers round the times of buffers that follow one another; what is further off is a gap, or an overlap.
constexpr Nanoseconds kRounding = 10 * static_cast<Nanoseconds>(GST_MSECOND);
// Kept beyond what is wanted, because only at the end it is known where the timeline begins.
constexpr std::int64_t kSpareSeconds = 1;

// The first stream that decodes to raw audio.
void link_when_decoded(GstElement* decoder, GstElement* converter) {
  const auto link = +[](GstElement*, GstPad* pad, gpointer target) {
    const auto sink = PadPtr::adopt(gst_element_get_static_pad(GST_ELEMENT(target), "sink"));
    // Further sound tracks, if any, are not the one that was asked for.
    if (!gst_pad_is_linked(sink.get())) gst_pad_link(pad, sink.get());
  };
  g_signal_connect_object(decoder, "pad-added", G_CALLBACK(link), converter, static_cast<GConnectFlags>(0));
}

void build_decoder(InnerPipeline& pipeline, int fd, std::uint64_t offset, const GstCaps* caps, GstClockTime clip,
                   GstElement* sink) {
  GstElement* source = pipeline.add("fdsrc");
  GstElement* decoder = pipeline.add("decodebin");
  trust_only(decoder, Trusted::sounds);
  refuse_absurd_sounds(decoder, kRatesOfResults);
  refuse_longer_sounds(decoder, most_of_a_sound(clip));
  GstElement* converter = pipeline.add("audioconvert");
  GstElement* resampler = pipeline.add("audioresample");
  GstElement* filter = pipeline.add("capsfilter");
  lseek(fd, static_cast<off_t>(offset), SEEK_SET);  // fdsrc starts where the descriptor stands
  g_object_set(source, "fd", fd, nullptr);
  const auto raw = CapsPtr::adopt(gst_caps_from_string("audio/x-raw(ANY)"));
  g_object_set(decoder, "caps", raw.get(), "expose-all-streams", FALSE, nullptr);
  g_object_set(filter, "caps", caps, nullptr);
  pipeline.link({source, decoder});
  pipeline.link({converter, resampler, filter, sink});
  link_when_decoded(decoder, converter);
}

GstStructure* current_structure(const CapsPtr& caps) {
  return caps && gst_caps_get_size(caps.get()) > 0 ? gst_caps_get_structure(caps.get(), 0) : nullptr;
}

template <typename Sample>
bool are_numbers(const GstMapInfo& map) {
  constexpr Sample kLoudest = 1000;  // 60 dB above full scale
  for (gsize at = 0; at + sizeof(Sample) <= map.size; at += sizeof(Sample)) {
    Sample sample = 0;
    std::memcpy(&sample, map.data + at, sizeof sample);
    if (!(std::abs(sample) <= kLoudest)) return false;  // false for NaN, too
  }
  return true;
}

// NaN and Inf would spoil all that is mixed with them. Integers are always numbers.
void check_samples(const GstAudioInfo& info, const BufferPtr& buffer) {
  const auto format = GST_AUDIO_INFO_FORMAT(&info);
  if (format != GST_AUDIO_FORMAT_F32 && format != GST_AUDIO_FORMAT_F64) return;
  GstMapInfo map;
  if (!gst_buffer_map(buffer.get(), &map, GST_MAP_READ)) return;
  const bool good = format == GST_AUDIO_FORMAT_F32 ? are_numbers<float>(map) : are_numbers<double>(map);
  gst_buffer_unmap(buffer.get(), &map);
  if (!good) throw make_error(ErrorKind::result, Phase::decode, "the result holds samples that are no sound");
}

bool is_demuxer(GstElement* element) {
  GstElementFactory* factory = gst_element_get_factory(element);
  return factory && gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DEMUXER);
}

GstClockTime duration_of(std::int64_t samples, int rate) {
  return gst_util_uint64_scale_round(static_cast<guint64>(samples), GST_SECOND, static_cast<guint64>(rate));
}

}  // namespace

// Watches the inner pipeline: tells each decoder which part of its sound is the sound proper, as a demuxer tells it
// that of an edit list, by the segment; and sees where the picture begins, if there is one. The callbacks run on
// streaming threads.
class DecodedSound::Timing {
 public:
  explicit Timing(const SpoolFile& sound) : told_(read_sound_timing(sound)) {}

  void watch(const InnerPipeline& pipeline) {
    g_signal_connect(pipeline.bin(), "deep-element-added", G_CALLBACK(on_element), this);
  }
  [[nodiscard]] std::uint64_t data_offset() const { return told_.data_offset; }
  [[nodiscard]] GstClockTime zero() const { return picture_begin_; }
  [[nodiscard]] bool start_is_known() const { return start_is_known_; }

 private:
  static void on_element(GstBin*, GstBin*, GstElement* element, gpointer self) {
    if (is_demuxer(element)) g_signal_connect(element, "pad-added", G_CALLBACK(on_stream), self);
    if (!GST_IS_AUDIO_DECODER(element)) return;
    const auto sink = PadPtr::adopt(gst_element_get_static_pad(element, "sink"));
    gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_decoder_event, self, nullptr);
  }

  static void on_stream(GstElement*, GstPad* pad, gpointer self) {
    const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
    const GstStructure* structure = current_structure(caps);
    if (structure && g_str_has_prefix(gst_structure_get_name(structure), "video/"))
      gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, self, nullptr);
  }

  static GstPadProbeReturn on_picture(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
    const auto event = EventPtr::adopt(gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0));
    const GstBuffer* buffer = gst_pad_probe_info_get_buffer(info);
    if (!event || !GST_BUFFER_PTS_IS_VALID(buffer)) return GST_PAD_PROBE_OK;
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    guint64 time = 0;
    const bool shown = gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer), &time) > 0;
    static_cast<Timing*>(self)->picture_begin_ = shown && GST_CLOCK_TIME_IS_VALID(time) ? time : 0;
    return GST_PAD_PROBE_REMOVE;
  }

  static GstPadProbeReturn on_decoder_event(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
    GstEvent* event = gst_pad_probe_info_get_event(info);
    if (GST_EVENT_TYPE(event) != GST_EVENT_SEGMENT) return GST_PAD_PROBE_OK;
    GstSegment segment;
    gst_event_copy_segment(event, &segment);
    if (segment.format != GST_FORMAT_TIME) return GST_PAD_PROBE_OK;
    const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
    static_cast<Timing*>(self)->show_the_sound_alone(segment, current_structure(caps));
    GstEvent* changed = gst_event_new_segment(&segment);
    gst_event_set_seqnum(changed, gst_event_get_seqnum(event));
    GST_PAD_PROBE_INFO_DATA(info) = changed;
    gst_event_unref(event);
    return GST_PAD_PROBE_OK;
  }

  // A demuxer that hides something from the start has read it in the container, which wins. Decoders round down how
  // many samples they cut, so that an edge between two nanoseconds would leave one too many: hence the microsecond.
  void show_the_sound_alone(GstSegment& segment, const GstStructure* format) {
    int rate = 0;
    const bool has_rate = format && gst_structure_get_int(format, "rate", &rate) && rate > 0;
    if (segment.start == 0 && told_.proper && has_rate) {
      segment.start = segment.position = duration_of(told_.proper->first, rate);
      if (told_.proper->count >= 0) segment.stop = segment.start + duration_of(told_.proper->count, rate);
    } else if (segment.start == 0) {
      start_is_known_ = !format || !gst_structure_has_name(format, "audio/mpeg");
    }
    if (segment.start > 0) segment.start = segment.position = segment.start + GST_USECOND;
    if (GST_CLOCK_TIME_IS_VALID(segment.stop) && segment.stop > segment.start + GST_USECOND)
      segment.stop -= GST_USECOND;
  }

  const SoundTiming told_;
  std::atomic<GstClockTime> picture_begin_ = 0;
  std::atomic<bool> start_is_known_ = true;
};

DecodedSound::DecodedSound(const SpoolFile& sound, const CapsPtr& caps, std::int64_t wanted, GCancellable* cancel) {
  gst_audio_info_from_caps(&info_, caps.get());
  const std::int64_t kept = wanted + kSpareSeconds * GST_AUDIO_INFO_RATE(&info_);
  // The pipeline is declared last, so that no streaming thread outlives what it fills.
  Timing timing(sound);
  SampleCollector collector(static_cast<std::uint64_t>(kept * GST_AUDIO_INFO_BPF(&info_)));
  InnerPipeline pipeline(Phase::decode, ErrorKind::result);
  timing.watch(pipeline);
  GstElement* sink = pipeline.add("appsink");
  collector.attach(sink);
  build_decoder(pipeline, sound.fd(), timing.data_offset(), caps.get(),
                duration_of(wanted, GST_AUDIO_INFO_RATE(&info_)), sink);
  pipeline.run_until_eos(cancel, kDecodeDeadline);
  if (collector.total_bytes() == 0) throw make_error(ErrorKind::result, Phase::decode, "the result holds no sound");
  start_is_known_ = timing.start_is_known();
  auto buffers = collector.take();
  for (const auto& buffer : buffers) check_samples(info_, buffer);
  lay_out(std::move(buffers), collector.running_times(), timing.zero());
  std::int64_t laid_out = 0;
  for (const auto& piece : pieces_) laid_out += length_of(piece.buffer);
  end_ += static_cast<std::int64_t>(collector.total_bytes()) / GST_AUDIO_INFO_BPF(&info_) - laid_out;
}

std::int64_t DecodedSound::length_of(const BufferPtr& buffer) const {
  return static_cast<std::int64_t>(gst_buffer_get_size(buffer.get())) / GST_AUDIO_INFO_BPF(&info_);
}

// One after the other, but for gaps.
void DecodedSound::lay_out(std::vector<BufferPtr> buffers, const std::vector<GstClockTime>& times, GstClockTime zero) {
  const int rate = GST_AUDIO_INFO_RATE(&info_);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (GST_CLOCK_TIME_IS_VALID(times[i])) {
      const auto position = to_samples(static_cast<Nanoseconds>(times[i]) - static_cast<Nanoseconds>(zero), rate);
      if (i == 0 || std::abs(position - end_) > to_samples(kRounding, rate)) end_ = position;
    }
    const std::int64_t position = end_;
    end_ += length_of(buffers[i]);
    pieces_.push_back({position, std::move(buffers[i])});
  }
}

void DecodedSound::copy_to(std::int64_t first, std::int64_t count, guint8* target) const {
  const std::int64_t bytes_per_sample = GST_AUDIO_INFO_BPF(&info_);
  for (const auto& [begin, buffer] : pieces_) {
    const std::int64_t position = begin - first;
    const auto from = std::clamp<std::int64_t>(position, 0, count);
    const auto to = std::clamp<std::int64_t>(position + length_of(buffer), 0, count);
    if (to > from)
      gst_buffer_extract(buffer.get(), static_cast<gsize>((from - position) * bytes_per_sample),
                         target + from * bytes_per_sample, static_cast<gsize>((to - from) * bytes_per_sample));
  }
}

}  // namespace klingv2a
