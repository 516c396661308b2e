// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trusted_decoder.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "gst_ptr.h"
#include "handover.h"

namespace klingv2a {

namespace {

// GstAutoplugSelectResult, which no header has.
enum class Select { attempt = 0, expose = 1, skip = 2 };

constexpr std::array<std::string_view, 30> kSounds{
    "wavparse",   "qtdemux",        "oggdemux",  "matroskademux",   "id3demux",       "apedemux",
    "flacparse",  "mpegaudioparse", "aacparse",  "opusparse",       "vorbisparse",    "mpg123audiodec",
    "avdec_mp3",  "avdec_mp3float", "avdec_aac", "avdec_aac_fixed", "faad",           "fdkaacdec",
    "flacdec",    "avdec_flac",     "opusdec",   "avdec_opus",      "vorbisdec",      "avdec_vorbis",
    "avdec_alac", "mulawdec",       "alawdec",   "avdec_pcm_mulaw", "avdec_pcm_alaw", "aiffparse"};
constexpr std::array<std::string_view, 15> kContainers{
    "qtdemux",  "matroskademux", "tsdemux", "mpegpsdemux", "avidemux", "flvdemux", "oggdemux", "asfdemux",
    "mxfdemux", "rmdemux",       "dvdemux", "ivfparse",    "y4mdec",   "id3demux", "wavparse"};
// What decodebin and parsebin are made of.
constexpr std::array<std::string_view, 6> kPlumbing{"typefind", "multiqueue", "queue",
                                                    "queue2",   "capsfilter", "identity"};
constexpr std::array<std::string_view, 4> kPictures{"jpegdec", "pngdec", "webpdec", "openjpegdec"};

bool has(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// A bin chooses its own elements.
bool is_a_bin(GstElementFactory* factory) {
  const auto loaded = GObjectPtr<GstPluginFeature>::adopt(gst_plugin_feature_load(GST_PLUGIN_FEATURE(factory)));
  return loaded && g_type_is_a(gst_element_factory_get_element_type(GST_ELEMENT_FACTORY(loaded.get())), GST_TYPE_BIN);
}

// Of one codec, and of nothing that could name another place.
bool is_of_a_codec(GstElementFactory* factory) {
  const char* metadata = gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS);
  const std::string_view klass = metadata ? metadata : "";
  const auto is = [&](std::string_view part) { return klass.find(part) != std::string_view::npos; };
  if (is("Demuxer") || is("Bin") || is("Source") || is_a_bin(factory)) return false;
  if (is("Codec/Parser")) return is("Video") || is("Audio") || is("Image");
  // openh264dec calls itself a "Decoder/Video".
  return (is("Codec/Decoder") || klass.starts_with("Decoder/")) &&
         (is("Video") || is("Audio") || has(kPictures, GST_OBJECT_NAME(factory)));
}

bool is_trusted(Trusted trusted, GstElementFactory* factory) {
  if (gst_element_factory_get_uri_type(factory) != GST_URI_UNKNOWN) return false;
  const std::string_view name = GST_OBJECT_NAME(factory);
  switch (trusted) {
    case Trusted::sounds:
      return has(kSounds, name);
    case Trusted::containers:
      return has(kContainers, name);
    case Trusted::codecs:
      return is_of_a_codec(factory);
  }
  return false;
}

gint select(GstElement*, GstPad*, GstCaps*, GstElementFactory* factory, gpointer trusted) {
  const bool taken = is_trusted(static_cast<Trusted>(GPOINTER_TO_INT(trusted)), factory);
  return static_cast<gint>(taken ? Select::attempt : Select::skip);
}

// The type of the whole, not that of a stream in it.
bool is_of_the_whole(GstPad* pad) {
  const auto parent = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  GstElementFactory* factory = parent ? gst_element_get_factory(parent.get()) : nullptr;
  if (!factory) return false;
  const char* klass = gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS);
  return g_str_equal(GST_OBJECT_NAME(factory), "typefind") || (klass && g_strstr_len(klass, -1, "Metadata"));
}

void on_unknown_type(GstElement* decoder, GstPad* pad, GstCaps* caps, gpointer) {
  if (!is_of_the_whole(pad)) return;
  const char* type = gst_structure_get_name(gst_caps_get_structure(caps, 0));
  GST_ELEMENT_ERROR(decoder, STREAM, WRONG_TYPE, ("it is %s: files of this type are not read", type),
                    ("a playlist, for one, would open other files"));
}

// Each stream takes threads, so their number is bounded. decodebin and parsebin connect later, and do not see the rest.
void on_stream(GstElement* demuxer, GstPad*, gpointer decoder) {
  constexpr guint kMostStreams = 256;  // at a time: a transport stream may take some away, and add others
  GST_OBJECT_LOCK(demuxer);
  const guint count = demuxer->numsrcpads;
  GST_OBJECT_UNLOCK(demuxer);
  if (count <= kMostStreams) return;
  g_signal_stop_emission_by_name(demuxer, "pad-added");
  if (count == kMostStreams + 1)
    GST_ELEMENT_ERROR(GST_ELEMENT(decoder), STREAM, WRONG_TYPE, ("it has more than %u streams", kMostStreams),
                      (nullptr));
}

// An alarm, not a barrier: select() is asked before, so this finds nothing. If it does, the ERROR ends the run.
void on_element(GstBin* decoder, GstBin*, GstElement* element, gpointer trusted) {
  GstElementFactory* factory = gst_element_get_factory(element);
  if (factory && gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DEMUXER))
    g_signal_connect(element, "pad-added", G_CALLBACK(on_stream), decoder);
  const bool known = factory && (has(kPlumbing, GST_OBJECT_NAME(factory)) ||
                                 is_trusted(static_cast<Trusted>(GPOINTER_TO_INT(trusted)), factory));
  if (known) return;
  gst_element_set_locked_state(element, TRUE);
  GST_ELEMENT_ERROR(element, CORE, FAILED, ("%s may not be here", GST_OBJECT_NAME(element)), (nullptr));
}

