// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The branches of klingv2abin, built from the muxer back to the input, so that each knows what the next one takes
// before any caps are fixed. On the demuxer's streaming thread, before the first packet leaves it.
#include <algorithm>

#include "dub_bin.h"
#include "edit_list.h"
#include "factories.h"
#include "finished_movie.h"
#include "generated_mark.h"
#include "kept_packets.h"
#include "log.h"
#include "matroska_copy.h"
#include "messages.h"
#include "pad_probes.h"
#include "plain_text.h"
#include "trusted_decoder.h"
#include "upstream_bytes.h"

namespace klingv2a {

namespace {

PadPtr static_pad(const ElementPtr& element, const char* name) {
  return PadPtr::adopt(gst_element_get_static_pad(element.get(), name));
}

constexpr int kRate = 48000;
// Times of sound are exact in it, and those of film and television almost.
constexpr guint kMovieTimescale = 48000;
// One word each: matroskamux 1.22 puts backslashes before the spaces of a title.
constexpr const char* kGeneratedTitle = "Generated";
constexpr const char* kOriginalTitle = "Original";

bool writes_matroska(Container container) {
  return container == Container::mkv || container == Container::webm;
}

// Matroska's muxers write the present time otherwise.
void set_creation(GstElement* muxer, std::uint64_t since_1904) {
  constexpr std::uint64_t k1970 = 2082844800;
  if (since_1904 < k1970 || since_1904 > k1970 + UINT32_MAX) return;
  const std::unique_ptr<GDateTime, Deleter<g_date_time_unref>> time(
      g_date_time_new_from_unix_utc(static_cast<gint64>(since_1904 - k1970)));
  if (time) g_object_set(muxer, "creation-time", time.get(), nullptr);
}

std::string name_of(GstPad* pad) {
  const auto owner = ElementPtr::adopt(gst_pad_get_parent_element(pad));
  const GCharPtr name(gst_pad_get_name(pad));
  return (owner ? std::string(GST_OBJECT_NAME(owner.get())) + "." : std::string()) + name.get();
}

Error cannot_link(GstPad* from, GstPad* to, GstPadLinkReturn reason) {
  const auto caps = CapsPtr::adopt(gst_pad_query_caps(from, nullptr));
  return make_error(ErrorKind::input, Phase::check,
                    "cannot link " + name_of(from) + " to " + name_of(to) + ": " + gst_pad_link_get_name(reason) +
                        " (" + to_text(caps.get()) + ")",
                    "write another container with mux");
}

bool is_framed(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  gboolean framed = FALSE;
  return !g_str_has_prefix(gst_structure_get_name(structure), "audio/mpeg") ||
         (gst_structure_get_boolean(structure, "framed", &framed) && framed) ||
         gst_structure_has_field(structure, "codec_data");
}

// Found out now: what decodes is asked only when the sound is there, and paid for.
bool can_be_decoded(const GstCaps* caps) {
  if (gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-raw")) return true;
  return has_factory_for(GST_ELEMENT_FACTORY_TYPE_DECODER | GST_ELEMENT_FACTORY_TYPE_MEDIA_AUDIO, caps, GST_PAD_SINK);
}

using PadHandler = std::function<void(const PadPtr&)>;

void on_pad_added(GstElement* element, PadHandler handler) {
  auto owned = std::make_unique<PadHandler>(std::move(handler));
  g_signal_connect_data(
      element, "pad-added",
      G_CALLBACK(+[](GstElement*, GstPad* pad, PadHandler* told) { (*told)(PadPtr::share(pad)); }), owned.release(),
      [](gpointer data, GClosure*) { const std::unique_ptr<PadHandler> last(static_cast<PadHandler*>(data)); },
      static_cast<GConnectFlags>(0));
}

// The parser that changes a codec's framing; null where there is none.
const char* parser_of(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  int version = 0;
  gst_structure_get_int(structure, "mpegversion", &version);
  if (gst_structure_has_name(structure, "video/x-h264")) return "h264parse";
  if (gst_structure_has_name(structure, "video/x-h265")) return "h265parse";
  if (gst_structure_has_name(structure, "video/x-av1")) return "av1parse";
  if (gst_structure_has_name(structure, "video/x-vp9")) return "vp9parse";
  if (gst_structure_has_name(structure, "audio/x-opus")) return "opusparse";
  if (gst_structure_has_name(structure, "audio/x-ac3")) return "ac3parse";
  if (gst_structure_has_name(structure, "audio/mpeg")) return version == 1 ? "mpegaudioparse" : "aacparse";
  if (gst_structure_has_name(structure, "video/mpeg")) return version == 4 ? "mpeg4videoparse" : "mpegvideoparse";
  return nullptr;
}

}  // namespace

void DubBin::build(const StreamPlan& plan, const SoundEncoder& encoder, std::optional<Container> found) {
  // On its way up the bin may have reached parsebin first: these would still refuse data, and the demuxer would stop
  // without a word.
  for (GstElement* child : {kling_, mixer_}) gst_element_sync_state_with_parent(child);
  build_muxer();
  // matroskademux 1.22 begins its first segment at the first stream's first packet, and another one at the next
  // stream's if that lies earlier: the same timestamp would mean two running times.
  if (found == Container::mkv || found == Container::webm) {
    const auto source = readable_upstream(sink_);
    const auto delays = source ? codec_delays(source.get()) : CodecDelays();
    for (const auto& stream : streams_)
      probes::from_zero(stream.pad.get(), is_audio(stream.input.caps.get()) ? delays : CodecDelays());
  }
  for (std::size_t i = 0; i < plan.roles.size(); ++i) streams_[i].role = plan.roles[i];
  for (std::size_t i = 0; i < plan.roles.size(); ++i)
    if (plan.roles[i] == Role::dubbed) build_video(streams_[i]);
  for (std::size_t i = 0; i < plan.roles.size(); ++i) {
    if (i == plan.sound_place) build_sound(encoder);
    if (plan.roles[i] == Role::mixed) build_original(streams_[i]);
    if (plan.roles[i] == Role::copied) build_copy(streams_[i]);
  }
  if (plan.sound_place >= plan.roles.size()) build_sound(encoder);
  build_generated();
  start();
}

// All are linked by now: the ones that push first find the others ready. klingv2a's sound pad may be there of an
// earlier input.
void DubBin::start() {
  if (const auto audio = PadPtr::adopt(gst_element_get_static_pad(kling_, "audio"))) on_kling_pad(audio);
  // clang 14 knows no views of libstdc++ 12.
  std::for_each(children_.rbegin(), children_.rend(),
                [](const ElementPtr& child) { gst_element_sync_state_with_parent(child.get()); });
  for (const auto& [from, to] : entrances_) link(from, to);
}

void DubBin::build_muxer() {
  const auto& traits = traits_of(container_);
  auto muxer = add(traits.muxer);
  // Times of sound are to be exact, in a movie's edit lists too.
  if (traits.edit_lists) g_object_set(muxer.get(), "movie-timescale", kMovieTimescale, nullptr);
  if (writes_matroska(container_)) set_creation(muxer.get(), details_->created);
  const auto out = static_pad(muxer, "src");
  if (traits.edit_lists) probes::finish_moov(out.get(), [this](View moov) { return finished(moov); });
  if (!details_->movie.empty()) probes::drop_xmp(out.get());
  const auto mark = settings().mark_generated ? generated_mark() : std::string();
  if (writes_matroska(container_)) probes::finish_tags(out.get(), {generated_mark(), kMarkName, mark});
  run_->written.set_container(container_);
  probes::count_pictures(out.get(), run_, [this] { compare_frames(); });
  if (writes_matroska(container_))
    probes::finish_header(out.get(), [this](View written) { return finished_header(written); });
  gst_ghost_pad_set_target(GST_GHOST_PAD(source_), out.get());
  const MutexLocker lock(mutex_);
  muxer_ = std::move(muxer);
}

// The muxer's streaming thread, when everything else is written.
Bytes DubBin::finished(View moov) {
  const bool marked = settings().mark_generated;
  auto movie = finish_movie(
      moov, {start_trim(), details_, origins_, container_ == Container::mov, marked ? generated_mark() : ""});
  for (const auto& what : movie.lost) tell_late(what);
  return std::move(movie.bytes);
}

// The muxer's streaming thread, when it begins.
std::optional<Bytes> DubBin::finished_header(View written) {
  auto header = finish_header(written, {details_, origins_, names_tracks() ? kGeneratedTitle : ""});
  if (!header) tell_late("what the file says of its tracks is left out: the muxer's own header is not understood");
  return header;
}

std::vector<std::string> DubBin::tracks() {
  const MutexLocker lock(mutex_);
  return tracks_;
}

StartTrim DubBin::start_trim() {
  StartTrim trim{run_->timeline.start_offset_in_file(), {}};
  const bool separate = settings().wishes.original == OriginalAudio::separate;
  for (const auto& stream : tracks()) {
    TrackTrim track{static_cast<std::int64_t>(run_->timeline.trimmed(stream)), {}, {}, {}};
    if (stream.empty()) track.length_ns = sound_length();
    if (stream == kVideoStream) track.orientation = run_->orientation.get();
    if (separate && stream.empty()) track.name = kGeneratedTitle;
    if (separate && stream == original_) track.name = kOriginalTitle;
    if (track.name.empty()) track.name = matroska_name(*details_, origins_[trim.tracks.size()].id);
    trim.tracks.push_back(std::move(track));
  }
  return trim;
}

// Elsewhere a title becomes the file's, and the tracks are named when the file is finished.
bool DubBin::names_tracks() {
  return settings().wishes.original == OriginalAudio::separate && !traits_of(container_).edit_lists;
}

// In nanoseconds; the mixer has counted.
std::optional<std::int64_t> DubBin::sound_length() {
  GstStructure* stats = nullptr;
  g_object_get(mixer_, "stats", &stats, nullptr);
  const StructurePtr owned(stats);
  gint64 samples = 0;
  if (!stats || !gst_structure_get_int64(stats, "samples", &samples)) return std::nullopt;
  return static_cast<std::int64_t>(gst_util_uint64_scale_int_round(static_cast<guint64>(samples), GST_SECOND, kRate));
}

PadPtr DubBin::muxer_pad(const GstCaps* caps, const std::string& stream) {
  if (container_ == Container::wav) return static_pad(muxer_, "sink");
  const char* name = pad_template_for(container_, caps);
  auto pad = PadPtr::adopt(name ? gst_element_request_pad_simple(muxer_.get(), name) : nullptr);
  if (!pad)
    throw make_error(ErrorKind::input, Phase::check,
                     std::string(traits_of(container_).muxer) + " gives no pad for " + to_text(caps),
                     "write another container with mux");
  if (has_chapters(*details_)) probes::drop_chapters(pad.get());
  const MutexLocker lock(mutex_);
  tracks_.push_back(stream);
  origins_.push_back(origin_of(stream));
  return pad;
}

// Our own sound takes the place of the original that it is mixed with.
TrackOrigin DubBin::origin_of(const std::string& stream) const {
  const bool separate = settings_.wishes.original == OriginalAudio::separate;
  const bool named = separate && (stream.empty() || stream == original_);
  for (const auto& one : streams_) {
    const bool is_it = stream.empty()           ? one.role == Role::mixed
                       : stream == kVideoStream ? one.role == Role::dubbed
                                                : one.input.name == stream;
    if (is_it) return {one.input.track, stream.empty() ? TrackUse::mixed : TrackUse::copied, named};
  }
  return {0, TrackUse::copied, named};
}

// Behind klingv2a, where it knows what the muxer wants: the parser for streams that demuxers hand out in another
// framing, or in none.
PadPtr DubBin::reframed(const PadPtr& to, const GstCaps* caps) {
  const char* factory = parser_of(caps);
  const auto way = carriage(container_, caps);
  // The muxer itself is asked only when the sound is there, and paid for.
  if (!factory && way == Carriage::reframed)
    throw make_error(ErrorKind::input, Phase::check, traits_of(container_).muxer + (" refuses " + to_text(caps)),
                     "write another container with mux");
  if (!factory || (way == Carriage::as_it_is && is_framed(caps))) return to;
  const auto parser = add(factory);
  link(static_pad(parser, "src"), to);
  return static_pad(parser, "sink");
}

// klingv2a hands the muxer's wishes up to the parser before it.
PadPtr DubBin::parsed(const PadPtr& to, const GstCaps* caps) {
  const char* factory = parser_of(caps);
  if (!factory) return to;
  const auto parser = add(factory);
  auto in = static_pad(parser, "sink");
  const auto out = static_pad(parser, "src");
  if (has_parameter_sets_beside(caps)) probes::keep_packets(in.get(), out.get());
  if (traits_of(container_).edit_lists) probes::say_chroma_site(out.get());
  link(out, to);
  return in;
}

void DubBin::build_video(const Stream& stream) {
  const auto* caps = stream.input.caps.get();
  const auto entrance = PadPtr::adopt(gst_element_get_static_pad(kling_, "sink"));
  const bool is_written = container_ != Container::wav;
  // Where klingv2a has given a time to each picture.
  probe_ids_.emplace_back(entrance, probes::watch_video(entrance.get(), run_));
  entrances_.emplace_back(stream.pad, parsed(entrance, caps));
  if (!is_written) return;
  tell_of_lost_rotation(stream);
  const auto out = PadPtr::adopt(gst_element_get_static_pad(kling_, "video"));
  const bool wants_dts = traits_of(container_).needs_dts && !g_str_has_prefix(to_text(caps).c_str(), "video/x-raw");
  if (wants_dts) run_->order.want_dts();
  probe_ids_.emplace_back(out, probes::move_video(out.get(), run_, writes_matroska(container_)));
  link(out, muxer_pad(caps, kVideoStream));
}

void DubBin::tell_of_lost_rotation(const Stream& stream) {
  const auto is_upright = [](const std::string& orientation) {
    return orientation.empty() || orientation == "rotate-0";
  };
  if (!details_->movie.empty() || details_->lists_extras) return;  // it is known, and reported
  const bool edits = traits_of(container_).edit_lists;
  probes::on_rotation(stream.pad.get(), edits ? &can_be_written : +is_upright, [this] {
    lose(std::string("how the video is to be turned is left out: ") + traits_of(container_).muxer +
         " does not write it");
  });
}

void DubBin::build_copy(const Stream& stream) {
  const auto* caps = stream.input.caps.get();
  probes::watch(stream.pad.get(), run_, stream.input.name);
  // Before klingv2a, so that all behind it see one kind of text.
  const auto markup = markup_of(caps);
  if (markup && carriage(container_, caps) == Carriage::plain_text) probes::make_plain(stream.pad.get(), *markup);
  const auto companion = request_companion(stream, reframed(muxer_pad(caps, stream.input.name), caps));
  const MutexLocker lock(mutex_);
  copies_.emplace(companion, stream.input.name);
}

void DubBin::build_original(const Stream& stream) {
  if (!can_be_decoded(stream.input.caps.get())) {
    messages::post_missing_decoder(GST_ELEMENT(self_), stream.input.caps.get());
    throw make_error(ErrorKind::settings, Phase::check,
                     "no decoder is installed for the original audio (" + to_text(stream.input.caps.get()) + ")",
                     "install one, or set original-audio=separate or replace");
  }
  if (const auto absurd = what_is_absurd(stream.input.caps.get(), kRatesOfVideos); !absurd.empty())
    throw make_error(ErrorKind::input, Phase::check, "the original audio cannot be mixed: " + absurd,
                     "set original-audio=separate or replace");
  const auto original = PadPtr::adopt(gst_element_request_pad_simple(mixer_, "original"));
  {
    const MutexLocker lock(mutex_);
    requested_.push_back(original);
  }
  const auto decoder = add("decodebin");
  trust_only(decoder.get(), Trusted::codecs);
  refuse_absurd_sounds(decoder.get(), kRatesOfVideos);
  on_pad_added(decoder.get(), [this, to = converted(original)](const PadPtr& pad) { link_or_tell(pad, to); });
  (void)request_companion(stream, static_pad(decoder, "sink"));
}

// What stands before one of the mixer's pads.
PadPtr DubBin::converted(const PadPtr& to) {
  const auto convert = add("audioconvert"), resample = add("audioresample");
  if (!gst_element_link(convert.get(), resample.get())) throw std::logic_error("audioconvert and audioresample");
  link(static_pad(resample, "src"), to);
  return static_pad(convert, "sink");
}

void DubBin::build_generated() {
  const auto generated = PadPtr::adopt(gst_element_request_pad_simple(mixer_, "generated"));
  auto to = converted(generated);
  const MutexLocker lock(mutex_);
  requested_.push_back(generated);
  awaiting_["audio"] = std::move(to);
}

void DubBin::build_sound(const SoundEncoder& encoder) {
  run_->timeline.set_priming(encoder.priming);
  const auto convert = add("audioconvert"), filter = add("capsfilter");
  g_object_set(filter.get(), "caps", encoder.caps.get(), nullptr);
  const auto mixed = PadPtr::adopt(gst_element_get_static_pad(mixer_, "src"));
  link(mixed, static_pad(convert, "sink"));
  link(static_pad(convert, "src"), static_pad(filter, "sink"));
  auto out = static_pad(filter, "src");
  if (encoder.keeps_channels)
    probes::on_channels(
        out.get(), [this, mixed, name = encoder.name](int channels) { tell_of_fewer_channels(mixed, channels, name); });
  auto coded = encoder.caps;
  if (auto element = make_encoder(encoder)) {
    element = add(std::move(element));
    probes::on_channels(out.get(), [element](int channels) { set_bitrate(element.get(), channels); });
    link(out, static_pad(element, "sink"));
    out = static_pad(element, "src");
    coded = encoder.coded;
  }
  if (encoder.counts_from_sound) probes::count_coded_opus(out.get());
  probes::move_sound(out.get(), run_);
  if (writes_matroska(container_)) probes::give_room(out.get(), name_with_room(*details_));
  link(out, muxer_pad(coded.get(), {}));
}

// Files do not always say how many there are: then it shows when the sound is there.
void DubBin::tell_of_fewer_channels(const PadPtr& mixed, int channels, const std::string& codec) {
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(mixed.get()));
  int before = 0;
  if (caps) gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "channels", &before);
  if (before > channels)
    tell_late(std::to_string(before) + " channels of the sound are mixed down to " + std::to_string(channels) +
              ", as " + codec + " has no place for them all here");
}

