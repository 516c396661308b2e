// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sound_encoder.h"

#include <algorithm>
#include <array>
#include <vector>

#include "enum_type.h"
#include "error.h"
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
  if (!*choice.factory) return true;
  GstElementFactory* factory = gst_element_factory_find(choice.factory);
  if (factory) gst_object_unref(factory);
  return factory != nullptr;
}

bool is_carried(const Choice& choice, Container container) {
  if (container == Container::wav) return choice.codec == AudioCodec::pcm;
  const auto caps = CapsPtr::adopt(gst_caps_from_string(choice.coded));
  return carriage(container, caps.get()) != Carriage::none;
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

}  // namespace

SoundEncoder choose_encoder(AudioCodec codec, Container container) {
  bool installed = false;
  for (const auto one : wanted(codec, container))
    for (const auto& choice : kChoices) {
      if (choice.codec != one || !is_installed(choice)) continue;
      installed = true;
      if (is_carried(choice, container)) return with(choice, container);
    }
  const std::string muxer = traits_of(container).muxer;
  throw make_error(
      ErrorKind::settings, Phase::check,
      installed ? muxer + " does not carry sound of this audio-codec" : "no encoder for this audio-codec",
      installed ? "choose another audio-codec or another mux" : "install gstreamer1.0-libav, or choose another");
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
