// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dub_bin.h"

#include <gst/pbutils/pbutils.h>

#include <algorithm>

#include "cut_off.h"
#include "factories.h"
#include "log.h"
#include "lost_streams.h"
#include "matroska_header.h"
#include "messages.h"
#include "pad_probes.h"
#include "plain_text.h"
#include "trusted_decoder.h"
#include "upstream_bytes.h"

namespace klingv2a {

namespace {

void add_string(GValue* array, const std::string& text) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  g_value_set_string(&value, text.c_str());
  gst_value_array_append_and_take_value(array, &value);
}

void set_strings(GstStructure* structure, const char* field, const std::vector<std::string>& texts) {
  GValue array = G_VALUE_INIT;
  g_value_init(&array, GST_TYPE_ARRAY);
  for (const auto& text : texts) add_string(&array, text);
  gst_structure_take_value(structure, field, &array);
}

// What comes for certain; parsebin's own pads know it a little later than the parser's pad behind them.
CapsPtr caps_of(const PadPtr& pad) {
  const auto inner = PadPtr::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(pad.get())));
  for (const auto& one : {pad, inner})
    if (auto caps = CapsPtr::adopt(one ? gst_pad_get_current_caps(one.get()) : nullptr)) return caps;
  return CapsPtr::adopt(gst_pad_query_caps(pad.get(), nullptr));
}

std::string stream_id_of(const PadPtr& pad) {
  const auto inner = PadPtr::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(pad.get())));
  for (const auto& one : {pad, inner})
    if (const GCharPtr id(one ? gst_pad_get_stream_id(one.get()) : nullptr); id) return id.get();
  return {};
}

bool is_unknown_text(const GstCaps* caps) {
  return gst_structure_has_name(gst_caps_get_structure(caps, 0), "application/x-subtitle-unknown");
}

// mkvmerge writes the file's head beside the track, FFmpeg a CodecID of its own.
std::optional<Markup> webvtt_of(const GstCaps* caps, const std::string& codec_id) {
  constexpr std::string_view kHead = "WEBVTT";
  if (codec_id == "D_WEBVTT/SUBTITLES") return Markup::webvtt_ffmpeg;
  if (codec_id == "S_TEXT/WEBVTT") return Markup::webvtt;
  const GValue* head = gst_structure_get_value(gst_caps_get_structure(caps, 0), "codec_data");
  GstBuffer* bytes = head && GST_VALUE_HOLDS_BUFFER(head) ? gst_value_get_buffer(head) : nullptr;
  const bool is_head = bytes && gst_buffer_memcmp(bytes, 0, kHead.data(), kHead.size()) == 0;
  return is_head ? std::optional(Markup::webvtt) : std::nullopt;
}

// parsebin is to stop at what demuxers hand out: its own parsers look into every packet, and h264parse then writes
// parameter sets into the first one.
gboolean is_container(GstElement*, GstPad*, const GstCaps* caps, DubBin*) {
  const bool tape = gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-dv");
  return !tape && has_factory_for(GST_ELEMENT_FACTORY_TYPE_DEMUXER, caps, GST_PAD_SINK);
}

// An MP4's sample entry says 2 for any AAC; its codec's own header knows better.
int channels_in_header(const GstStructure* aac) {
  const GValue* header = gst_structure_get_value(aac, "codec_data");
  GstMapInfo map;
  if (!gst_structure_has_name(aac, "audio/mpeg") || !header || !GST_VALUE_HOLDS_BUFFER(header) ||
      !gst_buffer_map(gst_value_get_buffer(header), &map, GST_MAP_READ))
    return 0;
  const auto channels = map.size >= 2 ? gst_codec_utils_aac_get_channels(map.data, static_cast<guint>(map.size)) : 0;
  gst_buffer_unmap(gst_value_get_buffer(header), &map);
  return static_cast<int>(channels);
}

// As far as the file says; 0 where the sound is the generated one alone.
int channels_of_mix(const std::vector<InputStream>& streams, const StreamPlan& plan) {
  int channels = 0;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (plan.roles[i] != Role::mixed) continue;
    const GstStructure* structure = gst_caps_get_structure(streams[i].caps.get(), 0);
    gst_structure_get_int(structure, "channels", &channels);
    channels = std::max(channels, channels_in_header(structure));
  }
  return channels;
}

