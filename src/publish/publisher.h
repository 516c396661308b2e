// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Making a proxy reachable: the `video_url` that a task names. One interface; the URI in the `publish` setting picks
// the way:
//   serve://[ADDRESS[:PORT]][?public=URL]   our own server (serve.h); PORT 0 or absent: the kernel chooses
//   http(s)://HOST/…{name}…                 HTTP PUT (put.h); {name} becomes an unguessable name; without {name}:
//   "/{name}.mp4" is appended
// Runs on the cycle thread; only the server of serve:// has a thread of its own.
#pragma once

#include <memory>
#include <string>

#include "http/client.h"
#include "http/retry.h"
#include "spool_file.h"

namespace klingv2a::publish {

struct PublishSettings {
  std::string uri;         // as above
  http::Headers headers;   // extra headers of the PUT; secret
  std::string public_url;  // PUT: the URL to fetch it by, with {name}, when it differs from the upload URL
  bool check = true;       // fetch the first bytes before a task is paid for
  http::Timeouts timeouts;
};

// Throws Error{settings} that says what is wrong with the URI, headers or public_url. No network. For NULL→READY.
void validate(const PublishSettings& settings);

// A published file: reachable by url() until this object is destroyed.
class Publication {
 public:
  virtual ~Publication() = default;
  [[nodiscard]] virtual const std::string& url() const noexcept = 0;
};

// Publishes `file` (an MP4) and, unless settings.check is off, proves by a ranged GET that url() gives its first bytes.
// Throws Error with phase publish: settings, network, permission, disk, cancelled; nothing was paid. A URL that cannot
// be reached *from here* although it may be reachable for the service (hairpin) is the user's to declare by check =
// false: the advice says so. `on_retry` is told of each failure that is repeated.
[[nodiscard]] std::unique_ptr<Publication> publish(const PublishSettings& settings,
                                                   const std::shared_ptr<const SpoolFile>& file, http::Client& http,
                                                   Clock& clock, GCancellable* cancel,
                                                   const http::OnRetry& on_retry = {});

}  // namespace klingv2a::publish
