// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fetch.h"

#include <libsoup/soup.h>

#include <algorithm>
#include <array>

#include "private_context.h"

namespace klingv2a::sim {
namespace {

constexpr guint kTimeoutSeconds = 30;  // how long the other side may say nothing
constexpr const char* kTooLarge = "File size is invalid: the video is larger than 100MB";

[[noreturn]] void fail(GCancellable* cancellable, GError* raw) {
  const GErrorPtr error(raw);
  throw_if_cancelled(cancellable);
  throw TaskFailure(std::string("Failed to download video_url: ") + (error ? error->message : "unknown error"));
}

std::string read_all(GInputStream* stream, GCancellable* cancellable, std::size_t enough) {
  std::string bytes;
  std::array<char, 65536> piece;
  while (bytes.size() < enough) {
    GError* error = nullptr;
    const gssize size = g_input_stream_read(stream, piece.data(), piece.size(), cancellable, &error);
    if (size < 0) fail(cancellable, error);
    if (size == 0) break;
    bytes.append(piece.data(), static_cast<std::size_t>(size));
    if (bytes.size() > kMaxVideoBytes) throw TaskFailure(kTooLarge);
  }
  return bytes;
}

std::string get(const std::string& url, GCancellable* cancellable, std::size_t enough) {
  const PrivateContext context;
  const auto session = GObjectPtr<SoupSession>::adopt(
      soup_session_new_with_options("timeout", kTimeoutSeconds, "user-agent", "klingv2a-sim", nullptr));
  const auto message = GObjectPtr<SoupMessage>::adopt(soup_message_new(SOUP_METHOD_GET, url.c_str()));
  if (!message) throw TaskFailure("Failed to download video_url: not a URL");
  GError* error = nullptr;
  const auto stream =
      GObjectPtr<GInputStream>::adopt(soup_session_send(session.get(), message.get(), cancellable, &error));
  if (!stream) fail(cancellable, error);
  const guint status = soup_message_get_status(message.get());
  if (status != SOUP_STATUS_OK)
    throw TaskFailure("Failed to download video_url: HTTP status " + std::to_string(status));
  const goffset announced = soup_message_headers_get_content_length(soup_message_get_response_headers(message.get()));
  if (announced > static_cast<goffset>(kMaxVideoBytes)) throw TaskFailure(kTooLarge);
  std::string bytes = read_all(stream.get(), cancellable, enough);
  if (enough > kMaxVideoBytes && announced > 0 && bytes.size() < static_cast<std::size_t>(announced))
    throw TaskFailure("Failed to download video_url: the answer ended early");
  return bytes;
}

[[noreturn]] void wait_for_cancel(GCancellable* cancellable) {
  GPollFD poll;
  if (g_cancellable_make_pollfd(cancellable, &poll)) {
    g_poll(&poll, 1, -1);
    g_cancellable_release_fd(cancellable);
  }
  throw Cancelled{};
}

}  // namespace

Blob fetch(const std::string& url, const std::optional<Fault>& fault, GCancellable* cancellable) {
  constexpr std::size_t kEverything = kMaxVideoBytes + 1;
  if (!fault) return make_blob(get(url, cancellable, kEverything));
  switch (fault->what) {
    case Fault::Do::hang:
      wait_for_cancel(cancellable);
    case Fault::Do::reset:  // the publisher sees its reader go
      (void)get(url, cancellable, 1);
      throw TaskFailure("Failed to download video_url: Connection reset by peer");
    case Fault::Do::truncate: {
      std::string bytes = get(url, cancellable, kEverything);
      bytes.resize(bytes.size() / 2);
      return make_blob(std::move(bytes));
    }
    case Fault::Do::corrupt: {
      std::string bytes = get(url, cancellable, kEverything);
      std::ranges::fill(bytes, '\xA5');
      return make_blob(std::move(bytes));
    }
    default:  // status: as if the URL had answered so
      throw TaskFailure("Failed to download video_url: HTTP status " + std::to_string(fault->http_status));
  }
}

std::string sha256_of(const Blob& blob) {
  const GCharPtr sum(
      g_compute_checksum_for_data(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(blob->data()), blob->size()));
  return sum.get();
}

}  // namespace klingv2a::sim