std::string fewer_channels(int channels, const SoundEncoder& encoder) {
  return "some of the original sound's " + std::to_string(channels) + " channels are mixed down: " + encoder.name +
         " has no place for them all here";
}

Error too_strict(const std::string& loss) {
  return make_error(ErrorKind::input, Phase::check, "something of the input would be lost: " + loss,
                    "write another container (mux), or go without strict");
}

void set_stats(GstStructure* structure, const char* field, GstElement* element) {
  GstStructure* stats = nullptr;
  g_object_get(element, "stats", &stats, nullptr);
  if (!stats) return;
  const StructurePtr owned(stats);
  gst_structure_set(structure, field, GST_TYPE_STRUCTURE, stats, nullptr);
}

}  // namespace

DubBin::DubBin(GstBin* self) : self_(self), run_(std::make_shared<DubRun>()) {
  const auto add_child = [&](const char* factory, const char* name) {
    GstElement* child = gst_element_factory_make(factory, name);
    if (child) gst_bin_add(self_, child);
    return child;
  };
  kling_ = add_child("klingv2a", "kling");
  mixer_ = add_child("klingv2amix", "mix");
  parser_ = add_child("parsebin", "parse");
  add_ghost_pads();
  if (!kling_ || !mixer_ || !parser_) return;
  pass_notifications_on();
  to_come_ = std::make_unique<StreamsToCome>(parser_);
  trust_only(parser_, Trusted::containers);
  g_signal_connect(parser_, "autoplug-continue", G_CALLBACK(is_container), this);
  g_signal_connect(parser_, "pad-added",
                   G_CALLBACK(+[](GstElement*, GstPad* pad, DubBin* bin) { bin->on_stream(PadPtr::share(pad)); }),
                   this);
  g_signal_connect(kling_, "pad-added",
                   G_CALLBACK(+[](GstElement*, GstPad* pad, DubBin* bin) { bin->on_kling_pad(PadPtr::share(pad)); }),
                   this);
}

// What the children say of `task-id` and `stats`, the bin says: these are its properties too, and part of its report.
void DubBin::pass_notifications_on() {
  const auto pass = +[](GObject*, GParamSpec* spec, gpointer bin) {
    g_object_notify(G_OBJECT(bin), spec->name);
    g_object_notify(G_OBJECT(bin), "report");
  };
  const auto report = +[](GObject*, GParamSpec*, gpointer bin) { g_object_notify(G_OBJECT(bin), "report"); };
  const auto connect = [&](GstElement* child, const char* signal, GCallback handler) {
    g_signal_connect_object(child, signal, handler, self_, static_cast<GConnectFlags>(0));
  };
  connect(kling_, "notify::task-id", G_CALLBACK(pass));
  connect(kling_, "notify::stats", G_CALLBACK(pass));
  connect(mixer_, "notify::stats", G_CALLBACK(report));
}

// The muxer behind `src` comes when the streams are known.
void DubBin::add_ghost_pads() {
  auto* element = GST_ELEMENT(self_);
  GstElementClass* klass = GST_ELEMENT_GET_CLASS(element);
  const auto inner = PadPtr::adopt(parser_ ? gst_element_get_static_pad(parser_, "sink") : nullptr);
  sink_ = inner
              ? gst_ghost_pad_new_from_template("sink", inner.get(), gst_element_class_get_pad_template(klass, "sink"))
              : gst_ghost_pad_new_no_target_from_template("sink", gst_element_class_get_pad_template(klass, "sink"));
  source_ = gst_ghost_pad_new_no_target_from_template("src", gst_element_class_get_pad_template(klass, "src"));
  gst_element_add_pad(element, sink_);
  gst_element_add_pad(element, source_);
}

DubBin::~DubBin() = default;

DubSettings DubBin::settings() {
  const MutexLocker lock(mutex_);
  return settings_;
}

