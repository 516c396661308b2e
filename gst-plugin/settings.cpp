// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include <span>

#include "enum_type.h"
#include "journal/location.h"
#include "kling/codec.h"
#include "kling/environment.h"
#include "property_table.h"
#include "publish/serve.h"

namespace klingv2a {

namespace {

constexpr const char* kLoopbackPublish = "serve://127.0.0.1";
constexpr guint64 kMinResultBytes = 1024;
constexpr Seconds kLongestCall{600};

http::Headers headers_of(const GstStructure* structure) {
  http::Headers headers;
  if (!structure) return headers;
  for (int i = 0; i < gst_structure_n_fields(structure); ++i) {
    const char* name = gst_structure_nth_field_name(structure, static_cast<guint>(i));
    const GValue* value = gst_structure_get_value(structure, name);
    // gst-launch reads headers,x-retries=3 as a number: it is sent as text all the same.
    const GCharPtr text(G_VALUE_HOLDS_STRING(value) ? g_value_dup_string(value) : gst_value_serialize(value));
    headers.emplace_back(name, text ? text.get() : "");
  }
  return headers;
}

}  // namespace

GType on_failure_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(OnFailure::error), "Post an error", "error"},
      {static_cast<int>(OnFailure::silence), "Post a warning and deliver silence", "silence"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return enum_type(&type, "GstKlingV2AOnFailure", values);
}

GType conform_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Conform::automatic), "Transcode where the video is not within the limits", "auto"},
      {static_cast<int>(Conform::never), "Remux only; anything else is an error", "never"},
      {static_cast<int>(Conform::always), "Transcode always", "always"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return enum_type(&type, "GstKlingV2AConform", values);
}

GType on_unknown_get_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(cycle::OnUnknown::error), "Post an error that says what to check", "error"},
      {static_cast<int>(cycle::OnUnknown::resubmit), "Ask for the task again", "resubmit"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  return enum_type(&type, "GstKlingV2AOnUnknown", values);
}

