// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See publisher.h: picks the way by the URI's scheme, then proves that the file can be fetched.
#include "publish/publisher.h"

#include <glib.h>

#include <string_view>

#include "publish/fetch_check.h"
#include "publish/program.h"
#include "publish/put.h"
#include "publish/s3.h"
#include "publish/serve.h"
#include "publish/way.h"

namespace klingv2a::publish {

namespace {

std::unique_ptr<Publication> make_reachable(const PublishSettings& settings,
                                            const std::shared_ptr<const SpoolFile>& file, http::Client& http,
                                            Clock& clock, GCancellable* cancel, const http::OnRetry& on_retry) {
  switch (way_of(settings)) {
    case Way::program:
      return publish_by_program(settings.publish_clip, *file);
    case Way::serve:
      return serve(parse_serve(settings.uri), *file);
    case Way::s3:
      return put_s3(settings, file, http, clock, cancel, on_retry);
    case Way::put:
      break;
  }
  return put(settings, file, http, clock, cancel, on_retry);
}

}  // namespace

Way way_of(const PublishSettings& settings) {
  if (settings.publish_clip) return Way::program;
  const char* peeked = g_uri_peek_scheme(settings.uri.c_str());
  const std::string_view scheme = peeked ? peeked : "";
  if (scheme == "serve") return Way::serve;
  if (scheme == "s3") return Way::s3;
  if (scheme == "http" || scheme == "https") return Way::put;
  throw make_error(ErrorKind::settings, Phase::publish,
                   settings.uri.empty() ? "publish is not set: the service has no way to fetch the video"
                   : scheme.empty()     ? "publish is not a URI"
                                        : "publish: there is no way '" + std::string(scheme) + "://'",
                   "set publish to serve://ADDRESS:PORT?public=URL, to http(s)://HOST/PATH/{name}.mp4 or to "
                   "s3://BUCKET/PREFIX?region=NAME");
}

void validate(const PublishSettings& settings) {
  switch (way_of(settings)) {
    case Way::program:
      return;
    case Way::serve:
      (void)parse_serve(settings.uri);
      return;
    case Way::s3:
      return check_s3(settings);
    case Way::put:
      (void)put_target(settings, std::string(32, '0'));
      return;
  }
}

std::unique_ptr<Publication> publish(const PublishSettings& settings, const std::shared_ptr<const SpoolFile>& file,
                                     http::Client& http, Clock& clock, GCancellable* cancel,
                                     const http::OnRetry& on_retry) {
  std::unique_ptr<Publication> publication = make_reachable(settings, file, http, clock, cancel, on_retry);
  g_debug("published as %s", http::displayable_url(publication->url()).c_str());
  if (settings.check) prove(*publication, settings, *file, http, clock, cancel, on_retry);
  return publication;
}

}  // namespace klingv2a::publish