// A request pad of klingv2a for `stream`; its source pad comes later and is then linked to `to`. Returns its name.
std::string DubBin::request_companion(const Stream& stream, const PadPtr& to) {
  const auto pad = PadPtr::adopt(gst_element_request_pad_simple(kling_, "sink_%u"));
  if (!pad) throw make_error(ErrorKind::input, Phase::check, "klingv2a gives no pad for " + stream.input.name);
  const GCharPtr name(gst_pad_get_name(pad.get()));
  std::string source = "src_" + std::string(name.get()).substr(std::string("sink_").size());
  const MutexLocker lock(mutex_);
  requested_.push_back(pad);
  awaiting_[source] = to;
  entrances_.emplace_back(stream.pad, pad);
  return source;
}

// klingv2a's own streaming thread: the branch for this pad is ready.
void DubBin::on_kling_pad(const PadPtr& pad) {
  const GCharPtr name(gst_pad_get_name(pad.get()));
  PadPtr to;
  std::string copied;
  bool titled = false;
  std::shared_ptr<DubRun> run;
  {
    const MutexLocker lock(mutex_);
    if (const auto found = awaiting_.find(name.get()); found != awaiting_.end()) to = found->second;
    if (const auto found = copies_.find(name.get()); found != copies_.end()) copied = found->second;
    titled = !copied.empty() && copied == original_ && !traits_of(container_).edit_lists;
    run = run_;
  }
  if (!to) return;
  if (!copied.empty()) probes::move(pad.get(), run, copied);
  if (titled) probes::give_title(pad.get(), kOriginalTitle);
  link_or_tell(pad, to);
}