namespace {

// Each property once. A new one is a row here, at the end, and a line in README.md, which element_properties_test
// compares.
constexpr Property<Settings> kProperties[] = {
    {"api-key", "API key",
     "Bearer key of the service; if unset, from the environment: KLINGV2A_API_KEY, then COMETAPI_KEY",
     Text<Settings>{&Settings::api_key}, kWriteOnly},
    {"base-url", "Base URL",
     "The service; if unset, KLINGV2A_BASE_URL from the environment, else "
     "https://api.cometapi.com/kling",
     Text<Settings>{&Settings::base_url}},
    {"video-url", "Video URL",
     "Name the video by a public URL (.mp4 or .mov); nothing is published. Not together with video-id",
     Text<Settings>{&Settings::video_url}, kWriteOnly},
    {"video-id", "Video id",
     "Name the video by the id of a video that Kling made in the last 30 days; nothing is published",
     Text<Settings>{&Settings::video_id}},
    {"publish", "Publish",
     "How the proxy gets its video_url: serve://ADDRESS:PORT?public=URL (served from here), "
     "https://HOST/{name}.mp4 (HTTP PUT) or s3://BUCKET/PREFIX?region=NAME&endpoint=URL (a private "
     "bucket). Default: serve://127.0.0.1 if the service is on loopback",
     Text<Settings>{&Settings::publish}, kWriteOnly},
    {"publish-headers", "Publish headers", "Extra headers of the PUT, as a structure: headers,x-ms-blob-type=BlockBlob",
     Structure<Settings>{&Settings::publish_headers}, kWriteOnly},
    {"publish-public-url", "Public URL of a PUT",
     "Where the service fetches what was PUT, with {name}, if that is not where it was PUT to",
     Text<Settings>{&Settings::publish_public_url}, kWriteOnly},
    {"publish-check", "Publish check",
     "Fetch the first bytes of a published proxy before a task is paid for; turn it off if only "
     "the service can reach the URL",
     Flag<Settings>{&Settings::publish_check}},
    {"sound-effect-prompt", "Sound effect prompt", "What the sound effects should be, at most 200 characters",
     Text<Settings>{&Settings::sound_effect_prompt}},
    {"bgm-prompt", "Background music prompt", "What the background music should be, at most 200 characters",
     Text<Settings>{&Settings::bgm_prompt}},
    {"asmr-mode", "ASMR mode", "Ask for detailed, close sound", Flag<Settings>{&Settings::asmr_mode}},
    {"external-task-id", "External task id",
     "Your own id of the task, unique in the account; if unset, a random one is sent",
     Text<Settings>{&Settings::external_task_id}},
    {"callback-url", "Callback URL",
     "An https endpoint of yours that the service calls when the task's status changes; with "
     "callback-listen what leads to that from outside",
     Text<Settings>{&Settings::callback_url}, kWriteOnly},
    {"callback-listen", "Callback address",
     "ADDRESS:PORT to take the service's callbacks at, at a random path, so that the end of a task is "
     "known at once; polling goes on",
     Text<Settings>{&Settings::callback_listen}},
    {"callback-certificate", "Callback certificate",
     "PEM file with the certificate that callback-listen speaks TLS with; if unset, plain HTTP",
     Text<Settings>{&Settings::callback_certificate}},
    {"callback-key", "Callback key file",
     "PEM file with the certificate's private key; if unset, it is in callback-certificate",
     Text<Settings>{&Settings::callback_key}},
    {"callback-secret", "Callback secret",
     "The account's webhook secret (whsec_...): callbacks that are not signed with it are dropped; if "
     "unset, KLINGV2A_CALLBACK_SECRET from the environment",
     Text<Settings>{&Settings::callback_secret}, kWriteOnly},
    {"take", "Take", "The same clip and settings with another take is another task (a number)",
     Number<Settings, guint>{&Settings::take, 0, G_MAXUINT}},
    {"on-failure", "On failure", "What happens when no sound can be had: an error, or a warning and real silence",
     choice<Settings, OnFailure, &Settings::on_failure>(on_failure_get_type)},
    {"timeout", "Time-out",
     "How long to wait for a task and its sound; for the next frame a tenth of it; no task is ever given up "
     "(in seconds)",
     Number<Settings, guint>{&Settings::timeout_s, 1, 7 * 24 * 3600}},
    {"connect-timeout", "Connect time-out", "How long connecting to a server may take (in seconds)",
     Number<Settings, guint>{&Settings::connect_timeout_s, 1, 3600}},
    {"idle-timeout", "Idle time-out", "How long a connection may be silent before it counts as lost (in seconds)",
     Number<Settings, guint>{&Settings::idle_timeout_s, 1, 3600}},
    {"max-result-bytes", "Largest result", "How large a downloaded sound may be (in bytes)",
     Number<Settings, guint64>{&Settings::max_result_bytes, kMinResultBytes, G_MAXUINT64}},
    {"spool-dir", "Spool directory",
     "Where the proxy and the result are kept while they are needed; if unset, TMPDIR unless that is in "
     "memory, then /var/tmp",
     Text<Settings>{&Settings::spool_dir}},
    {"latency", "Latency",
     "What a live upstream's latency grows by, so that synchronised sinks do not drop what waited "
     "for its sound (in nanoseconds)",
     Number<Settings, guint64>{&Settings::latency, 0, G_MAXUINT64}},
    {"access-key", "Access key",
     "Kling's own access key, together with secret-key and instead of api-key; if unset, "
     "KLINGV2A_ACCESS_KEY from the environment",
     Text<Settings>{&Settings::access_key}, kWriteOnly},
    {"secret-key", "Secret key",
     "What requests are signed with for access-key; if unset, KLINGV2A_SECRET_KEY from the environment",
     Text<Settings>{&Settings::secret_key}, kWriteOnly},
    {"journal", "Journal",
     "The record of what was paid for: a file's path or postgresql://USER@HOST/DATABASE; if unset, "
     "KLINGV2A_JOURNAL from the environment, else klingv2a/journal.sqlite in XDG_STATE_HOME",
     Text<Settings>{&Settings::journal}, kWriteOnly},
    {"max-tasks", "Most tasks",
     "How many tasks of the account may be under way at a time, over all that share the journal (in tasks)",
     Number<Settings, guint>{&Settings::max_tasks, 1, 1000}},
    {"max-kept-bytes", "Cached results",
     "How much all downloaded sounds together may take in XDG_CACHE_HOME, so that they play "
     "again without a request; the oldest go first; 0 keeps none (in bytes)",
     Number<Settings, guint64>{&Settings::max_kept_bytes, 0, G_MAXUINT64}},
    {"on-unknown", "On unknown outcome",
     "What happens when an earlier run asked for the clip's task and nobody can say whether it "
     "exists: an error, or it is asked for again, and perhaps paid for twice",
     choice<Settings, cycle::OnUnknown, &Settings::on_unknown>(on_unknown_get_type)},
    {"conform", "Conform",
     "May the service be shown a transcoded copy: where the video itself is not within the limits, "
     "never, or always; what leaves on video is untouched all the same",
     choice<Settings, Conform, &Settings::conform>(conform_get_type)},
    {"proxy-bitrate", "Bit rate of the proxy",
     "Of a transcoded proxy; at 20 s, 8000 make 20 MB of the 100 MB that the service takes (in kbit/s)",
     Number<Settings, guint>{&Settings::proxy_bitrate_kbit, 100, 38000}},
    {"max-hold-bytes", "Held in memory",
     "How much of held frames and companions stays in memory; what is "
     "beyond waits in files in spool-dir (in bytes)",
     Number<Settings, guint64>{&Settings::max_hold_bytes, 0, G_MAXUINT64}},
    {"dry-run", "Dry run",
     "Check, make and publish everything, say what would be sent and paid, and deliver silence "
     "instead of asking for a task",
     Flag<Settings>{&Settings::dry_run}},
    {"publish-expiry", "Expiry of a link to S3",
     "How long the service can fetch the proxy from S3, at least timeout and 15 min; 0: twice timeout and 1 h "
     "(in seconds)",
     Number<Settings, guint>{&Settings::publish_expiry_s, 0, 7 * 24 * 3600}},
    {"publish-keep", "Keep the proxy on S3", "Leave the proxy in the bucket when its task has ended",
     Flag<Settings>{&Settings::publish_keep}},
    {"max-clips", "Most clips",
     "How many tasks one video may ask for: one that is longer than 20 s is cut into clips; 1: such a video is an "
     "error (in tasks)",
     Number<Settings, guint>{&Settings::max_clips, 1, 100000}},
    {"max-clips-ahead", "Most clips ahead",
     "How many clips of a long video may be taken in beyond those that play, before upstream waits (in clips)",
     Number<Settings, guint>{&Settings::max_clips_ahead, 2, 100000}},
    {"join-price", "Price of a join",
     "What a join inside a shot, where it may be heard, counts beside a clip that is paid for: higher gives fewer such "
     "joins and more clips (in clips)",
     Number<Settings, double>{&Settings::join_price, 0, 100}},
    {"plan-ahead", "Plan ahead",
     "How much of a long video is looked at before it is decided where a clip ends, at least 60 s (in nanoseconds)",
     Number<Settings, guint64>{&Settings::plan_ahead, 60 * GST_SECOND, 3600 * GST_SECOND}},
    {"no-music", "No music",
     "Ask for no background music where a video is cut into several clips, each of which would have a music of its "
     "own, "
     "unless bgm-prompt asks for one",
     Flag<Settings>{&Settings::no_music}},
    {"silence-timeout", "Silence time-out", "The old name of idle-timeout (in seconds)",
     Number<Settings, guint>{&Settings::idle_timeout_s, 1, 3600}, kOldName},
};

constexpr std::span<const Property<Settings>> kTable{kProperties};

// What a property says wins over the environment.
void set_credentials(kling::Service& service, const Settings& settings) {
  service.api_key = settings.api_key;
  service.access_key = settings.access_key;
  service.secret_key = settings.secret_key;
  kling::add_credentials_of_environment(service);
}

// With a listener callback-url is its public face; the request's callback_url is known once it listens.
void set_callback(cycle::CycleSettings& cycle, const Settings& settings) {
  const bool listens = !settings.callback_listen.empty();
  cycle.callback = {.listen = settings.callback_listen,
                    .certificate = settings.callback_certificate,
                    .private_key = settings.callback_key,
                    .secret = settings.callback_secret.empty() ? kling::first_set({"KLINGV2A_CALLBACK_SECRET"})
                                                               : settings.callback_secret,
                    .public_url = listens ? settings.callback_url : ""};
  if (!listens) cycle.request.callback_url = settings.callback_url;
}

}  // namespace

