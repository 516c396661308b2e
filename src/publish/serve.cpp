// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See serve.h. Threads: FileServer is made and destroyed on the cycle thread; between the two the server's own thread
// calls what it answers with. What that reads (path, content) is written before the thread starts and never again, so
// there is no lock.
#include "publish/serve.h"

#include <libsoup/soup.h>

#include <algorithm>

#include "http/server_thread.h"
#include "publish/name.h"

namespace klingv2a::publish {

namespace {

using MappedFilePtr = std::unique_ptr<GMappedFile, Deleter<g_mapped_file_unref>>;
using ParamsPtr = std::unique_ptr<GHashTable, Deleter<g_hash_table_unref>>;

Error settings_error(const std::string& what) {
  return make_error(ErrorKind::settings, Phase::publish, "publish: " + what,
                    "write publish=serve://ADDRESS:PORT?public=URL, each part as needed");
}

// The file's bytes as pages of the file itself: a request costs no memory of its own, however large the file. The file
// has no name and is no longer written, so it cannot shrink under the mapping.
GBytesPtr map_content(const SpoolFile& file) {
  GError* raw_error = nullptr;
  const MappedFilePtr mapped(g_mapped_file_new_from_fd(file.fd(), FALSE, &raw_error));
  const GErrorPtr error(raw_error);
  if (!mapped) {
    throw make_error(ErrorKind::disk, Phase::publish,
                     std::string("cannot map the proxy to serve it: ") + error->message);
  }
  return GBytesPtr(g_mapped_file_get_bytes(mapped.get()));
}

struct Slice {
  goffset start, length;
};

enum class Asked { whole, slice, nothing_there };

// Which part of the file a request asks for. Several ranges at once are answered with the whole file, which HTTP
// allows; so is If-Range, since no validator was ever given out.
Asked asked_part(SoupMessageHeaders* request, goffset size, Slice& slice) {
  slice = {0, size};
  SoupRange* ranges = nullptr;
  int count = 0;
  if (soup_message_headers_get_one(request, "If-Range") != nullptr ||
      !soup_message_headers_get_ranges(request, size, &ranges, &count)) {
    return Asked::whole;
  }
  const SoupRange first = ranges[0];
  soup_message_headers_free_ranges(request, ranges);
  if (count != 1) return Asked::whole;
  const goffset start = std::max<goffset>(first.start, 0);
  const goffset end = std::min(first.end, size - 1);
  if (start > end) return Asked::nothing_there;
  slice = {start, end - start + 1};
  return Asked::slice;
}

class FileServer final : private http::RequestHandler {
 public:
  FileServer(const ServeTarget& target, std::string path, const SpoolFile& file)
      : path_(std::move(path)),
        content_(map_content(file)),
        server_({.address = target.address, .port = target.port, .certificate = nullptr}, *this, "publish") {}

  [[nodiscard]] const std::string& base_url() const noexcept { return server_.url(); }

 private:
  [[nodiscard]] bool knows_us(SoupServerMessage* /*message*/, const char* path) const override { return path_ == path; }
  void on_headers(SoupServerMessage* message, const char* path) override;
  void on_request(SoupServerMessage* message, const char* path) override;
  void answer(SoupServerMessage* message, const char* path) const;
  void send_part(SoupServerMessage* message) const;

  const std::string path_;
  const GBytesPtr content_;
  http::ServerThread server_;  // the last: it calls as soon as it is there
};

// Whatever a stranger sends along is dropped as it comes in, not collected.
void FileServer::on_headers(SoupServerMessage* message, const char* /*path*/) {
  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
}

void FileServer::on_request(SoupServerMessage* message, const char* path) {
  answer(message, path);
  g_debug("serve: %s answered with %u", soup_server_message_get_method(message),
          soup_server_message_get_status(message));
}

void FileServer::answer(SoupServerMessage* message, const char* path) const {
  if (path_ != path) return soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, nullptr);
  const std::string_view method = soup_server_message_get_method(message);
  if (method == "GET" || method == "HEAD") return send_part(message);
  soup_message_headers_replace(soup_server_message_get_response_headers(message), "Allow", "GET, HEAD");
  soup_server_message_set_status(message, SOUP_STATUS_METHOD_NOT_ALLOWED, nullptr);
}

void FileServer::send_part(SoupServerMessage* message) const {
  const auto size = static_cast<goffset>(g_bytes_get_size(content_.get()));
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  soup_message_headers_replace(headers, "Accept-Ranges", "bytes");
  // Only a GET has ranges.
  const bool is_get = std::string_view(soup_server_message_get_method(message)) == "GET";
  Slice slice{0, size};
  const Asked asked = is_get ? asked_part(soup_server_message_get_request_headers(message), size, slice) : Asked::whole;
  if (asked == Asked::nothing_there) {
    soup_message_headers_replace(headers, "Content-Range", ("bytes */" + std::to_string(size)).c_str());
    return soup_server_message_set_status(message, SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE, nullptr);
  }
  if (asked == Asked::slice) {
    soup_message_headers_set_content_range(headers, slice.start, slice.start + slice.length - 1, size);
  }
  soup_message_headers_set_content_type(headers, "video/mp4", nullptr);
  soup_message_headers_set_content_length(headers, slice.length);
  soup_server_message_set_status(message, asked == Asked::slice ? SOUP_STATUS_PARTIAL_CONTENT : SOUP_STATUS_OK,
                                 nullptr);
  if (!is_get) return;
  SoupMessageBody* body = soup_server_message_get_response_body(message);
  // Keeps libsoup from building a ranged answer of its own, for which it would copy the file.
  soup_message_body_set_accumulate(body, FALSE);
  const GBytesPtr part(
      g_bytes_new_from_bytes(content_.get(), static_cast<gsize>(slice.start), static_cast<gsize>(slice.length)));
  soup_message_body_append_bytes(body, part.get());
  soup_message_body_complete(body);
}

class ServedFile final : public Publication {
 public:
  ServedFile(const ServeTarget& target, const SpoolFile& file, const std::string& name)
      : server_(target, "/" + name + ".mp4", file), url_(base(target) + "/" + name + ".mp4") {}
  [[nodiscard]] const std::string& url() const noexcept override { return url_; }

