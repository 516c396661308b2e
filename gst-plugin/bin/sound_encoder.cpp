// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sound_encoder.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "enum_type.h"
#include "error.h"
#include "factories.h"
#include "opus_in_mp4.h"

namespace klingv2a {

namespace {

constexpr int kRate = 48000;

struct Choice {
  AudioCodec codec;
  const char* factory;
  const char* name;
  const char* coded;  // caps that come out, to ask the muxer
  const char* raw;    // format that goes in
  int priming;        // samples; measured by encoding and decoding a click
};

// In order of preference.
constexpr std::array kChoices{
    Choice{AudioCodec::aac, "avenc_aac", "aac", "audio/mpeg,mpegversion=4,stream-format=raw", "F32LE", 1024},
    Choice{AudioCodec::aac, "voaacenc", "aac", "audio/mpeg,mpegversion=4,stream-format=raw", "S16LE", 1600},
    Choice{AudioCodec::opus, "opusenc", "opus", "audio/x-opus,channel-mapping-family=0", "S16LE", 0},
    Choice{AudioCodec::flac, "flacenc", "flac", "audio/x-flac,framed=true", "S24LE", 0},
    Choice{AudioCodec::pcm, "", "pcm", "audio/x-raw,format=S24LE,layout=interleaved", "S24LE", 0},
};

constexpr std::array kByDefault{AudioCodec::aac, AudioCodec::opus, AudioCodec::pcm};
constexpr std::array kWebm{AudioCodec::opus};
constexpr std::array kWav{AudioCodec::pcm};

bool is_installed(const Choice& choice) {
  return !*choice.factory || has_factory(choice.factory);
}

bool is_carried(const Choice& choice, Container container) {
  if (container == Container::wav) return choice.codec == AudioCodec::pcm;
  const auto caps = CapsPtr::adopt(gst_caps_from_string(choice.coded));
  return carriage(container, caps.get()) != Carriage::none;
}

// More than two channels are several streams; muxers look whether all of that is said.
void add_opus_streams(GstCaps* opus, int channels) {
  GValue mapping = G_VALUE_INIT, place = G_VALUE_INIT;
  g_value_init(&mapping, GST_TYPE_ARRAY);
  g_value_init(&place, G_TYPE_INT);
  for (int channel = 0; channel < channels; ++channel) {
    g_value_set_int(&place, channel);
    gst_value_array_append_value(&mapping, &place);
  }
  gst_caps_set_simple(opus, "channel-mapping-family", G_TYPE_INT, 1, "stream-count", G_TYPE_INT, channels,
                      "coupled-count", G_TYPE_INT, 0, nullptr);
  gst_caps_set_value(opus, "channel-mapping", &mapping);
  g_value_unset(&mapping);
  g_value_unset(&place);
}

// A sound's caps with so many channels (three or more), for the usual loudspeakers.
CapsPtr with_channels(const GstCaps* caps, int channels) {
  auto copy = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(copy.get(), "channels", G_TYPE_INT, channels, nullptr);
  const GstStructure* structure = gst_caps_get_structure(copy.get(), 0);
  if (gst_structure_has_name(structure, "audio/x-raw"))
    gst_caps_set_simple(copy.get(), "channel-mask", GST_TYPE_BITMASK, gst_audio_channel_get_fallback_mask(channels),
                        nullptr);
  if (gst_structure_has_field(structure, "channel-mapping-family")) add_opus_streams(copy.get(), channels);
  return copy;
}

bool takes(const char* factory, const GstCaps* raw) {
  if (!*factory) return true;
  const auto found = GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find(factory));
  return found && gst_element_factory_can_sink_any_caps(found.get(), raw);
}

std::vector<AudioCodec> wanted(AudioCodec codec, Container container) {
  if (codec != AudioCodec::automatic) return {codec};
  if (container == Container::webm) return {kWebm.begin(), kWebm.end()};
  if (container == Container::wav) return {kWav.begin(), kWav.end()};
  return {kByDefault.begin(), kByDefault.end()};
}

CapsPtr raw_caps(const char* format) {
  return CapsPtr::adopt(
      gst_caps_new_simple("audio/x-raw", "format", G_TYPE_STRING, format, "rate", G_TYPE_INT, kRate, nullptr));
}

SoundEncoder with(const Choice& choice, Container container) {
  // Matroska's muxer writes it by itself.
  const bool hides_pre_skip = choice.codec == AudioCodec::opus && traits_of(container).edit_lists;
  const int samples = hides_pre_skip ? kOpusPreSkip : choice.priming;
  const auto priming = gst_util_uint64_scale_int_round(static_cast<guint64>(samples), GST_SECOND, kRate);
  // avenc_aac takes planar samples; audioconvert finds the layout.
  return {choice.factory, choice.name,   raw_caps(choice.raw), CapsPtr::adopt(gst_caps_from_string(choice.coded)),
          priming,        hides_pre_skip};
}

bool keeps(const Choice& choice, Container container, int channels) {
  if (channels <= 2) return true;
  const auto raw = with_channels(raw_caps(choice.raw).get(), channels);
  if (!takes(choice.factory, raw.get())) return false;
  const auto coded = with_channels(CapsPtr::adopt(gst_caps_from_string(choice.coded)).get(), channels);
  return container == Container::wav || carriage(container, coded.get()) != Carriage::none;
}

Error no_encoder(Container container, bool installed) {
  if (!installed)
    return make_error(ErrorKind::settings, Phase::check, "no encoder for this audio-codec",
                      "install gstreamer1.0-libav, or choose another");
  std::string names;
  for (const auto& choice : kChoices)
    if (is_installed(choice) && is_carried(choice, container) && names.find(choice.name) == std::string::npos)
      names += (names.empty() ? "audio-codec=" : " or audio-codec=") + std::string(choice.name);
  return make_error(ErrorKind::settings, Phase::check,
                    std::string(traits_of(container).muxer) + " does not carry sound of this audio-codec",
                    "choose " + names + ", or another mux");
}

}  // namespace

