// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The client: libsoup sessions without the features that act by themselves, and the check of what goes on the wire.
// Everything runs on the thread that made the client. No lock here; the watchdog has its own.
#include "http/client.h"

#include <libsoup/soup.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "http/call.h"
#include "http/network_environment.h"
#include "http/partial_download.h"
#include "http/watchdog.h"

namespace klingv2a::http {
namespace {

using MainContextPtr = std::unique_ptr<GMainContext, Deleter<g_main_context_unref>>;

// libsoup attaches timers to the thread's main context. Without one of our own that would be the application's, whose
// thread would then touch our connections.
class OwnMainContext {
 public:
  explicit OwnMainContext(GMainContext* context) : context_(context) { g_main_context_push_thread_default(context_); }
  ~OwnMainContext() { g_main_context_pop_thread_default(context_); }
  OwnMainContext(const OwnMainContext&) = delete;
  OwnMainContext& operator=(const OwnMainContext&) = delete;

 private:
  GMainContext* context_;
};

[[noreturn]] void refuse(const Request& request, const std::string& what) {
  ErrorDetails details;
  details.kind = ErrorKind::settings;
  details.phase = request.phase;
  details.message = what;
  throw TransportError(std::move(details), Sent::nothing);
}

bool has_control_or_space(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
}

GUriPtr checked_uri(const Request& request) {
  constexpr auto kFlags = static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS);
  GUriPtr uri(has_control_or_space(request.url) ? nullptr : g_uri_parse(request.url.c_str(), kFlags, nullptr));
  if (!uri) refuse(request, "the URL cannot be read: " + displayable_url(request.url));
  const std::string_view scheme = g_uri_get_scheme(uri.get());
  const char* host = g_uri_get_host(uri.get());
  if ((scheme != "http" && scheme != "https") || !host || !*host) {
    refuse(request, "the URL is not an http or https URL: " + displayable_url(request.url));
  }
  if (g_uri_get_userinfo(uri.get())) {
    refuse(request, "the URL carries a user name or password: " + displayable_url(request.url));
  }
  return uri;
}

// A line break in a value would begin a header of its own. The value is not shown: it may be a key.
void check_headers(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || has_control_or_space(name) || name.find(':') != std::string::npos) {
      refuse(request, "a header's name is not one that can be sent");
    }
    if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; })) {
      refuse(request, "the value of header \"" + name + "\" has a control character in it");
    }
  }
}

// libsoup counts whole seconds, and 0 means for ever.
unsigned whole_seconds(Seconds length) {
  return static_cast<unsigned>(std::max(1.0, std::ceil(length.count())));
}

// What the environment says of the way to a host, read once for each kind of way.
struct WayOut {
  explicit WayOut(bool loopback, bool encrypted) {
    // A proxy cannot reach our loopback, and must not see what is meant for it.
    if (!loopback) proxies = proxies_of_environment();
    // TLS takes its time to load: not where nobody needs it.
    if (encrypted) authorities = authorities_of_environment();
  }
  GObjectPtr<GProxyResolver> proxies;
  GObjectPtr<GTlsDatabase> authorities;
};

struct Session {
  WayOut way_out;
  GObjectPtr<SoupSession> session;
};

GObjectPtr<SoupSession> make_session(unsigned silence_s, bool loopback, const WayOut& way_out) {
  auto session = GObjectPtr<SoupSession>::adopt(
      soup_session_new_with_options("timeout", silence_s, "user-agent", "klingv2a/" KLINGV2A_VERSION, nullptr));
  soup_session_remove_feature_by_type(session.get(), SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type(session.get(), SOUP_TYPE_CONTENT_DECODER);
  if (loopback)
    soup_session_set_proxy_resolver(session.get(), nullptr);
  else if (way_out.proxies)
    soup_session_set_proxy_resolver(session.get(), way_out.proxies.get());
  if (way_out.authorities) soup_session_set_tls_database(session.get(), way_out.authorities.get());
  return session;
}

}  // namespace

struct Client::Impl {
  explicit Impl(GObjectPtr<GCancellable> run_cancel) : cancel(std::move(run_cancel)), context(g_main_context_new()) {
    if (!cancel) cancel = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  }
  ~Impl() {
    const OwnMainContext own(context.get());
    sessions.clear();
  }

  // The silence time-out, the proxy and the authorities belong to the session's connections, so each combination has a
  // session.
  const Session& session_for(const Request& request) {
    const bool loopback = is_loopback_url(request.url);
    const bool encrypted = g_ascii_strncasecmp(request.url.c_str(), "https:", 6) == 0;
    const std::tuple key(whole_seconds(request.timeouts.idle), loopback, encrypted);
    if (const auto known = sessions.find(key); known != sessions.end()) return known->second;
    WayOut way_out = way_out_of(request, loopback, encrypted);
    auto session = make_session(std::get<0>(key), loopback, way_out);
    return sessions.emplace(key, Session{std::move(way_out), std::move(session)}).first->second;
  }

  static WayOut way_out_of(const Request& request, bool loopback, bool encrypted) {
    try {
      return WayOut(loopback, encrypted);
    } catch (const Error& error) {
      ErrorDetails details = error.details();
      details.phase = request.phase;
      throw TransportError(std::move(details), Sent::nothing);
    }
  }

  Response send_once(const Request& request, GUri* uri) {
    const Session& way = session_for(request);
    Call call(way.session.get(), way.way_out.proxies.get(), request, uri, cancel.get(), watchdog);
    Response response = call.run();
    g_debug("%s %s: %d, %" G_GUINT64_FORMAT " bytes", request.method.c_str(), displayable_url(request.url).c_str(),
            response.status, response.body_size);
    return response;
  }

  GObjectPtr<GCancellable> cancel;
  MainContextPtr context;
  std::map<std::tuple<unsigned, bool, bool>, Session> sessions;
  Watchdog watchdog;
};

Client::Client(GObjectPtr<GCancellable> cancel) : impl_(std::make_unique<Impl>(std::move(cancel))) {}

Client::~Client() = default;

Response Client::send(const Request& request) {
  const GUriPtr uri = checked_uri(request);
  check_headers(request);
  check_descriptors(request);
  const OwnMainContext own(impl_->context.get());
  const bool resumes = request.partial && can_resume(*request.partial, request.url);
  Response response = impl_->send_once(request, uri.get());
  if (!resumes || response.status != SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE) return response;
  g_debug("%s: there is no such rest; the download starts over", displayable_url(request.url).c_str());
  *request.partial = {};
  return impl_->send_once(request, uri.get());
}

}  // namespace klingv2a::http