 private:
  [[nodiscard]] std::string base(const ServeTarget& target) const {
    return target.public_base.empty() ? server_.base_url() : target.public_base;
  }

  FileServer server_;
  std::string url_;
};

// The base URL by which the service reaches us through a proxy or a tunnel.
std::string checked_public_base(std::string base) {
  const GUriPtr uri(g_uri_parse(base.c_str(), G_URI_FLAGS_ENCODED, nullptr));
  const std::string_view scheme = uri ? g_uri_get_scheme(uri.get()) : "";
  if ((scheme != "http" && scheme != "https") || !g_uri_get_host(uri.get()) || !*g_uri_get_host(uri.get())) {
    throw settings_error("public is not an absolute http or https URL");
  }
  if (g_uri_get_userinfo(uri.get()) || g_uri_get_query(uri.get()) || g_uri_get_fragment(uri.get())) {
    throw settings_error("public must be a URL without user, query and fragment");
  }
  while (base.ends_with('/')) base.pop_back();
  return base;
}

std::string public_base_of(GUri* uri) {
  const char* query = g_uri_get_query(uri);
  if (!query) return {};
  const ParamsPtr params(g_uri_parse_params(query, -1, "&", G_URI_PARAMS_NONE, nullptr));
  if (!params) throw settings_error("the query is not well encoded");
  const auto* value = static_cast<const char*>(g_hash_table_lookup(params.get(), "public"));
  if (!value || g_hash_table_size(params.get()) != 1)
    throw settings_error("the only thing serve:// takes in its query is public");
  return checked_public_base(value);
}

std::string address_of(GUri* uri) {
  std::string host = g_uri_get_host(uri) ? g_uri_get_host(uri) : "";
  if (host.empty()) return ServeTarget{}.address;
  if (!g_hostname_is_ip_address(host.c_str())) {
    throw settings_error("'" + host + "' is not an IP address to listen on");
  }
  return host;
}

bool is_any_address(const std::string& address) {
  const auto parsed = GObjectPtr<GInetAddress>::adopt(g_inet_address_new_from_string(address.c_str()));
  return parsed && g_inet_address_get_is_any(parsed.get());
}

}  // namespace

ServeTarget parse_serve(const std::string& uri_text) {
  const GUriPtr uri(g_uri_parse(uri_text.c_str(), G_URI_FLAGS_ENCODED_QUERY, nullptr));
  if (!uri) throw settings_error("the serve:// URI cannot be read");
  const std::string_view path = g_uri_get_path(uri.get());
  if (g_uri_get_userinfo(uri.get()) || g_uri_get_fragment(uri.get()) || (!path.empty() && path != "/")) {
    throw settings_error("serve:// takes an address, a port and public, and nothing else");
  }
  const int port = g_uri_get_port(uri.get());
  ServeTarget target{.address = address_of(uri.get()),
                     .port = static_cast<std::uint16_t>(std::max(port, 0)),
                     .public_base = public_base_of(uri.get())};
  if (target.public_base.empty() && is_any_address(target.address)) {
    throw settings_error("serve://" + target.address +
                         " listens everywhere, but nobody can fetch from that address: add ?public=URL");
  }
  return target;
}

std::unique_ptr<Publication> serve(const ServeTarget& target, const SpoolFile& file) {
  return std::make_unique<ServedFile>(target, file, unguessable_name());
}

}  // namespace klingv2a::publish
