// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See listener.h. The server's thread runs all but construction, destruction and counts(). One mutex guards the counts;
// the ids that were seen, and whether it has warned, are the server's thread's alone.
#include "callback/listener.h"

#include <algorithm>
#include <deque>
#include <string_view>
#include <utility>

#include "callback/webhook_signature.h"
#include "mutex.h"
#include "publish/name.h"

namespace klingv2a::callback {

namespace {

constexpr goffset kLargestBody = 64 * 1024;
constexpr gsize kMostRead = 1024 * 1024;  // before a sender is cut off
// A task has a handful of callbacks; by an id that is forgotten a callback only signals once more.
constexpr std::size_t kIdsKept = 256;
constexpr std::size_t kLongestId = 256;
constexpr const char* kBytesRead = "klingv2a-bytes-read";

enum class Drop { elsewhere, too_large, forged, stale, repeated };

const char* to_text(Drop why) {
  switch (why) {
    case Drop::elsewhere:
      return "another path or method";
    case Drop::too_large:
      return "too large";
    case Drop::forged:
      return "forged";
    case Drop::stale:
      return "stale";
    case Drop::repeated:
      return "repeated";
  }
  return "unknown";
}

guint status_of(Drop why) {
  switch (why) {
    case Drop::elsewhere:
      return SOUP_STATUS_NOT_FOUND;
    case Drop::too_large:
      return SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE;
    case Drop::forged:
    case Drop::stale:
      return SOUP_STATUS_UNAUTHORIZED;
    case Drop::repeated:
      break;
  }
  return SOUP_STATUS_NO_CONTENT;
}

std::string header(SoupServerMessage* message, const char* name) {
  const char* value = soup_message_headers_get_one(soup_server_message_get_request_headers(message), name);
  return value ? value : "";
}

// The part of our URL that the service is led to, without a slash at its end.
std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

class Listener::Server final : private http::RequestHandler {
 public:
  Server(const CallbackSettings& settings, Clock& clock)
      : clock_(clock),
        key_(settings.secret.empty() ? "" : decode_secret(settings.secret)),
        path_("/" + publish::unguessable_name()),
        server_(listen_address(settings), *this, "callback-listen"),
        url_((settings.public_url.empty() ? server_.url() : without_slash(settings.public_url)) + path_) {}

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] const WakeUp& event() const noexcept { return event_; }
  [[nodiscard]] Counts counts() const {
    const MutexLocker lock(mutex_);
    return counts_;
  }

 private:
  [[nodiscard]] bool knows_us(SoupServerMessage* message, const char* path) const override {
    return is_ours(message, path);
  }
  void on_headers(SoupServerMessage* message, const char* path) override;
  void on_request(SoupServerMessage* message, const char* path) override;
  static void on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer self);
  [[nodiscard]] bool is_ours(SoupServerMessage* message, std::string_view path) const;
  [[nodiscard]] bool is_genuine(SoupServerMessage* message);
  void drop(SoupServerMessage* message, Drop why);

  Clock& clock_;
  const std::string key_;   // empty: signatures are not looked at
  const std::string path_;  // as it arrives here: what stands before it in the public URL is the way's business
  WakeUp event_;
  std::deque<std::string> ids_;  // of genuine callbacks
  bool warned_ = false;
  mutable Mutex mutex_;
  Counts counts_ GUARDED_BY(mutex_);
  http::ServerThread server_;  // calls as soon as it is there
  const std::string url_;
};

// A proxy may pass the path on with its own prefix, or without.
bool Listener::Server::is_ours(SoupServerMessage* message, std::string_view path) const {
  return std::string_view(soup_server_message_get_method(message)) == "POST" && path.ends_with(path_);
}

void Listener::Server::on_headers(SoupServerMessage* message, const char* path) {
  g_signal_connect(message, "got-chunk", G_CALLBACK(on_chunk), this);
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  if (!is_ours(message, path)) return drop(message, Drop::elsewhere);
  if (soup_message_headers_get_content_length(headers) > kLargestBody) drop(message, Drop::too_large);
}

// Of a body without a length the size is known only now.
void Listener::Server::on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer self) {
  const gsize read = GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(message), kBytesRead)) + g_bytes_get_size(chunk);
  g_object_set_data(G_OBJECT(message), kBytesRead, GSIZE_TO_POINTER(read));
  const bool dropped = soup_server_message_get_status(message) != 0;
  if (!dropped && read > kLargestBody) static_cast<Server*>(self)->drop(message, Drop::too_large);
  if (read > kMostRead) g_socket_close(soup_server_message_get_socket(message), nullptr);
}

void Listener::Server::on_request(SoupServerMessage* message, const char* /*path*/) {
  if (!key_.empty() && !is_genuine(message)) return;
  {
    const MutexLocker lock(mutex_);
    ++counts_.taken;
  }
  // Before the answer, so that whoever has it knows that the poller is awake.
  event_.signal();
  soup_server_message_set_status(message, SOUP_STATUS_NO_CONTENT, nullptr);
}

bool Listener::Server::is_genuine(SoupServerMessage* message) {
  const WebhookHeaders headers{header(message, "webhook-id"), header(message, "webhook-timestamp"),
                               header(message, "webhook-signature")};
  const GBytesPtr bytes(soup_message_body_flatten(soup_server_message_get_request_body(message)));
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(bytes.get(), &size));
  const Verdict verdict =
      headers.id.size() > kLongestId ? Verdict::forged : judge(key_, headers, {text ? text : "", size}, clock_.wall());
  if (verdict != Verdict::genuine) {
    drop(message, verdict == Verdict::stale ? Drop::stale : Drop::forged);
    return false;
  }
  if (std::ranges::find(ids_, headers.id) != ids_.end()) {
    drop(message, Drop::repeated);
    return false;
  }
  ids_.push_back(headers.id);
  if (ids_.size() > kIdsKept) ids_.pop_front();
  return true;
}

// What is still to come of it is read, and not kept.
void Listener::Server::drop(SoupServerMessage* message, Drop why) {
  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  soup_server_message_set_status(message, status_of(why), nullptr);
  {
    const MutexLocker lock(mutex_);
    ++counts_.dropped;
    counts_.last_dropped_reason = to_text(why);
  }
  // These know the path, so a setting may be wrong. Once is enough.
  const bool worth_a_look = why == Drop::forged || why == Drop::stale;
  const bool is_first = worth_a_look && !std::exchange(warned_, true);
  g_log(G_LOG_DOMAIN, is_first ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_DEBUG, "a callback was dropped: %s", to_text(why));
}

Listener::Listener(const CallbackSettings& settings, Clock& clock)
    : server_(std::make_unique<Server>(settings, clock)) {}

Listener::~Listener() = default;

const std::string& Listener::url() const noexcept {
  return server_->url();
}

const WakeUp& Listener::event() const noexcept {
  return server_->event();
}

Counts Listener::counts() const {
  return server_->counts();
}

}  // namespace klingv2a::callback