RunSettings snapshot(const Settings& settings, unsigned clip_number) {
  RunSettings run;
  auto& cycle = run.cycle;
  set_credentials(cycle.service, settings);
  cycle.service.base_url = kling::base_url_or_default(settings.base_url);
  const http::Timeouts timeouts{
      .connect = Seconds(settings.connect_timeout_s), .idle = Seconds(settings.idle_timeout_s), .total = kLongestCall};
  cycle.service.timeouts = timeouts;
  cycle.request = {.video_id = settings.video_id,
                   .video_url = settings.video_url,
                   .sound_effect_prompt = settings.sound_effect_prompt,
                   .bgm_prompt = settings.bgm_prompt,
                   .asmr_mode = settings.asmr_mode,
                   .external_task_id = settings.external_task_id,
                   .callback_url = {}};
  set_callback(cycle, settings);
  cycle.publish = {.uri = settings.publish,
                   .headers = headers_of(settings.publish_headers.get()),
                   .public_url = settings.publish_public_url,
                   .check = settings.publish_check,
                   .timeouts = timeouts,
                   .expiry = Seconds(settings.publish_expiry_s),
                   .keep = settings.publish_keep,
                   .timeout = Seconds(settings.timeout_s)};
  if (settings.publish.empty() && http::is_loopback_url(cycle.service.base_url)) cycle.publish.uri = kLoopbackPublish;
  cycle.timeout = run.timeout = Seconds(settings.timeout_s);
  cycle.max_result_bytes = settings.max_result_bytes;
  cycle.spool_dir = run.spool_dir = settings.spool_dir;
  run.conform = settings.conform;
  run.proxy_bitrate_kbit = settings.proxy_bitrate_kbit;
  run.dry_run = settings.dry_run;
  cycle.journal = settings.journal;
  cycle.max_kept_bytes = settings.max_kept_bytes;
  cycle.max_tasks = settings.max_tasks;
  cycle.on_unknown = settings.on_unknown;
  run.on_failure = settings.on_failure;
  run.take = settings.take;
  return for_clip(std::move(run), clip_number);
}

