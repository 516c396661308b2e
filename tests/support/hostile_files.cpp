// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hostile_files.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <regex>
#include <stdexcept>

namespace klingv2a::test {
namespace {

// -1: the port is taken, or the address is not this machine's.
int bound_socket(const std::string& address, int kind, int& port) {
  const int fd = ::socket(AF_INET, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address.c_str(), &name.sin_addr);
  socklen_t size = sizeof name;
  auto* plain = reinterpret_cast<sockaddr*>(&name);
  if (::bind(fd, plain, size) != 0 || ::getsockname(fd, plain, &size) != 0) {
    ::close(fd);
    return -1;
  }
  port = ntohs(name.sin_port);
  return fd;
}

// URL and FILE in it are what the trap has.
std::function<std::string(const Trap&)> text(const std::string& pattern) {
  return [pattern](const Trap& trap) {
    std::string filled = std::regex_replace(pattern, std::regex("URL"), trap.url());
    filled = std::regex_replace(filled, std::regex("HOST"), trap.address());
    filled = std::regex_replace(filled, std::regex("PORT"), trap.port());
    return std::regex_replace(filled, std::regex("FILE"), "file://" + trap.file());
  };
}

std::string number(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string box(const std::string& type, const std::string& content) {
  return number(8 + content.size()) + type + content;
}

// A QuickTime movie whose only content is where the real one is.
std::string reference_movie(const std::string& url) {
  const std::string reference = box("rdrf", number(0) + "url " + number(url.size() + 1) + url + '\0');
  return box("ftyp", "qt  " + number(0)) + box("moov", box("rmra", box("rmda", reference)));
}

const std::string kSmooth =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"0\" "
    "Duration=\"100000000\"><StreamIndex Type=\"audio\" Url=\"URL/{bitrate}/{start time}\"><QualityLevel "
    "Bitrate=\"64000\" FourCC=\"AACL\"/><c d=\"20000000\"/></StreamIndex></SmoothStreamingMedia>";
const std::string kDash =
    "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
    "mediaPresentationDuration=\"PT10S\" minBufferTime=\"PT1S\" profiles=\"urn:mpeg:dash:profile:"
    "isoff-on-demand:2011\"><BaseURL>URL</BaseURL><Period><AdaptationSet mimeType=\"audio/mp4\">"
    "<Representation id=\"1\" bandwidth=\"64000\"><BaseURL>FILE</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>\n";

}  // namespace

Trap::Trap(const std::string& address) : address_(address), watch_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  // A port that is free for TCP may be another program's for UDP.
  for (int tries = 0; tries < 10 && udp_ < 0; ++tries) {
    if (tcp_ >= 0) ::close(tcp_);
    port_ = 0;
    tcp_ = bound_socket(address, SOCK_STREAM, port_);
    udp_ = bound_socket(address, SOCK_DGRAM, port_);
  }
  std::ofstream(file()) << "#EXTM3U\n";
  constexpr int kBacklog = 64;
  if (udp_ < 0 || ::listen(tcp_, kBacklog) != 0 || inotify_add_watch(watch_, file().c_str(), IN_OPEN) < 0)
    throw std::runtime_error("the trap cannot be set");
}

Trap::~Trap() {
  for (const int fd : {tcp_, udp_, watch_}) ::close(fd);
}

std::string Trap::url(const std::string& scheme) const {
  return scheme + "://" + address_ + ":" + port() + "/x";
}

std::string Trap::touched() {
  std::string found;
  for (int came = ::accept(tcp_, nullptr, nullptr); came >= 0; came = ::accept(tcp_, nullptr, nullptr)) {
    found = "a connection was made";
    ::close(came);
  }
  std::array<char, 4096> bytes{};
  if (::recv(udp_, bytes.data(), bytes.size(), 0) >= 0) found = "a datagram came";
  if (::read(watch_, bytes.data(), bytes.size()) >= 0) found = "the file was opened";
  return found;
}

void PrintTo(const Attack& attack, std::ostream* out) {
  *out << attack.name;
}

const std::vector<Attack>& all_attacks() {
  static const std::vector<Attack> attacks{
      {"Hls", text("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\nURL\n#EXTINF:10.0,\nFILE\n"
                   "#EXT-X-ENDLIST\n")},
      {"HlsOfFiles", text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\nFILE\n#EXT-X-ENDLIST\n")},
      {"HlsMaster", text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1280000\nURL\n#EXT-X-STREAM-INF:BANDWIDTH=2560000\n"
                         "FILE\n")},
      {"HlsKey", text("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI=\"URL\"\n"
                      "#EXTINF:10.0,\nFILE\n#EXT-X-ENDLIST\n")},
      {"HlsMap", text("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:10\n#EXT-X-MAP:URI=\"URL\"\n#EXTINF:10.0,\n"
                      "FILE\n#EXT-X-ENDLIST\n")},
      {"Dash", text(kDash)},
      {"SmoothStreaming", text(kSmooth)},
      {"M3u", text("#EXTM3U\n#EXTINF:10,a\nURL\n")},
      {"Pls", text("[playlist]\nFile1=URL\nNumberOfEntries=1\n")},
      {"Sdp", text("v=0\r\no=- 0 0 IN IP4 HOST\r\ns=x\r\nc=IN IP4 HOST\r\nt=0 0\r\na=control:rtsp://HOST:PORT/x\r\n"
                   "m=audio PORT RTP/AVP 0\r\na=rtcp:PORT IN IP4 HOST\r\n")},
      {"Xspf", text("<?xml version=\"1.0\"?><playlist version=\"1\" xmlns=\"http://xspf.org/ns/0/\"><trackList><track>"
                    "<location>URL</location></track></trackList></playlist>")},
      {"Smil", text("<smil><body><audio src=\"URL\"/></body></smil>")},
      {"RtspText", text("RTSPtext\nrtsp://HOST:PORT/x\n")},
      {"AsxReference", text("[Reference]\nRef1=URL\n")},
      {"Uri", text("text/uri-list\nURL\n")},
      {"MovieOfAReference", [](const Trap& trap) { return reference_movie(trap.url()); }},
      {"MovieOfAFile", [](const Trap& trap) { return reference_movie("file://" + trap.file()); }},
  };
  return attacks;
}

}  // namespace klingv2a::test