// decodebin and parsebin do not pass on errors of an element that they are just connecting. One that reads by itself
// can post its only ERROR at that moment, of which nobody would ever hear. So it reads nothing until they are done:
// they hold this lock meanwhile.
GstPadProbeReturn wait_until_connected(GstPad* pad, GstPadProbeInfo*, gpointer) {
  const auto typefind = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  const auto sink = typefind ? PadPtr::adopt(gst_element_get_static_pad(typefind.get(), "sink")) : PadPtr();
  if (sink) {
    GST_PAD_STREAM_LOCK(sink.get());
    GST_PAD_STREAM_UNLOCK(sink.get());
  }
  return GST_PAD_PROBE_OK;
}

void let_errors_out(GstElement* decoder) {
  const auto typefind = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(decoder), "typefind"));
  const auto pad = typefind ? PadPtr::adopt(gst_element_get_static_pad(typefind.get(), "src")) : PadPtr();
  if (!pad) return;
  const auto each_read = static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_PULL);
  gst_pad_add_probe(pad.get(), each_read, wait_until_connected, nullptr, nullptr);
}

template <typename Value>
void free_as(gpointer data) {
  const std::unique_ptr<Value> last(static_cast<Value*>(data));
}

// The data of a probe, which is added on one thread and called on another.
template <typename Value>
struct HandedOver {
  Value value;
  Handover made;
  static gpointer make(const Value& value) {
    auto data = std::make_unique<HandedOver>();
    data->value = value;
    data->made.publish();
    return data.release();
  }
  static Value& of(gpointer data) {
    auto& handed_over = *static_cast<HandedOver*>(data);
    handed_over.made.see();
    return handed_over.value;
  }
  static void free(gpointer data) { free_as<HandedOver>(data); }
};

GstPadProbeReturn drop(GstPad*, GstPadProbeInfo*, gpointer) {
  return GST_PAD_PROBE_DROP;
}

