// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See settings.h.
#include "callback/settings.h"

#include <string_view>

#include "callback/webhook_signature.h"
#include "error.h"
#include "http/client.h"

namespace klingv2a::callback {

namespace {

// Strangers may connect, too.
constexpr guint kSilenceSeconds = 30;

Error settings_error(const std::string& what, const std::string& advice) {
  return make_error(ErrorKind::settings, Phase::check, what, advice);
}

// The address, without looking at the certificate.
http::ListenAddress parse_listen(const std::string& listen) {
  const auto refuse = [&] {
    return settings_error("callback-listen '" + listen + "' is not ADDRESS:PORT",
                          "give an IP address of this machine and a port, as in 0.0.0.0:8443 or [::]:8443");
  };
  const auto parsed = GObjectPtr<GSocketConnectable>::adopt(g_network_address_parse(listen.c_str(), 0, nullptr));
  if (!parsed) throw refuse();
  auto* address = G_NETWORK_ADDRESS(parsed.get());
  const std::string host = g_network_address_get_hostname(address);
  if (!g_hostname_is_ip_address(host.c_str())) throw refuse();
  return {.address = host,
          .port = g_network_address_get_port(address),
          .certificate = nullptr,
          .silence_s = kSilenceSeconds};
}

GObjectPtr<GTlsCertificate> read_certificate(const CallbackSettings& settings) {
  if (settings.certificate.empty()) return nullptr;
  if (!g_tls_backend_supports_tls(g_tls_backend_get_default())) {
    throw settings_error("callback-certificate: GLib has no TLS on this machine", "install glib-networking");
  }
  const std::string& key = settings.private_key.empty() ? settings.certificate : settings.private_key;
  GError* raw_error = nullptr;
  auto certificate = GObjectPtr<GTlsCertificate>::adopt(
      g_tls_certificate_new_from_files(settings.certificate.c_str(), key.c_str(), &raw_error));
  const GErrorPtr error(raw_error);
  if (certificate) return certificate;
  throw settings_error("callback-certificate: " + std::string(error->message),
                       "give PEM files: the certificate with its chain, and its private key (in the same file, or by "
                       "callback-key)");
}

bool is_loopback(const http::ListenAddress& where) {
  const auto address = GObjectPtr<GInetAddress>::adopt(g_inet_address_new_from_string(where.address.c_str()));
  return address && g_inet_address_get_is_loopback(address.get());
}

// The service calls https only (kling-api: callback_url); of a simulation on this machine that is not asked.
void check_public_url(const std::string& url) {
  const GUriPtr uri(g_uri_parse(url.c_str(), G_URI_FLAGS_ENCODED, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  if ((scheme != "http" && scheme != "https") || !host || !*host)
    throw settings_error("callback-url is not an absolute https URL",
                         "give the URL that leads to callback-listen from outside");
  if (g_uri_get_userinfo(uri.get()) || g_uri_get_query(uri.get()) || g_uri_get_fragment(uri.get()))
    throw settings_error("callback-url must be a URL without user, query and fragment when callback-listen is set",
                         "an unguessable path is appended to it");
  if (scheme == "http" && !http::is_loopback_url(url))
    throw settings_error("callback-url is not https, and the service calls nothing else",
                         "put a TLS proxy before callback-listen, or set callback-certificate");
}

void check_face(const CallbackSettings& settings, const http::ListenAddress& where, const std::string& base_url) {
  const bool service_is_here = http::is_loopback_url(base_url);
  if (settings.public_url.empty()) {
    if (service_is_here && is_loopback(where)) return;
    throw settings_error("callback-listen is set, but not the URL by which the service reaches it",
                         "set callback-url to the https URL that leads to " + settings.listen + " from outside");
  }
  check_public_url(settings.public_url);
  if (!service_is_here && http::is_loopback_url(settings.public_url))
    throw settings_error("the service is elsewhere and cannot call callback-url on this machine's loopback",
                         "set callback-url to the https URL that leads to " + settings.listen + " from outside");
}

}  // namespace

http::ListenAddress listen_address(const CallbackSettings& settings) {
  http::ListenAddress where = parse_listen(settings.listen);
  where.certificate = read_certificate(settings);
  return where;
}

void validate(const CallbackSettings& settings, const std::string& base_url) {
  if (settings.listen.empty()) {
    if (settings.certificate.empty() && settings.private_key.empty()) return;
    throw settings_error("callback-certificate is set, but not callback-listen", "set callback-listen=ADDRESS:PORT");
  }
  if (settings.certificate.empty() && !settings.private_key.empty())
    throw settings_error("callback-key is set, but not callback-certificate",
                         "set callback-certificate to the PEM file");
  if (!settings.secret.empty()) (void)decode_secret(settings.secret);
  check_face(settings, listen_address(settings), base_url);
}

}  // namespace klingv2a::callback