SetResult DubBin::set(const GValue* value, const GetSetting& get, const ChangeSetting& change) {
  const MutexLocker lock(mutex_);
  DubSettings* const settings = &settings_;
  return set_unless(
      running_, value, [&](GValue* present) { return get(*settings, present); }, [&] { change(*settings); });
}

bool DubBin::is_running() {
  const MutexLocker lock(mutex_);
  return running_;
}

bool DubBin::check() {
  if (kling_ && mixer_ && parser_) return true;
  messages::post_missing_element(GST_ELEMENT(self_), "parsebin");
  messages::post_error(GST_ELEMENT(self_), make_error(ErrorKind::settings, Phase::check,
                                                      "parsebin is not installed, so the input cannot be read",
                                                      "install GStreamer's base plugins (gstreamer1.0-plugins-base)")
                                               .details());
  return false;
}

StructurePtr DubBin::report() {
  StructurePtr report(gst_structure_new_empty("klingv2abin-report"));
  {
    const MutexLocker lock(mutex_);
    gst_structure_set(report.get(), "mux", G_TYPE_STRING,
                      container_ == Container::automatic ? "" : std::string(traits_of(container_).name).c_str(),
                      "audio-codec", G_TYPE_STRING, encoder_name_.c_str(), "streams", G_TYPE_UINT,
                      static_cast<guint>(stream_count_), nullptr);
    set_strings(report.get(), "lost", lost_);
    if (const auto written = run_->written.count())
      gst_structure_set(report.get(), "frames-written", G_TYPE_UINT64, static_cast<guint64>(*written), nullptr);
  }
  set_stats(report.get(), "mix", mixer_);
  set_stats(report.get(), "kling", kling_);
  return report;
}

void DubBin::on_stream(const PadPtr& pad) {
  const GCharPtr name(gst_pad_get_name(pad.get()));
  auto caps = caps_of(pad);
  GST_INFO_OBJECT(self_, "%s: %" GST_PTR_FORMAT, name.get(), static_cast<void*>(caps.get()));
  bool late = false;
  {
    const MutexLocker lock(mutex_);
    late = built_;
    if (!late)
      streams_.push_back(
          {.input = {name.get(), caps}, .pad = pad, .room = WaitingRoom::before(pad.get(), [this] { on_waiting(); })});
  }
  if (!late) return;
  probes::drop_all(pad.get());
  lose("the stream " + std::string(name.get()) + " (" + to_text(caps.get()) +
       ") is left out: it came when the output had begun");
}

// A packet of one stream has come, while others may be about to show up.
void DubBin::on_waiting() {
  if (to_come_->none() || waits_long_enough()) on_all_streams();
}

bool DubBin::waits_long_enough() {
  const MutexLocker lock(mutex_);
  std::size_t bytes = 0;
  GstClockTime length = 0;
  bool ended = true;
  for (const auto& stream : streams_) {
    ended = ended && stream.room->ended();
    bytes += stream.room->bytes();
    length = std::max(length, stream.room->length());
  }
  return ended || bytes >= StreamsToCome::kMostBytes || length >= StreamsToCome::kLongest;
}

// The one place where an Error of the bin becomes a message.
void DubBin::on_all_streams() {
  {
    const MutexLocker lock(mutex_);
    if (std::exchange(built_, true)) return;
  }
  try {
    plan_and_build();
  } catch (const Error& error) {
    give_up(error);
  }
  for (const auto& stream : streams_) stream.room->open();
}

void DubBin::give_up(const Error& error) {
  GST_INFO_OBJECT(self_, "%s", error.what());
  messages::post_error(GST_ELEMENT(self_), error.details());
  // One failure is one error: the demuxer shall not add that nobody takes its streams. And without its end the clip is
  // not submitted.
  for (const auto& stream : streams_) probes::drop_all(stream.pad.get());
}

