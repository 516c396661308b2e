// SPDX-License-Identifier: LGPL-2.1-or-later
#include "soundtrack.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "error.h"
#include "sound_decoder.h"

namespace klingv2a {

namespace {

constexpr int kPreferredRate = 48000;
constexpr int kPreferredChannels = 2;

CapsPtr with_layout(const GstCaps* caps, const char* layout) {
  auto changed = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(changed.get(), "layout", G_TYPE_STRING, layout, nullptr);
  return changed;
}

GBytesPtr silent_bytes(const GstAudioInfo& info, std::int64_t samples) {
  const auto size = static_cast<gsize>(samples) * static_cast<gsize>(GST_AUDIO_INFO_BPF(&info));
  auto* data = static_cast<guint8*>(g_malloc(std::max<gsize>(size, 1)));
  gst_audio_format_info_fill_silence(info.finfo, data, size);
  return GBytesPtr(g_bytes_new_take(data, size));
}

// The peer's order of structures says nothing about rates: what is nearest to 48 kHz stereo is looked for in all of
// them.
CapsPtr preferred_part(const CapsPtr& possible) {
  for (const char* wish : {"audio/x-raw, format=" GST_AUDIO_NE(S16) ", rate=48000, channels=2, layout=interleaved",
                           "audio/x-raw, rate=48000, channels=2", "audio/x-raw, rate=48000"}) {
    const auto wanted = CapsPtr::adopt(gst_caps_from_string(wish));
    auto part = CapsPtr::adopt(gst_caps_intersect_full(possible.get(), wanted.get(), GST_CAPS_INTERSECT_FIRST));
    if (!gst_caps_is_empty(part.get())) return part;
  }
  return possible;
}

std::shared_ptr<Soundtrack> fit(const DecodedSound& sound, const GstAudioInfo& info, const CapsPtr& caps,
                                const SoundWindow& window) {
  const int rate = GST_AUDIO_INFO_RATE(&info);
  const auto first = to_samples(window.pre_roll, rate);
  const auto count = to_samples(window.length, rate);
  auto pcm = silent_bytes(info, count);
  gsize size = 0;
  auto* target = static_cast<guint8*>(g_bytes_unref_to_data(pcm.release(), &size));
  sound.copy_to(first, count, target);
  auto soundtrack = std::make_shared<Soundtrack>(caps, GBytesPtr(g_bytes_new_take(target, size)), count);
  soundtrack->padded = std::clamp<std::int64_t>(first + count - sound.end(), 0, count);
  soundtrack->decoded_samples = sound.end();
  soundtrack->trimmed = std::max<std::int64_t>(sound.end() - first - count, 0);
  soundtrack->start_is_known = sound.start_is_known();
  return soundtrack;
}

}  // namespace

Soundtrack::Soundtrack(CapsPtr caps, GBytesPtr pcm, std::int64_t samples)
    : caps_(std::move(caps)), pcm_(std::move(pcm)), samples_(samples) {
  gst_audio_info_from_caps(&info_, caps_.get());
}

BufferPtr Soundtrack::slice(std::int64_t first, std::int64_t count) const {
  auto buffer = interleaved(first, count);
  if (GST_AUDIO_INFO_LAYOUT(&info_) == GST_AUDIO_LAYOUT_NON_INTERLEAVED) return planar(buffer);
  return buffer;
}

BufferPtr Soundtrack::interleaved(std::int64_t first, std::int64_t count) const {
  const std::int64_t bytes_per_sample = GST_AUDIO_INFO_BPF(&info_);
  if (pcm_ && first >= 0 && first + count <= samples_) {
    GBytesPtr part(g_bytes_new_from_bytes(pcm_.get(), static_cast<gsize>(first * bytes_per_sample),
                                          static_cast<gsize>(count * bytes_per_sample)));
    return BufferPtr::adopt(gst_buffer_new_wrapped_bytes(part.get()));
  }
  gsize size = 0;
  auto* data = static_cast<guint8*>(g_bytes_unref_to_data(silent_bytes(info_, count).release(), &size));
  const auto from = std::clamp<std::int64_t>(first, 0, samples_);
  const auto to = std::clamp<std::int64_t>(first + count, 0, samples_);
  if (pcm_ && to > from) {
    const auto* pcm = static_cast<const guint8*>(g_bytes_get_data(pcm_.get(), nullptr));
    std::memcpy(data + (from - first) * bytes_per_sample, pcm + from * bytes_per_sample,
                static_cast<std::size_t>((to - from) * bytes_per_sample));
  }
  return BufferPtr::adopt(gst_buffer_new_wrapped(data, size));
}

BufferPtr Soundtrack::planar(const BufferPtr& interleaved) const {
  const auto channels = static_cast<gsize>(GST_AUDIO_INFO_CHANNELS(&info_));
  const auto width = static_cast<gsize>(GST_AUDIO_INFO_BPS(&info_));
  const gsize size = gst_buffer_get_size(interleaved.get());
  const gsize samples = size / (channels * width);
  std::vector<guint8> source(size);
  gst_buffer_extract(interleaved.get(), 0, source.data(), size);
  auto* target = static_cast<guint8*>(g_malloc(std::max<gsize>(size, 1)));
  for (gsize channel = 0; channel < channels; ++channel)
    for (gsize sample = 0; sample < samples; ++sample)
      std::memcpy(target + (channel * samples + sample) * width, source.data() + (sample * channels + channel) * width,
                  width);
  auto buffer = BufferPtr::adopt(gst_buffer_new_wrapped(target, size));
  gst_buffer_add_audio_meta(buffer.get(), &info_, samples, nullptr);
  return buffer;
}

CapsPtr choose_audio_caps(GstCaps* peer) {
  const auto raw = CapsPtr::adopt(gst_caps_from_string(
      GST_AUDIO_CAPS_MAKE(GST_AUDIO_FORMATS_ALL) ", layout=(string){interleaved,non-interleaved}"));
  auto possible = CapsPtr::adopt(peer ? gst_caps_intersect_full(peer, raw.get(), GST_CAPS_INTERSECT_FIRST)
                                      : gst_caps_ref(raw.get()));
  if (gst_caps_is_empty(possible.get())) return {};
  possible = CapsPtr::adopt(gst_caps_make_writable(gst_caps_truncate(preferred_part(possible).to_c())));
  GstStructure* structure = gst_caps_get_structure(possible.get(), 0);
  gst_structure_fixate_field_nearest_int(structure, "rate", kPreferredRate);
  gst_structure_fixate_field_nearest_int(structure, "channels", kPreferredChannels);
  gst_structure_fixate_field_string(structure, "format", GST_AUDIO_NE(S16));
  gst_structure_fixate_field_string(structure, "layout", "interleaved");
  int channels = 0;
  gst_structure_get_int(structure, "channels", &channels);
  if (channels > 2 && !gst_structure_has_field(structure, "channel-mask"))
    gst_structure_set(structure, "channel-mask", GST_TYPE_BITMASK, gst_audio_channel_get_fallback_mask(channels),
                      nullptr);
  return CapsPtr::adopt(gst_caps_fixate(possible.to_c()));
}

std::shared_ptr<const Soundtrack> decode_soundtrack(const SpoolFile& sound, const CapsPtr& caps,
                                                    const SoundWindow& window, GCancellable* cancel) {
  const auto decoded_caps = with_layout(caps.get(), "interleaved");
  GstAudioInfo info;
  gst_audio_info_from_caps(&info, decoded_caps.get());
  const auto wanted = to_samples(window.pre_roll + window.length, GST_AUDIO_INFO_RATE(&info)) + 1;
  return fit(DecodedSound(sound, decoded_caps, wanted, cancel), info, caps, window);
}

std::shared_ptr<const Soundtrack> make_soundtrack(const CapsPtr& caps, std::span<const float> samples) {
  GstAudioInfo to;
  gst_audio_info_from_caps(&to, with_layout(caps.get(), "interleaved").get());
  GstAudioInfo from = to;
  gst_audio_info_set_format(&from, GST_AUDIO_FORMAT_F32, GST_AUDIO_INFO_RATE(&to), GST_AUDIO_INFO_CHANNELS(&to),
                            to.position);
  const std::unique_ptr<GstAudioConverter, Deleter<gst_audio_converter_free>> converter(
      gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &from, &to,
                              gst_structure_new("settings", GST_AUDIO_CONVERTER_OPT_DITHER_METHOD,
                                                GST_TYPE_AUDIO_DITHER_METHOD, GST_AUDIO_DITHER_NONE, nullptr)));
  const auto frames = samples.size() / static_cast<std::size_t>(GST_AUDIO_INFO_CHANNELS(&to));
  const auto size = frames * static_cast<std::size_t>(GST_AUDIO_INFO_BPF(&to));
  auto* bytes = static_cast<guint8*>(g_malloc(std::max<std::size_t>(size, 1)));
  GBytesPtr pcm(g_bytes_new_take(bytes, size));
  if (!converter)
    throw make_error(ErrorKind::settings, Phase::decode, "the sound cannot be had as " + to_text(caps.get()));
  gpointer in[] = {const_cast<float*>(samples.data())}, out[] = {bytes};
  gst_audio_converter_samples(converter.get(), GST_AUDIO_CONVERTER_FLAG_NONE, in, frames, out, frames);
  return std::make_shared<const Soundtrack>(caps, std::move(pcm), static_cast<std::int64_t>(frames));
}

std::shared_ptr<const Soundtrack> make_silence(const CapsPtr& caps, Nanoseconds length) {
  GstAudioInfo info;
  gst_audio_info_from_caps(&info, caps.get());
  return std::make_shared<const Soundtrack>(caps, nullptr, to_samples(length, GST_AUDIO_INFO_RATE(&info)));
}

}  // namespace klingv2a