GstPadProbeReturn on_caps(GstPad* pad, GstPadProbeInfo* info, gpointer rates) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const auto absurd = what_is_absurd(caps, HandedOver<RateLimits>::of(rates));
  if (absurd.empty()) return GST_PAD_PROBE_OK;
  const auto decoder = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  if (decoder) GST_ELEMENT_ERROR(decoder.get(), STREAM, FORMAT, ("%s", absurd.c_str()), (nullptr));
  // Without caps nothing may follow.
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, drop, nullptr, nullptr);
  return GST_PAD_PROBE_DROP;
}

// How much of a sound has left, and how much may. One streaming thread's.
struct Length {
  GstClockTime seen = 0, most = 0;
};

GstPadProbeReturn on_buffer(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto& length = HandedOver<Length>::of(data);
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  GstAudioInfo sound;
  if (!caps || !gst_audio_info_from_caps(&sound, caps.get())) return GST_PAD_PROBE_OK;
  const auto samples =
      gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info)) / static_cast<gsize>(GST_AUDIO_INFO_BPF(&sound));
  length.seen += gst_util_uint64_scale(samples, GST_SECOND, static_cast<guint64>(GST_AUDIO_INFO_RATE(&sound)));
  if (length.seen <= length.most) return GST_PAD_PROBE_OK;
  const auto decoder = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  if (decoder)
    GST_ELEMENT_ERROR(decoder.get(), STREAM, WRONG_TYPE,
                      ("its sound lasts longer than %" G_GUINT64_FORMAT " s", length.most / GST_SECOND), (nullptr));
  return GST_PAD_PROBE_DROP;
}

void bound_length(GstElement*, GstPad* pad, gpointer most) {
  gpointer length = HandedOver<Length>::make({0, *static_cast<GstClockTime*>(most)});
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, length, HandedOver<Length>::free);
}

void bound_caps(GstElement*, GstPad* pad, gpointer rates) {
  gpointer kept = HandedOver<RateLimits>::make(*static_cast<const RateLimits*>(rates));
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_caps, kept, HandedOver<RateLimits>::free);
}

// What `on_pad` gets is a copy of `value`, for as long as `decoder` lives.
template <typename Value>
void on_each_pad(GstElement* decoder, void (*on_pad)(GstElement*, GstPad*, gpointer), const Value& value) {
  auto kept = std::make_unique<Value>(value);
  g_signal_connect_data(
      decoder, "pad-added", G_CALLBACK(on_pad), kept.release(), [](gpointer data, GClosure*) { free_as<Value>(data); },
      static_cast<GConnectFlags>(0));
}

}  // namespace

void trust_only(GstElement* decoder, Trusted trusted) {
  const auto list = GINT_TO_POINTER(static_cast<gint>(trusted));
  g_signal_connect(decoder, "autoplug-select", G_CALLBACK(select), list);
  g_signal_connect(decoder, "unknown-type", G_CALLBACK(on_unknown_type), nullptr);
  g_signal_connect(decoder, "deep-element-added", G_CALLBACK(on_element), list);
  let_errors_out(decoder);
}

std::string what_is_absurd(const GstCaps* sound, RateLimits rates) {
  constexpr int kMostChannels = 64;
  const GstStructure* structure = gst_caps_get_structure(sound, 0);
  int rate = 0, channels = 0;
  if (gst_structure_get_int(structure, "rate", &rate) && (rate < rates.least || rate > rates.most))
    return "its sound has " + std::to_string(rate) + " samples a second";
  if (gst_structure_get_int(structure, "channels", &channels) && (channels < 1 || channels > kMostChannels))
    return "its sound has " + std::to_string(channels) + " channels";
  return {};
}

void refuse_longer_sounds(GstElement* decoder, GstClockTime most) {
  on_each_pad(decoder, bound_length, most);
}

void refuse_absurd_sounds(GstElement* decoder, RateLimits rates) {
  on_each_pad(decoder, bound_caps, rates);
}

}  // namespace klingv2a