SoundEncoder choose_encoder(AudioCodec codec, Container container, int channels) {
  bool installed = false;
  std::optional<SoundEncoder> narrower;
  for (const auto one : wanted(codec, container))
    for (const auto& choice : kChoices) {
      if (choice.codec != one || !is_installed(choice)) continue;
      installed = true;
      if (!is_carried(choice, container)) continue;
      if (keeps(choice, container, channels)) return with(choice, container);
      if (!narrower) narrower = with(choice, container);
    }
  if (!narrower) throw no_encoder(container, installed);
  narrower->keeps_channels = false;
  return *narrower;
}

ElementPtr make_encoder(const SoundEncoder& encoder) {
  return encoder.factory.empty() ? ElementPtr() : make_gst_element(encoder.factory.c_str());
}

// Transparent for most ears: 96 kbit/s a channel, 64 each for surround.
void set_bitrate(GstElement* encoder, int channels) {
  auto* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(encoder), "bitrate");
  if (!spec) return;
  const int bitrate = channels > 2 ? channels * 64000 : channels * 96000;
  gst_util_set_object_arg(G_OBJECT(encoder), "bitrate", std::to_string(bitrate).c_str());
}

GType audio_codec_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(AudioCodec::automatic), "AAC; Opus in WebM, PCM in WAV", "auto"},
      {static_cast<int>(AudioCodec::aac), "AAC", "aac"},
      {static_cast<int>(AudioCodec::opus), "Opus", "opus"},
      {static_cast<int>(AudioCodec::pcm), "PCM, 24 bits", "pcm"},
      {static_cast<int>(AudioCodec::flac), "FLAC", "flac"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return enum_type(&type, "GstKlingV2AAudioCodec", values);
}

}  // namespace klingv2a