void DubBin::plan_and_build() {
  std::vector<InputStream> inputs;
  const auto settings = this->settings();
  if (is_cut_off(sink_))
    throw make_error(
        ErrorKind::input, Phase::check, "the file ends before the end that it announces",
        "copy it again, or wait until it has been written; ffmpeg -i IN -c copy OUT.mkv keeps what is there");
  const auto found = found_container();
  note_tracks();
  check_encryption();
  name_texts();
  for (const auto& stream : streams_) inputs.push_back(stream.input);
  const auto plan = make_plan(inputs, settings.wishes, found);
  const int channels = channels_of_mix(inputs, plan);
  const auto encoder = choose_encoder(settings.audio_codec, plan.container, channels);
  auto lost = losses(plan);
  if (!encoder.keeps_channels) lost.push_back(fewer_channels(channels, encoder));
  {
    const MutexLocker lock(mutex_);
    container_ = plan.container;
    encoder_name_ = encoder.name;
    lost_ = lost;
    stream_count_ = streams_.size();
    original_ = plan.original < streams_.size() ? streams_[plan.original].input.name : "";
  }
  if (settings.strict && !lost.empty()) throw too_strict(lost.front());
  tell(lost);
  const bool writes_extras = !traits_of(plan.container).needs_dts;  // Matroska, WebM; WAV is asked for without them
  if (!writes_extras && !details_->lists_extras)
    for (const auto& stream : streams_)
      probes::on_extras(stream.pad.get(), [this](const std::string& what) {
        lose(what + " of the file are left out: " + traits_of(container_).muxer + " does not write them");
      });
  build(plan, encoder, found);
}

// Matroska's demuxer calls every text that it does not know "some subtitle".
void DubBin::name_texts() {
  const auto source = readable_upstream(sink_);
  const auto ids = source ? codec_ids(source.get()) : CodecIds();
  for (auto& stream : streams_) {
    if (!is_unknown_text(stream.input.caps.get())) continue;
    const auto found = ids.find(stream.input.track);
    if (const auto markup = webvtt_of(stream.input.caps.get(), found == ids.end() ? "" : found->second))
      stream.input.caps = webvtt_caps(*markup);
  }
}

std::optional<Container> DubBin::found_container() {
  const auto typefind = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parser_), "typefind"));
  if (!typefind) return std::nullopt;
  GstCaps* caps = nullptr;
  g_object_get(typefind.get(), "caps", &caps, nullptr);
  const auto owned = CapsPtr::adopt(caps);
  return container_of(owned.get());
}

// Which tracks of the file the streams are, and what the file says of them.
void DubBin::note_tracks() {
  auto details = std::make_shared<const FileDetails>(read_details(sink_));
  const MutexLocker lock(mutex_);
  for (auto& stream : streams_) {
    stream.input.track = track_of(stream_id_of(stream.pad));
    const auto facts = std::ranges::find(details->tracks, stream.input.track, &TrackFacts::id);
    stream.input.is_default = facts == details->tracks.end() || facts->is_default;
  }
  details_ = std::move(details);
}

// Demuxers do not hand out what is encrypted, or as it is.
void DubBin::check_encryption() {
  for (const auto& track : details_->tracks)
    if (track.is_encrypted)
      throw make_error(ErrorKind::input, Phase::check,
                       "track " + std::to_string(track.id) + " of the input is encrypted (" + track.handler + ")",
                       "decrypt the file first, or leave the track out");
}

TrackUses DubBin::uses_of(const StreamPlan& plan) const {
  TrackUses uses;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (plan.roles[i] == Role::dubbed || plan.roles[i] == Role::copied)
      uses.emplace(streams_[i].input.track, TrackUse::copied);
    if (plan.roles[i] == Role::mixed) uses.emplace(streams_[i].input.track, TrackUse::mixed);
  }
  return uses;
}

std::vector<std::string> DubBin::losses(const StreamPlan& plan) {
  if (plan.container == Container::wav) return {};
  auto lost = plan.lost;
  const bool keeps_list = traits_of(plan.container).edit_lists;
  for (auto& more : tracks_not_demuxed(details_->movie, streams_.size(), keeps_list)) lost.push_back(std::move(more));
  for (auto& more : tracks_without_streams()) lost.push_back(std::move(more));
  for (auto& more : lost_details(*details_, plan.container, uses_of(plan))) lost.push_back(std::move(more));
  return lost;
}

