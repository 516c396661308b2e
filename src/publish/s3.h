// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Publishing into a bucket of S3 or of a store that speaks its protocol (R2, MinIO, Ceph, Swift):
//   s3://BUCKET[/PREFIX][?region=NAME][&endpoint=URL][&path-style=true|false]
// The bucket stays private. The file goes there by a presigned PUT, and the service gets a presigned GET that is good
// for longer than a task is waited for. Credentials: aws_credentials.h. Runs on the cycle thread.
//
// An object's name is a hash over the file and over what it is published for, so that a rerun overwrites what an
// earlier run has left instead of adding to it. That `purpose` is part of it makes the removal safe: two runs that
// publish the same file for different tasks have an object each, and runs for the same task exclude each other by the
// journal. (Not so runs for the same task with two journals and one prefix: those need a prefix each.) A hash need not
// be keyed here: whoever can see the names in the bucket can read the objects.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/retry.h"
#include "publish/publisher.h"

namespace klingv2a::publish {

// What an s3:// URI says, with what it leaves out.
struct S3Target {
  std::string base_url;  // of the bucket, without '/' at the end: "https://BUCKET.s3.eu-west-1.amazonaws.com"
  std::string prefix;    // decoded; "" or "a/b/"
  std::string region;
};

// `default_region` is the user's, and may be empty. Without an endpoint it is AWS's of the region, which must be known;
// with one the region defaults to us-east-1, which most stores take. The bucket is part of the path with an endpoint of
// the user's, or a dot in its name (no certificate would match), else of the host; path-style says otherwise.
// Throws Error{settings}. No network.
[[nodiscard]] S3Target parse_s3(const std::string& uri, const std::string& default_region);

// How long a link must be good, in seconds. Throws Error{settings} when that is not longer than the time-out, or longer
// than the 7 days that S3 allows.
[[nodiscard]] std::int64_t link_expiry(const PublishSettings& settings);

// "PREFIX" + 64 hexadecimal digits + ".mp4". Reads the file; throws Error{disk}.
[[nodiscard]] std::string object_name(const S3Target& target, const std::string& purpose, const SpoolFile& file);

// Throws Error{settings} for URI, expiry or missing credentials. No network.
void check_s3(const PublishSettings& settings);

// Uploads the file; withdraw() removes it unless settings.keep. Throws Error: permission (what was signed is refused, a
// clock that is off), settings (no such bucket, another region), network, disk, cancelled.
[[nodiscard]] std::unique_ptr<Publication> put_s3(const PublishSettings& settings,
                                                  const std::shared_ptr<const SpoolFile>& file, http::Client& http,
                                                  Clock& clock, GCancellable* cancel, const http::OnRetry& on_retry);

}  // namespace klingv2a::publish