RunSettings for_clip(RunSettings settings, unsigned clip_number) {
  auto& id = settings.cycle.request.external_task_id;
  if (clip_number > 1 && !id.empty()) id += "-" + std::to_string(clip_number);
  return settings;
}

bool wants_port_alone(const RunSettings& settings) {
  constexpr std::string_view kServe = "serve://";
  const auto& uri = settings.cycle.publish.uri;
  const bool serves = !settings.by_reference() && !settings.cycle.publish.publish_clip && uri.starts_with(kServe);
  const auto& listen = settings.cycle.callback.listen;
  return (!listen.empty() && !listen.ends_with(":0")) || (serves && publish::parse_serve(uri).port != 0);
}

void check(const RunSettings& settings) {
  kling::validate(settings.cycle.service);
  (void)journal::locate(settings.cycle.journal, settings.cycle.service.base_url);
  callback::validate(settings.cycle.callback, settings.cycle.service.base_url);
  auto request = settings.cycle.request;
  if (!settings.by_reference()) {
    if (settings.cycle.publish.uri.empty() && !settings.cycle.publish.publish_clip)
      throw make_error(
          ErrorKind::settings, Phase::check,
          "the service cannot reach this machine's files and the property publish is not set",
          "set publish=https://…/{name}.mp4, s3://… or serve://…?public=…, connect to the signal publish-clip, or "
          "name the video by video-url");
    publish::validate(settings.cycle.publish);
    // Stands for the URL that publishing will give, so that the other rules can be checked now.
    request.video_url = "https://proxy.invalid/proxy.mp4";
  }
  kling::validate(request);
}

void install_settings(GObjectClass* gobject_class) {
  install_properties(gobject_class, kTable);
}

bool set_setting(Settings& settings, guint id, const GValue* value) {
  return set_in(settings, kTable, id, value);
}

bool get_setting(const Settings& settings, guint id, GValue* value) {
  return get_from(settings, kTable, id, value);
}

guint first_free_property_id() {
  return std::size(kProperties) + 1;
}

}  // namespace klingv2a