// matroskademux says nothing of tracks whose codec it does not know.
std::vector<std::string> DubBin::tracks_without_streams() const {
  std::vector<std::string> lost;
  if (!details_->lists_extras) return lost;
  for (const auto& track : details_->tracks) {
    const auto is_it = [&](const Stream& stream) { return stream.input.track == track.id; };
    if (std::ranges::none_of(streams_, is_it))
      lost.push_back("track " + std::to_string(track.id) + " of the file (" + track.handler +
                     ") is left out, because GStreamer's demuxer does so");
  }
  return lost;
}

// What shows only while data flows: chapters, attachments, late streams. The demuxer's streaming thread.
void DubBin::lose(const std::string& loss) {
  bool strict = false;
  {
    const MutexLocker lock(mutex_);
    if (std::ranges::find(lost_, loss) != lost_.end()) return;
    lost_.push_back(loss);
    strict = settings_.strict;
  }
  if (strict) return give_up(too_strict(loss));
  tell({loss});
}

// What shows when everything is paid for: strict does not make it worse.
void DubBin::tell_late(const std::string& loss) {
  {
    const MutexLocker lock(mutex_);
    lost_.push_back(loss);
  }
  tell({loss});
}

void DubBin::tell(const std::vector<std::string>& lost) {
  for (const auto& what : lost) {
    GST_INFO_OBJECT(self_, "%s", what.c_str());
    messages::post_warning(GST_ELEMENT(self_), make_error(ErrorKind::input, Phase::check, what,
                                                          "strict=true makes an error of it, before anything is paid")
                                                   .details());
    tell_program(what);
  }
}

void DubBin::tell_program(const std::string& loss) {
  gst_element_post_message(
      GST_ELEMENT(self_),
      gst_message_new_element(GST_OBJECT(self_),
                              gst_structure_new("klingv2abin-lost", "what", G_TYPE_STRING, loss.c_str(), nullptr)));
}

ElementPtr DubBin::add(const char* factory) {
  require_factory(GST_ELEMENT(self_), factory);
  return add(make_gst_element(factory));
}

ElementPtr DubBin::add(ElementPtr element) {
  gst_bin_add(self_, element.get());
  const MutexLocker lock(mutex_);
  children_.push_back(element);
  return element;
}

void DubBin::forget_children() {
  std::vector<ElementPtr> children;
  std::vector<PadPtr> requested;
  {
    const MutexLocker lock(mutex_);
    children.swap(children_);
    requested.swap(requested_);
    awaiting_.clear();
    copies_.clear();
    entrances_.clear();
    muxer_ = {};
  }
  for (const auto& [pad, id] : std::exchange(probe_ids_, {})) gst_pad_remove_probe(pad.get(), id);
  gst_ghost_pad_set_target(GST_GHOST_PAD(source_), nullptr);
  for (const auto& child : children) {
    gst_element_set_state(child.get(), GST_STATE_NULL);
    gst_bin_remove(self_, child.get());
  }
  for (const auto& pad : requested) {
    const auto owner = ElementPtr::adopt(gst_pad_get_parent_element(pad.get()));
    if (owner) gst_element_release_request_pad(owner.get(), pad.get());
  }
}

// The mixer takes its settings when it goes up, before the streams are known.
void DubBin::prepare() {
  OriginalAudio original{};
  {
    const MutexLocker lock(mutex_);
    running_ = true;
    original = settings_.wishes.original;
  }
  gst_util_set_object_arg(G_OBJECT(mixer_), "mode", original == OriginalAudio::mix ? "mix" : "duck");
  const MutexLocker lock(mutex_);
  lost_.clear();
  stream_count_ = 0;
  container_ = Container::automatic;
  encoder_name_.clear();
}

void DubBin::give_settings_back() {
  const MutexLocker lock(mutex_);
  running_ = false;
}

void DubBin::reset() {
  forget_children();
  if (to_come_) to_come_->forget();
  const MutexLocker lock(mutex_);
  running_ = false;
  streams_.clear();
  run_ = std::make_shared<DubRun>();
  tracks_.clear();
  origins_.clear();
  details_.reset();
  built_ = false;
  original_.clear();
}

}  // namespace klingv2a
