// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Making a proxy reachable: the `video_url` that a task names. One interface; the URI in the `publish` setting picks
// the way:
//   serve://[ADDRESS[:PORT]][?public=URL]   our own server (serve.h); PORT 0 or absent: the kernel chooses
//   http(s)://HOST/…{name}…                 HTTP PUT (put.h); {name} becomes an unguessable name; without {name}:
//   "/{name}.mp4" is appended
//   s3://BUCKET/PREFIX?region=…&endpoint=…&path-style=…   a private bucket and presigned URLs (s3.h)
// or a program's own function in place of a URI. Runs on the cycle thread; only the server of serve:// has a thread of
// its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/client.h"
#include "http/retry.h"
#include "spool_file.h"

namespace klingv2a::publish {

// A program's own way: makes the file at `file_path` reachable and returns its URL, which is absolute http or https,
// without a user, and good until the task has ended; whatever its query says stays a secret. Called on the cycle
// thread, which waits for it. The file is not larger than the service takes, and has no name in any folder: the path
// (/proc/PID/fd/N) can be opened by this user's processes until the function returns. `content_type` is "video/mp4".
// An empty answer means that the program cannot, and is Error{settings}. May throw Error.
using PublishClip = std::function<std::string(const std::string& file_path, const std::string& content_type)>;

struct PublishSettings {
  std::string uri;         // as above
  http::Headers headers;   // PUT: its extra headers; secret
  std::string public_url;  // PUT: the URL to fetch it by, with {name}, when it differs from the upload URL
  bool check = true;       // fetch the first bytes before a task is paid for
  http::Timeouts timeouts;
  PublishClip publish_clip = {};  // where it is set, it is the way, whatever `uri` says
  // S3: how long the link is good; seconds, at most 7 days, at least `timeout` and 15 min; 0: twice `timeout` and 1 h.
  Seconds expiry{0};
  bool keep = false;         // S3: withdraw() leaves the file where it is
  Seconds timeout{20 * 60};  // how long the task will be waited for: a link has to outlive it
  std::string purpose = {};  // S3: what tells the task from others with the same file; see s3.h
};

// Throws Error{settings} that says what is wrong with the URI, headers, public_url or expiry, or that there are no
// credentials for S3. No network. For NULL→READY.
void validate(const PublishSettings& settings);

// A published file: reachable by url() until this object is destroyed, or withdrawn.
class Publication {
 public:
  virtual ~Publication() = default;
  // May hold the right to read the file in its query: a secret until it has expired.
  [[nodiscard]] virtual const std::string& url() const noexcept = 0;
  // Removes what a store would otherwise keep (S3, unless `keep`). For when the task has ended, or will not be asked
  // for: a task that goes on at the service may still have to fetch the file, so destruction alone removes nothing from
  // a store. Takes at most some 20 s, and ends on `cancel`. Returns why the file is still there, which no run has to
  // fail for: it is logged here, and for the caller to count. Once; later calls do nothing.
  virtual std::optional<Error> withdraw(http::Client& /*http*/, Clock& /*clock*/, GCancellable* /*cancel*/,
                                        const http::OnRetry& /*on_retry*/) {
    return std::nullopt;
  }
};

// Publishes `file` (an MP4) and, unless settings.check is off, proves by a ranged GET that url() gives its first bytes.
// Throws Error with phase publish: settings, network, permission, disk, cancelled; nothing was paid. A URL that cannot
// be reached *from here* although it may be reachable for the service (hairpin) is the user's to declare by check =
// false: the advice says so. `on_retry` is called for each failure that is repeated.
[[nodiscard]] std::unique_ptr<Publication> publish(const PublishSettings& settings,
                                                   const std::shared_ptr<const SpoolFile>& file, http::Client& http,
                                                   Clock& clock, GCancellable* cancel,
                                                   const http::OnRetry& on_retry = {});

// Proves that the target can be written before a clip is worked on: a file of some bytes is published as `publish`
// says, fetched by its URL (unless settings.check is off) and removed. Throws as publish() does. Returns why the tiny
// file is still there, if it is: a store need not permit DELETE. For once a run.
//  - a PUT whose query has a signature or a token in it is left out: it may be good for one use, or for one name
//  - `publish_clip` is left out: a program cannot tell a test from a clip
std::optional<Error> check_target(const PublishSettings& settings, http::Client& http, Clock& clock,
                                  GCancellable* cancel, const http::OnRetry& on_retry = {});

}  // namespace klingv2a::publish