// For pads that come while data flows.
void DubBin::link_or_tell(const PadPtr& from, const PadPtr& to) {
  try {
    link(from, to);
  } catch (const Error& error) {
    auto details = error.details();
    details.paid = paid_so_far();
    messages::post_error(GST_ELEMENT(self_), details);
  }
}

StructurePtr DubBin::kling_stats() {
  GstStructure* stats = nullptr;
  g_object_get(kling_, "stats", &stats, nullptr);
  return StructurePtr(stats);
}

// What decodes the original comes when the sound is there.
Paid DubBin::paid_so_far() {
  const auto stats = kling_stats();
  guint paid_tasks = 0;
  if (stats) gst_structure_get_uint(stats.get(), "paid-tasks", &paid_tasks);
  return paid_tasks > 0 ? Paid::yes : Paid::no;
}

// The muxer's streaming thread, when the file is complete: no picture is lost without a word.
void DubBin::compare_frames() {
  const auto stats = kling_stats();
  const auto written = run_->written.count();
  guint64 came = 0;
  if (!stats || !written || !gst_structure_get_uint64(stats.get(), "frames-in", &came) || came == *written) return;
  auto details = make_error(ErrorKind::input, Phase::hold,
                            "the output has " + std::to_string(*written) + " of the video's " + std::to_string(came) +
                                " frames: " + traits_of(container_).muxer + " left the others out",
                            "keep the input, and write another container with mux; the sound is cached, and not paid "
                            "for again")
                     .details();
  details.paid = paid_so_far();
  {
    const MutexLocker lock(mutex_);
    lost_.push_back(details.message);
  }
  if (settings().strict) return messages::post_error(GST_ELEMENT(self_), details);
  messages::post_warning(GST_ELEMENT(self_), details);
  tell_program(details.message);
}

void DubBin::link(const PadPtr& from, const PadPtr& to) {
  const auto result = gst_pad_link(from.get(), to.get());
  if (result != GST_PAD_LINK_OK) throw cannot_link(from.get(), to.get(), result);
}

}  // namespace klingv2a
