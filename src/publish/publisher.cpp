// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See publisher.h: picks the way by the URI's scheme, then proves that the file can be fetched.
#include "publish/publisher.h"

#include <glib.h>

#include <string_view>

#include "publish/fetch_check.h"
#include "publish/put.h"
#include "publish/serve.h"

namespace klingv2a::publish {

namespace {

enum class Way { serve, put };

Way way_of(const std::string& uri) {
  const char* peeked = g_uri_peek_scheme(uri.c_str());
  const std::string_view scheme = peeked ? peeked : "";
  if (scheme == "serve") return Way::serve;
  if (scheme == "http" || scheme == "https") return Way::put;
  throw make_error(ErrorKind::settings, Phase::publish,
                   uri.empty()      ? "publish is not set: the service has no way to fetch the video"
                   : scheme.empty() ? "publish is not a URI"
                                    : "publish: there is no way '" + std::string(scheme) + "://'",
                   "set publish to serve://ADDRESS:PORT?public=URL or to http(s)://HOST/PATH/{name}.mp4");
}

}  // namespace

void validate(const PublishSettings& settings) {
  if (way_of(settings.uri) == Way::serve) {
    (void)parse_serve(settings.uri);
  } else {
    (void)put_target(settings, std::string(32, '0'));
  }
}

std::unique_ptr<Publication> publish(const PublishSettings& settings, const std::shared_ptr<const SpoolFile>& file,
                                     http::Client& http, Clock& clock, GCancellable* cancel,
                                     const http::OnRetry& on_retry) {
  std::unique_ptr<Publication> publication = way_of(settings.uri) == Way::serve
                                                 ? serve(parse_serve(settings.uri), *file)
                                                 : put(settings, file, http, clock, cancel, on_retry);
  g_debug("published as %s", http::displayable_url(publication->url()).c_str());
  if (settings.check) {
    check_fetchable(publication->url(), *file, settings.timeouts, http, clock, cancel, on_retry);
  }
  return publication;
}

}  // namespace klingv2a::publish
