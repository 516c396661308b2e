// SPDX-License-Identifier: LGPL-2.1-or-later
#include "callback_sender.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "envelope.h"
#include "private_context.h"

namespace klingv2a::sim {
namespace {

constexpr guint kTimeoutSeconds = 5;
constexpr std::int64_t kStaleSeconds = 3600;
constexpr std::size_t kOversize = 1'000'000;

// "whsec_" and base64.
std::string key_of(const std::string& secret) {
  constexpr std::string_view kPrefix = "whsec_";
  if (secret.empty()) return {};
  gsize size = 0;
  const std::string base64 = secret.starts_with(kPrefix) ? secret.substr(kPrefix.size()) : "";
  const std::unique_ptr<guchar, Deleter<g_free>> key(g_base64_decode(base64.c_str(), &size));
  if (size == 0) throw std::invalid_argument("--callback-secret is not whsec_ and base64");
  return {reinterpret_cast<const char*>(key.get()), size};
}

bool is(const std::optional<Fault>& fault, Fault::Do what) {
  return fault && fault->what == what;
}

// On loopback a certificate of one's own will do.
gboolean accept_on_loopback(SoupMessage* message, GTlsCertificate*, GTlsCertificateFlags, gpointer) {
  const auto address =
      GObjectPtr<GInetAddress>::adopt(g_inet_address_new_from_string(g_uri_get_host(soup_message_get_uri(message))));
  return address && g_inet_address_get_is_loopback(address.get());
}

}  // namespace

CallbackSender::CallbackSender(const Options& options, Ledger& ledger, FaultQueue& faults)
    : dialect_(options.dialect),
      naming_(options.naming),
      key_(key_of(options.callback_secret)),
      ledger_(ledger),
      faults_(faults),
      thread_([this] { run(); }) {}

CallbackSender::~CallbackSender() {
  stop();
  thread_.join();
}

void CallbackSender::stop() {
  {
    const MutexLocker lock(mutex_);
    stopping_ = true;
  }
  change_.notify_all();
  g_cancellable_cancel(cancellable_.get());
}

void CallbackSender::tell(const SimTask& task) {
  if (task.submit.callback_url.empty()) return;
  Callback callback = callback_of(task);
  if (is(callback.fault, Fault::Do::lose)) return;
  if (is(callback.fault, Fault::Do::early)) return send(callback);
  {
    const MutexLocker lock(mutex_);
    queue_.push_back(std::move(callback));
  }
  change_.notify_all();
}

CallbackSender::Callback CallbackSender::callback_of(const SimTask& task) {
  auto fault = faults_.take({Fault::On::callback});
  const std::chrono::seconds delay(is(fault, Fault::Do::late) ? fault->seconds : 0);
  return {task.submit.callback_url, callback_body({dialect_, naming_, {}}, task),
          task.paid.task_id,        task.paid.status,
          std::move(fault),         Clock::now() + delay};
}

void CallbackSender::run() {
  Callback callback;
  while (take_due(callback)) send(callback);
}

// Waits for the first one whose time has come; false: the service ends.
bool CallbackSender::take_due(Callback& callback) {
  const MutexLocker lock(mutex_);
  for (;;) {
    if (stopping_) return false;
    const auto next = std::ranges::min_element(queue_, {}, &Callback::due);
    if (next == queue_.end()) {
      change_.wait(mutex_);
    } else if (next->due > Clock::now()) {
      change_.wait_until(mutex_, Clock::time_point(next->due));
    } else {
      callback = std::move(*next);
      queue_.erase(next);
      return true;
    }
  }
}

// Also the second delivery has the id of the first.
void CallbackSender::send(const Callback& callback) {
  const GCharPtr uuid(g_uuid_string_random());
  const std::string id = std::string("msg_") + uuid.get();
  const int times = is(callback.fault, Fault::Do::repeat) ? 2 : 1;
  for (int i = 0; i < times && !g_cancellable_is_cancelled(cancellable_.get()); ++i)
    ledger_.record(SentCallback{callback.task_id, callback.status, post(callback, id)});
}

std::string CallbackSender::signature(const std::string& signed_part, bool forged) const {
  const std::string key = forged ? key_ + "of another account" : key_;
  const std::unique_ptr<GHmac, Deleter<g_hmac_unref>> hmac(
      g_hmac_new(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(key.data()), key.size()));
  g_hmac_update(hmac.get(), reinterpret_cast<const guchar*>(signed_part.data()),
                static_cast<gssize>(signed_part.size()));
  std::array<guint8, 32> digest{};
  gsize size = digest.size();
  g_hmac_get_digest(hmac.get(), digest.data(), &size);
  const GCharPtr base64(g_base64_encode(digest.data(), size));
  return std::string("v1,") + base64.get();
}

void CallbackSender::sign(SoupMessageHeaders* headers, const std::optional<Fault>& fault, const std::string& id,
                          const std::string& body) const {
  const std::int64_t age_s = is(fault, Fault::Do::stale) ? kStaleSeconds : 0;
  const std::string timestamp = std::to_string(g_get_real_time() / G_USEC_PER_SEC - age_s);
  const std::string text = signature(id + "." + timestamp + "." + body, is(fault, Fault::Do::forge));
  soup_message_headers_append(headers, "webhook-id", id.c_str());
  soup_message_headers_append(headers, "webhook-timestamp", timestamp.c_str());
  soup_message_headers_append(headers, "webhook-signature", text.c_str());
}

// The status of the answer; 0: there was none.
int CallbackSender::post(const Callback& callback, const std::string& id) {
  const PrivateContext context;
  const std::string body = is(callback.fault, Fault::Do::oversize) ? std::string(kOversize, ' ') : callback.body;
  const auto session = GObjectPtr<SoupSession>::adopt(
      soup_session_new_with_options("timeout", kTimeoutSeconds, "user-agent", "klingv2a-sim", nullptr));
  const auto message = GObjectPtr<SoupMessage>::adopt(soup_message_new(SOUP_METHOD_POST, callback.url.c_str()));
  if (!message) return 0;
  g_signal_connect(message.get(), "accept-certificate", G_CALLBACK(accept_on_loopback), nullptr);
  const GBytesPtr bytes(g_bytes_new(body.data(), body.size()));
  soup_message_set_request_body_from_bytes(message.get(), "application/json", bytes.get());
  if (!key_.empty()) sign(soup_message_get_request_headers(message.get()), callback.fault, id, body);
  const auto stream =
      GObjectPtr<GInputStream>::adopt(soup_session_send(session.get(), message.get(), cancellable_.get(), nullptr));
  return stream ? static_cast<int>(soup_message_get_status(message.get())) : 0;
}

}  // namespace klingv2a::sim
