// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings.h"

#include <array>

#include "enum_type.h"
#include "journal/location.h"
#include "kling/codec.h"
#include "kling/environment.h"
#include "setting.h"

namespace klingv2a {

namespace {

constexpr const char* kLoopbackPublish = "serve://127.0.0.1";
constexpr guint64 kMinResultBytes = 1024;

enum Id : guint {
  kApiKey = 1,
  kBaseUrl,
  kVideoUrl,
  kVideoId,
  kPublish,
  kPublishHeaders,
  kPublishPublicUrl,
  kPublishCheck,
  kSoundEffectPrompt,
  kBgmPrompt,
  kAsmrMode,
  kExternalTaskId,
  kCallbackUrl,
  kCallbackListen,
  kCallbackCertificate,
  kCallbackKey,
  kCallbackSecret,
  kTake,
  kOnFailure,
  kTimeout,
  kConnectTimeout,
  kSilenceTimeout,
  kMaxResultBytes,
  kSpoolDir,
  kLatency,
  kAccessKey,
  kSecretKey,
  kJournal,
  kMaxTasks,
  kMaxKeptBytes,
  kOnUnknown,
  kConform,
  kProxyBitrate,
  kMaxHoldBytes,
  kDryRun,
  kPublishExpiry,
  kPublishKeep,
  kFirstFree,
};

constexpr auto kReadWrite = static_cast<GParamFlags>(G_PARAM_READWRITE | kSettingFlags);
// Secrets, and URLs that may carry a signature or an unguessable path: never in a DOT dump, a preset or gst-inspect.
constexpr auto kWriteOnly = static_cast<GParamFlags>(G_PARAM_WRITABLE | kSettingFlags);

struct StringProperty {
  Id id;
  std::string Settings::*member;
  const char* name;
  const char* nick;
  const char* blurb;
  GParamFlags flags;
};

constexpr std::array kStrings{
    StringProperty{kApiKey, &Settings::api_key, "api-key", "API key",
                   "Bearer key of the service; if unset, from the environment: KLINGV2A_API_KEY, then COMETAPI_KEY",
                   kWriteOnly},
    StringProperty{kAccessKey, &Settings::access_key, "access-key", "Access key",
                   "Kling's own access key, together with secret-key and instead of api-key; if unset, "
                   "KLINGV2A_ACCESS_KEY from the environment",
                   kWriteOnly},
    StringProperty{kSecretKey, &Settings::secret_key, "secret-key", "Secret key",
                   "What requests are signed with for access-key; if unset, KLINGV2A_SECRET_KEY from the environment",
                   kWriteOnly},
    StringProperty{kBaseUrl, &Settings::base_url, "base-url", "Base URL",
                   "The service; if unset, KLINGV2A_BASE_URL from the environment, else "
                   "https://api.cometapi.com/kling",
                   kReadWrite},
    StringProperty{kVideoUrl, &Settings::video_url, "video-url", "Video URL",
                   "Name the video by a public URL (.mp4 or .mov); nothing is published. Not together with video-id",
                   kWriteOnly},
    StringProperty{kVideoId, &Settings::video_id, "video-id", "Video id",
                   "Name the video by the id of a video that Kling made in the last 30 days; nothing is published",
                   kReadWrite},
    StringProperty{kPublish, &Settings::publish, "publish", "Publish",
                   "How the proxy gets its video_url: serve://ADDRESS:PORT?public=URL (served from here), "
                   "https://HOST/{name}.mp4 (HTTP PUT) or s3://BUCKET/PREFIX?region=NAME&endpoint=URL (a private "
                   "bucket). Default: serve://127.0.0.1 if the service is on loopback",
                   kWriteOnly},
    StringProperty{kPublishPublicUrl, &Settings::publish_public_url, "publish-public-url", "Public URL of a PUT",
                   "Where the service fetches what was PUT, with {name}, if that is not where it was PUT to",
                   kWriteOnly},
    StringProperty{kSoundEffectPrompt, &Settings::sound_effect_prompt, "sound-effect-prompt", "Sound effect prompt",
                   "What the sound effects should be, at most 200 characters", kReadWrite},
    StringProperty{kBgmPrompt, &Settings::bgm_prompt, "bgm-prompt", "Background music prompt",
                   "What the background music should be, at most 200 characters", kReadWrite},
    StringProperty{kExternalTaskId, &Settings::external_task_id, "external-task-id", "External task id",
                   "Your own id of the task, unique in the account; if unset, a random one is sent", kReadWrite},
    StringProperty{kCallbackUrl, &Settings::callback_url, "callback-url", "Callback URL",
                   "An https endpoint of yours that the service calls when the task's status changes; with "
                   "callback-listen what leads to that from outside",
                   kWriteOnly},
    StringProperty{kCallbackListen, &Settings::callback_listen, "callback-listen", "Callback address",
                   "ADDRESS:PORT to take the service's callbacks at, at a random path, so that the end of a task is "
                   "known at once; polling goes on",
                   kReadWrite},
    StringProperty{
        kCallbackCertificate, &Settings::callback_certificate, "callback-certificate", "Callback certificate",
        "PEM file with the certificate that callback-listen speaks TLS with; if unset, plain HTTP", kReadWrite},
    StringProperty{kCallbackKey, &Settings::callback_key, "callback-key", "Callback key file",
                   "PEM file with the certificate's private key; if unset, it is in callback-certificate", kReadWrite},
    StringProperty{kCallbackSecret, &Settings::callback_secret, "callback-secret", "Callback secret",
                   "The account's webhook secret (whsec_...): callbacks that are not signed with it are dropped; if "
                   "unset, KLINGV2A_CALLBACK_SECRET from the environment",
                   kWriteOnly},
    StringProperty{kSpoolDir, &Settings::spool_dir, "spool-dir", "Spool directory",
                   "Where the proxy and the result are kept while they are needed; if unset, TMPDIR unless that is in "
                   "memory, then /var/tmp",
                   kReadWrite},
    StringProperty{kJournal, &Settings::journal, "journal", "Journal",
                   "The record of what was paid for: a file's path or postgresql://USER@HOST/DATABASE; if unset, "
                   "KLINGV2A_JOURNAL from the environment, else klingv2a/journal.sqlite in XDG_STATE_HOME",
                   kWriteOnly},
};

struct UintProperty {
  Id id;
  guint Settings::*member;
  const char* name;
  const char* nick;
  const char* blurb;
  guint min, max, initial;
};

constexpr std::array kUints{
    UintProperty{kTake, &Settings::take, "take", "Take",
                 "The same clip and settings with another take is another task (a number)", 0, G_MAXUINT, 0},
    UintProperty{
        kTimeout, &Settings::timeout_s, "timeout", "Time-out",
        "How long to wait for a task and its sound; for the next frame a tenth of it; no task is ever given up "
        "(in seconds)",
        1, 7 * 24 * 3600, 20 * 60},
    UintProperty{kMaxTasks, &Settings::max_tasks, "max-tasks", "Most tasks",
                 "How many tasks of the account may be under way at a time, over all that share the journal (in tasks)",
                 1, 1000, 5},
    UintProperty{kProxyBitrate, &Settings::proxy_bitrate_kbit, "proxy-bitrate", "Bit rate of the proxy",
                 "Of a transcoded proxy; at 20 s, 8000 make 20 MB of the 100 MB that the service takes (in kbit/s)",
                 100, 38000, 8000},
    UintProperty{
        kPublishExpiry, &Settings::publish_expiry_s, "publish-expiry", "Expiry of a link to S3",
        "How long the service can fetch the proxy from S3, at least timeout and 15 min; 0: twice timeout and 1 h "
        "(in seconds)",
        0, 7 * 24 * 3600, 0},
    UintProperty{kConnectTimeout, &Settings::connect_timeout_s, "connect-timeout", "Connect time-out",
                 "How long connecting to a server may take (in seconds)", 1, 3600, 10},
    UintProperty{kSilenceTimeout, &Settings::silence_timeout_s, "silence-timeout", "Silence time-out",
                 "How long a connection may be silent before it counts as lost (in seconds)", 1, 3600, 30},
};

std::string text_of(const GValue* value) {
  const char* text = g_value_get_string(value);
  return text ? text : "";
}

const StringProperty* find_string(guint id) {
  for (const auto& property : kStrings)
    if (property.id == id) return &property;
  return nullptr;
}

const UintProperty* find_uint(guint id) {
  for (const auto& property : kUints)
    if (property.id == id) return &property;
  return nullptr;
}

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

void install_other_settings(GObjectClass* gobject_class) {
  g_object_class_install_property(
      gobject_class, kPublishHeaders,
      g_param_spec_boxed("publish-headers", "Publish headers",
                         "Extra headers of the PUT, as a structure: headers,x-ms-blob-type=BlockBlob",
                         GST_TYPE_STRUCTURE, kWriteOnly));
  g_object_class_install_property(
      gobject_class, kPublishCheck,
      g_param_spec_boolean("publish-check", "Publish check",
                           "Fetch the first bytes of a published proxy before a task is paid for; turn it off if only "
                           "the service can reach the URL",
                           TRUE, kReadWrite));
  g_object_class_install_property(
      gobject_class, kPublishKeep,
      g_param_spec_boolean("publish-keep", "Keep the proxy on S3",
                           "Leave the proxy in the bucket when its task has ended", FALSE, kReadWrite));
  g_object_class_install_property(
      gobject_class, kAsmrMode,
      g_param_spec_boolean("asmr-mode", "ASMR mode", "Ask for detailed, close sound", FALSE, kReadWrite));
  g_object_class_install_property(
      gobject_class, kOnFailure,
      g_param_spec_enum("on-failure", "On failure",
                        "What happens when no sound can be had: an error, or a warning and real silence",
                        on_failure_get_type(), 0, kReadWrite));
  g_object_class_install_property(
      gobject_class, kOnUnknown,
      g_param_spec_enum("on-unknown", "On unknown outcome",
                        "What happens when an earlier run asked for the clip's task and nobody can say whether it "
                        "exists: an error, or it is asked for again, and perhaps paid for twice",
                        on_unknown_get_type(), 0, kReadWrite));
  g_object_class_install_property(
      gobject_class, kConform,
      g_param_spec_enum("conform", "Conform",
                        "May the service be shown a transcoded copy: where the video itself is not within the limits, "
                        "never, or always; what leaves on video is untouched all the same",
                        conform_get_type(), 0, kReadWrite));
  g_object_class_install_property(
      gobject_class, kDryRun,
      g_param_spec_boolean("dry-run", "Dry run",
                           "Check, make and publish everything, say what would be sent and paid, and deliver silence "
                           "instead of asking for a task",
                           FALSE, kReadWrite));
}

void install_sizes(GObjectClass* gobject_class) {
  g_object_class_install_property(gobject_class, kMaxHoldBytes,
                                  g_param_spec_uint64("max-hold-bytes", "Held in memory",
                                                      "How much of held frames and companions stays in memory; what is "
                                                      "beyond waits in files in spool-dir (in bytes)",
                                                      0, G_MAXUINT64, 64ull * 1024 * 1024, kReadWrite));
  g_object_class_install_property(
      gobject_class, kMaxKeptBytes,
      g_param_spec_uint64("max-kept-bytes", "Kept results",
                          "How much all downloaded sounds together may take in XDG_CACHE_HOME, so that they play "
                          "again without a request; the oldest go first; 0 keeps none (in bytes)",
                          0, G_MAXUINT64, 2ull * 1024 * 1024 * 1024, kReadWrite));
  g_object_class_install_property(
      gobject_class, kMaxResultBytes,
      g_param_spec_uint64("max-result-bytes", "Largest result", "How large a downloaded sound may be (in bytes)",
                          kMinResultBytes, G_MAXUINT64, 200ull * 1024 * 1024, kReadWrite));
  g_object_class_install_property(
      gobject_class, kLatency,
      g_param_spec_uint64("latency", "Latency",
                          "What a live upstream's latency grows by, so that synchronised sinks do not drop what waited "
                          "for its sound (in nanoseconds)",
                          0, G_MAXUINT64, 0, kReadWrite));
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
  cycle.callback = {
      settings.callback_listen, settings.callback_certificate, settings.callback_key,
      settings.callback_secret.empty() ? kling::first_set({"KLINGV2A_CALLBACK_SECRET"}) : settings.callback_secret,
      listens ? settings.callback_url : ""};
  if (!listens) cycle.request.callback_url = settings.callback_url;
}

}  // namespace

RunSettings snapshot(const Settings& settings, unsigned clip_number) {
  RunSettings run;
  auto& cycle = run.cycle;
  set_credentials(cycle.service, settings);
  cycle.service.base_url = kling::base_url_or_default(settings.base_url);
  const http::Timeouts timeouts{Seconds(settings.connect_timeout_s), Seconds(settings.silence_timeout_s), Seconds(600)};
  cycle.service.timeouts = timeouts;
  cycle.request = {settings.video_id,
                   settings.video_url,
                   settings.sound_effect_prompt,
                   settings.bgm_prompt,
                   settings.asmr_mode,
                   settings.external_task_id,
                   {}};
  set_callback(cycle, settings);
  cycle.publish = {settings.publish, headers_of(settings.publish_headers.get()), settings.publish_public_url,
                   settings.publish_check, timeouts};
  cycle.publish.expiry = Seconds(settings.publish_expiry_s);
  cycle.publish.keep = settings.publish_keep;
  cycle.publish.timeout = Seconds(settings.timeout_s);
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
  for (const auto& property : kStrings)
    g_object_class_install_property(
        gobject_class, property.id,
        g_param_spec_string(property.name, property.nick, property.blurb, nullptr, property.flags));
  for (const auto& property : kUints)
    g_object_class_install_property(gobject_class, property.id,
                                    g_param_spec_uint(property.name, property.nick, property.blurb, property.min,
                                                      property.max, property.initial, kReadWrite));
  install_other_settings(gobject_class);
  install_sizes(gobject_class);
}

bool set_setting(Settings& settings, guint id, const GValue* value) {
  if (const auto* property = find_string(id)) {
    settings.*property->member = text_of(value);
    return true;
  }
  if (const auto* property = find_uint(id)) {
    settings.*property->member = g_value_get_uint(value);
    return true;
  }
  switch (id) {
    case kPublishHeaders:
      settings.publish_headers.reset(static_cast<GstStructure*>(g_value_dup_boxed(value)));
      return true;
    case kPublishCheck:
      settings.publish_check = g_value_get_boolean(value);
      return true;
    case kPublishKeep:
      settings.publish_keep = g_value_get_boolean(value);
      return true;
    case kAsmrMode:
      settings.asmr_mode = g_value_get_boolean(value);
      return true;
    case kOnFailure:
      settings.on_failure = static_cast<OnFailure>(g_value_get_enum(value));
      return true;
    case kOnUnknown:
      settings.on_unknown = static_cast<cycle::OnUnknown>(g_value_get_enum(value));
      return true;
    case kConform:
      settings.conform = static_cast<Conform>(g_value_get_enum(value));
      return true;
    case kDryRun:
      settings.dry_run = g_value_get_boolean(value);
      return true;
    case kMaxHoldBytes:
      settings.max_hold_bytes = g_value_get_uint64(value);
      return true;
    case kMaxKeptBytes:
      settings.max_kept_bytes = g_value_get_uint64(value);
      return true;
    case kMaxResultBytes:
      settings.max_result_bytes = g_value_get_uint64(value);
      return true;
    case kLatency:
      settings.latency = g_value_get_uint64(value);
      return true;
    default:
      return false;
  }
}

bool get_setting(const Settings& settings, guint id, GValue* value) {
  if (const auto* property = find_string(id)) {
    const auto& text = settings.*property->member;
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
    return true;
  }
  if (const auto* property = find_uint(id)) {
    g_value_set_uint(value, settings.*property->member);
    return true;
  }
  switch (id) {
    case kPublishHeaders:
      g_value_set_boxed(value, settings.publish_headers.get());
      return true;
    case kPublishCheck:
      g_value_set_boolean(value, settings.publish_check);
      return true;
    case kPublishKeep:
      g_value_set_boolean(value, settings.publish_keep);
      return true;
    case kAsmrMode:
      g_value_set_boolean(value, settings.asmr_mode);
      return true;
    case kOnFailure:
      g_value_set_enum(value, static_cast<int>(settings.on_failure));
      return true;
    case kOnUnknown:
      g_value_set_enum(value, static_cast<int>(settings.on_unknown));
      return true;
    case kConform:
      g_value_set_enum(value, static_cast<int>(settings.conform));
      return true;
    case kDryRun:
      g_value_set_boolean(value, settings.dry_run);
      return true;
    case kMaxHoldBytes:
      g_value_set_uint64(value, settings.max_hold_bytes);
      return true;
    case kMaxKeptBytes:
      g_value_set_uint64(value, settings.max_kept_bytes);
      return true;
    case kMaxResultBytes:
      g_value_set_uint64(value, settings.max_result_bytes);
      return true;
    case kLatency:
      g_value_set_uint64(value, settings.latency);
      return true;
    default:
      return false;
  }
}

guint first_free_property_id() {
  return kFirstFree;
}

}  // namespace klingv2a
