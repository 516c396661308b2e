// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sim_client.h"

#include <arpa/inet.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace klingv2a::test {
namespace {

constexpr timeval kLongestSilence{20, 0};
constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr int kHalfClick = 14700;

struct Unref {
  void operator()(gpointer object) const { g_object_unref(object); }
};
template <typename T>
using ObjectPtr = std::unique_ptr<T, Unref>;

class Socket {
 public:
  Socket(const std::string& host, std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    const bool good = fd_ >= 0 && ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1 &&
                      ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kLongestSilence, sizeof kLongestSilence) == 0 &&
                      ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (!good) throw std::runtime_error("cannot connect to " + host + ":" + std::to_string(port));
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

struct Target {
  std::string host, path;
  std::uint16_t port = 0;
};

Target target_of(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  const std::size_t slash = url.find('/', kScheme.size()), colon = url.find(':', kScheme.size());
  if (url.rfind(kScheme, 0) != 0 || colon == std::string::npos || colon > slash)
    throw std::runtime_error("not http://HOST:PORT/PATH: " + url);
  return {url.substr(kScheme.size(), colon - kScheme.size()), slash == std::string::npos ? "/" : url.substr(slash),
          static_cast<std::uint16_t>(std::atoi(url.c_str() + colon + 1))};
}

std::string text_of(const HttpCall& call, const Target& target) {
  std::string text = call.method + " " + target.path + " HTTP/1.1\r\nHost: " + target.host + ":" +
                     std::to_string(target.port) + "\r\nConnection: close\r\n";
  if (!call.authorization.empty()) text += "Authorization: " + call.authorization + "\r\n";
  if (!call.range.empty()) text += "Range: " + call.range + "\r\n";
  if (!call.if_range.empty()) text += "If-Range: " + call.if_range + "\r\n";
  if (!call.body.empty() && !call.content_type.empty()) text += "Content-Type: " + call.content_type + "\r\n";
  if (!call.body.empty() || call.method == "POST")
    text += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  return text + "\r\n" + call.body;
}

// What comes until the other side ends the connection.
HttpReply receive(int fd) {
  HttpReply reply;
  std::string bytes;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t size = ::recv(fd, piece.data(), piece.size(), 0);
    if (size < 0 && errno != ECONNRESET) throw std::runtime_error("the service says nothing");
    reply.reset = size < 0;
    if (size <= 0) break;
    bytes.append(piece.data(), static_cast<std::size_t>(size));
  }
  const std::size_t end = bytes.find(kEndOfHead);
  if (end == std::string::npos) return reply;
  reply.head = bytes.substr(0, end + 2);
  reply.body = bytes.substr(end + kEndOfHead.size());
  reply.status = std::atoi(reply.head.c_str() + reply.head.find(' '));
  return reply;
}

GstElement* named(const ObjectPtr<GstElement>& pipeline, const char* name) {
  return gst_bin_get_by_name(GST_BIN(pipeline.get()), name);
}

void append(DecodedSound& sound, GstSample* sample) {
  const GstStructure* format = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
  gst_structure_get_int(format, "rate", &sound.rate);
  gst_structure_get_int(format, "channels", &sound.channels);
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  const gsize old = sound.samples.size(), more = gst_buffer_get_size(buffer) / sizeof(std::int16_t);
  sound.samples.resize(old + more);
  gst_buffer_extract(buffer, 0, sound.samples.data() + old, more * sizeof(std::int16_t));
}

}  // namespace

std::string HttpReply::header(std::string_view name) const {
  const std::string wanted = "\n" + std::string(name) + ": ";
  const std::size_t at = head.find(wanted);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + wanted.size();
  return head.substr(begin, head.find('\r', begin) - begin);
}

bool HttpReply::is_whole() const {
  return std::to_string(body.size()) == header("Content-Length");
}

HttpReply http_call(const HttpCall& call) {
  const Target target = target_of(call.url);
  const Socket socket(target.host, target.port);
  const std::string text = text_of(call, target);
  if (::send(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the request could not be sent");
  return receive(socket.fd());
}

std::string json_at(const std::string& body, const std::string& path) {
  const ObjectPtr<JsonParser> parser(json_parser_new());
  if (!json_parser_load_from_data(parser.get(), body.c_str(), -1, nullptr)) return {};
  JsonNode* matches = json_path_query(path.c_str(), json_parser_get_root(parser.get()), nullptr);
  if (!matches) return {};
  std::string text;
  if (json_array_get_length(json_node_get_array(matches)) > 0) {
    JsonNode* first = json_array_get_element(json_node_get_array(matches), 0);
    char* json = json_to_string(first, FALSE);
    text = json_node_get_value_type(first) == G_TYPE_STRING ? json_node_get_string(first) : json;
    g_free(json);
  }
  json_node_unref(matches);
  return text;
}

std::int64_t DecodedSound::length() const {
  return channels > 0 ? static_cast<std::int64_t>(samples.size()) / channels : 0;
}

std::vector<std::int64_t> DecodedSound::clicks() const {
  std::vector<std::int64_t> found;
  const std::int64_t width = rate / 100;  // longer than a click, shorter than two frames
  for (std::int64_t i = 0; i < length(); ++i) {
    if (samples[static_cast<std::size_t>(i * channels)] < kHalfClick) continue;
    if (found.empty() || i - found.back() > width) found.push_back(i);
  }
  return found;
}

DecodedSound decode_sound(const std::string& bytes, const std::string& elements) {
  gst_init(nullptr, nullptr);
  const std::string description =
      "giostreamsrc name=source ! " + elements +
      " ! audioconvert ! audio/x-raw,format=S16LE,layout=interleaved ! appsink name=sink sync=false";
  GError* error = nullptr;
  GstElement* floating = gst_parse_launch(description.c_str(), &error);
  if (error) throw std::runtime_error(error->message);
  const ObjectPtr<GstElement> pipeline(GST_ELEMENT(gst_object_ref_sink(floating)));
  const ObjectPtr<GstElement> source(named(pipeline, "source")), sink(named(pipeline, "sink"));
  const ObjectPtr<GInputStream> stream(
      g_memory_input_stream_new_from_data(bytes.data(), static_cast<gssize>(bytes.size()), nullptr));
  g_object_set(source.get(), "stream", stream.get(), nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  DecodedSound sound;
  while (GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), 20 * GST_SECOND)) {
    append(sound, sample);
    gst_sample_unref(sample);
  }
  const bool ended = gst_app_sink_is_eos(GST_APP_SINK(sink.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (!ended) throw std::runtime_error("the sound could not be decoded with " + elements);
  return sound;
}

}  // namespace klingv2a::test
