// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Preloaded into a client (LD_PRELOAD): numbers the moments at which it leaves a trace on the disk or talks to
// somebody, and ends it by SIGKILL, or holds it, at one of them. So a crash can be had at every step that matters, and
// nothing of this is in the product.
//
// Set by the environment; only gst-launch-1.0 is looked at, not the programs around it:
//   KLINGV2A_TEST_POINTS_BELOW  files below this directory are watched; sockets of TCP always are
//   KLINGV2A_TEST_POINTS_LIST   each point goes into this file, as "NUMBER WHEN CALL WHAT"
//   KLINGV2A_TEST_POINTS_AT     the point to act at: "WHEN CALL WHAT", or its beginning and a "*"
//   KLINGV2A_TEST_POINTS_NTH    the how manieth of these; default: the first
//   KLINGV2A_TEST_POINTS_FIFOS  hold instead of kill: say so in FIFOS.reached, go on after a byte from FIFOS.go
// WHEN is before, half (a part of the data has gone, for calls that move data) or after. WHAT is without ids,
// which differ from run to run.
//
// Any thread of the client. One mutex guards what is counted; it is held during the kill and the writing of the list,
// not while the client is held or the real call runs.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kShown = 40;  // bytes of what is sent

std::string setting(const char* name) {
  const char* text = ::getenv((std::string("KLINGV2A_TEST_POINTS_") + name).c_str());
  return text ? text : "";
}

// Past our own functions.
void write_past_us(int fd, const std::string& text) {
  (void)::syscall(SYS_write, fd, text.data(), text.size());
}

int open_past_us(const std::string& path, int flags) {
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR));
}

// Of libpq's messages what is readable.
std::string readable(std::string_view data) {
  std::string text(data.substr(0, kShown));
  std::erase_if(text, [](char c) { return c < ' ' || c > '~'; });
  return text;
}

bool is_part_of_an_id(char c) {
  return c == '-' || std::isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
}

// Ids, hashes and random names as "~".
std::string without_ids(std::string_view text) {
  constexpr std::ptrdiff_t kShortestId = 8;
  std::string result;
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, is_part_of_an_id) - text.begin();
    const auto taken = static_cast<std::size_t>(std::max<std::ptrdiff_t>(end, 1));
    result += end >= kShortestId ? "~" : text.substr(0, taken);
    text.remove_prefix(taken);
  }
  for (const std::string_view random : {".part-", ".sqlite."})
    if (const auto at = result.find(random); at != std::string::npos) result.resize(at + random.size());
  return result;
}

// "GET /path" of the first line; empty: no HTTP request begins here.
std::string http_request(std::string_view data) {
  for (const std::string_view method : {"GET /", "PUT /", "POST /"})
    if (data.starts_with(method)) return without_ids(data.substr(0, data.find(' ', method.size())));
  return {};
}

class Points {
 public:
  static Points& get() {
    static auto* const points = new Points;  // other threads still run while the process exits
    return *points;
  }

  [[nodiscard]] bool watches() const { return watches_; }
  // The path below the watched directory, or who is at the other end; empty: of no interest.
  [[nodiscard]] std::string name_of(int fd) const {
    if (!watches_) return {};
    std::array<char, 512> path{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    if (length <= 0) return {};
    const std::string_view target(path.data(), static_cast<std::size_t>(length));
    return target.starts_with("socket:") ? peer_of(fd) : name_of(target);
  }
  [[nodiscard]] std::string name_of(std::string_view path) const {
    // What SQLite shares between processes by -shm is in memory, and made anew after a crash.
    if (!watches_ || !path.starts_with(below_) || path.ends_with("-shm")) return {};
    path.remove_prefix(below_.size());
    // The sound that the pipeline writes is not the cycle's business.
    if (path.find('/') == std::string_view::npos) return {};
    // A file without a name: its number is another one each time.
    return path.starts_with("spool/#") ? "spool/file" : without_ids(path);
  }

  // Is this the point to act at? Counts it.
  bool is_it(const std::string& point) {
    const std::lock_guard lock(mutex_);
    ++number_;
    if (list_ >= 0) write_past_us(list_, std::to_string(number_) + " " + point + "\n");
    if (at_.empty() || done_) return false;
    done_ = matches(point) && ++matches_ == nth_;
    return done_;
  }
  void act(const std::string& point) const {
    if (fifos_.empty()) {
      ::raise(SIGKILL);
      return;
    }
    const int said = open_past_us(fifos_ + ".reached", O_WRONLY);
    write_past_us(said, point + "\n");
    ::close(said);
    const int go = open_past_us(fifos_ + ".go", O_RDONLY);
    char byte = 0;
    (void)!::read(go, &byte, 1);
    ::close(go);
  }
  void pass(const std::string& point) {
    if (is_it(point)) act(point);
  }

  // What is sent, which is remembered as what was asked for on this connection.
  std::string describe(int fd, std::string_view data) {
    const std::lock_guard lock(mutex_);
    std::string& request = requests_[fd];
    const std::string begun = http_request(data);
    if (begun.empty() && request.find(" /") != std::string::npos) return "more of " + request;
    request = begun.empty() ? readable(data) : begun;
    return request;
  }
  void forget(int fd) {
    const std::lock_guard lock(mutex_);
    requests_.erase(fd);
  }
  [[nodiscard]] std::string request_on(int fd) {
    const std::lock_guard lock(mutex_);
    return requests_[fd];
  }

 private:
  Points()
      : below_(setting("BELOW")),
        at_(setting("AT")),
        fifos_(setting("FIFOS")),
        nth_(std::max(1, std::atoi(setting("NTH").c_str()))),
        watches_(!below_.empty() && std::string_view(program_invocation_short_name) == "gst-launch-1.0") {
    below_ += '/';
    const std::string list = setting("LIST");
    if (watches_ && !list.empty()) list_ = open_past_us(list, O_WRONLY | O_CREAT | O_APPEND);
  }

  [[nodiscard]] bool matches(const std::string& point) const {
    if (at_.ends_with('*')) return point.starts_with(std::string_view(at_).substr(0, at_.size() - 1));
    return point == at_;
  }

  static std::string peer_of(int fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
    return address.sin_family == AF_INET ? "port " + std::to_string(ntohs(address.sin_port)) : "";
  }

  std::string below_;
  const std::string at_, fifos_;
  const int nth_;
  const bool watches_;
  int list_ = -1;

  std::mutex mutex_;
  int number_ = 0;                       // guarded by mutex_, like the following
  int matches_ = 0;                      // of at_
  bool done_ = false;                    // the point was reached
  std::map<int, std::string> requests_;  // by file descriptor
};

// The C library's function of this name, or that of the next one who stands before it.
template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// A call without data.
template <typename Call>
auto around(const std::string& call, const std::string& what, const Call& real) {
  Points& points = Points::get();
  if (what.empty()) return real();
  points.pass("before " + call + " " + what);
  const auto result = real();
  const int error_number = errno;
  points.pass("after " + call + " " + what);
  errno = error_number;
  return result;
}

// A call that moves `size` bytes out; real(n) moves the first n.
template <typename Call>
ssize_t around(const std::string& call, const std::string& what, std::size_t size, const Call& real) {
  if (what.empty()) return real(size);
  Points& points = Points::get();
  points.pass("before " + call + " " + what);
  const std::string half = "half " + call + " " + what;
  if (size > 1 && points.is_it(half)) {
    const ssize_t moved = real(size / 2);
    points.act(half);
    return moved;
  }
  const ssize_t moved = real(size);
  const int error_number = errno;
  points.pass("after " + call + " " + what);
  errno = error_number;
  return moved;
}

template <typename Call>
ssize_t around_send(const char* call, int fd, const void* data, std::size_t size, const Call& real) {
  Points& points = Points::get();
  if (points.name_of(fd).empty()) return real(size);
  return around(call, points.describe(fd, {static_cast<const char*>(data), size}), size, real);
}

template <typename Call>
ssize_t around_receive(const char* call, int fd, const Call& real) {
  const ssize_t got = real();
  const int error_number = errno;
  Points& points = Points::get();
  if (got >= 0 && !points.name_of(fd).empty()) points.pass("after " + std::string(call) + " " + points.request_on(fd));
  errno = error_number;
  return got;
}

std::string name_of(const char* path) {
  return Points::get().name_of(std::string_view(path));
}
std::string name_of(int fd) {
  return Points::get().name_of(fd);
}

std::string address_of(const sockaddr* address) {
  if (!Points::get().watches() || address->sa_family != AF_INET) return {};
  return "port " + std::to_string(ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port));
}

}  // namespace

// Named as the C library's own where the linker looks, so that calls of these come here.
int our_connect(int, const sockaddr*, socklen_t) __asm__("connect");
ssize_t our_send(int, const void*, std::size_t, int) __asm__("send");
ssize_t our_sendmsg(int, const msghdr*, int) __asm__("sendmsg");
ssize_t our_recv(int, void*, std::size_t, int) __asm__("recv");
ssize_t our_recvmsg(int, msghdr*, int) __asm__("recvmsg");
ssize_t our_write(int, const void*, std::size_t) __asm__("write");
ssize_t our_pwrite(int, const void*, std::size_t, off_t) __asm__("pwrite");
ssize_t our_pwrite64(int, const void*, std::size_t, off64_t) __asm__("pwrite64");
int our_ftruncate(int, off_t) __asm__("ftruncate");
int our_ftruncate64(int, off64_t) __asm__("ftruncate64");
int our_fsync(int) __asm__("fsync");
int our_fdatasync(int) __asm__("fdatasync");
int our_rename(const char*, const char*) __asm__("rename");
int our_link(const char*, const char*) __asm__("link");
int our_unlink(const char*) __asm__("unlink");
int our_mkostemp(char*, int) __asm__("mkostemp");
int our_mkostemp64(char*, int) __asm__("mkostemp64");
int our_open64(const char*, int, ...) __asm__("open64");

int our_connect(int fd, const sockaddr* address, socklen_t length) {
  static auto* const real = next<decltype(our_connect)>("connect");
  const std::string to = address_of(address);
  if (!to.empty()) Points::get().forget(fd);
  return around("connect", to, [&] { return real(fd, address, length); });
}

ssize_t our_send(int fd, const void* data, std::size_t size, int flags) {
  static auto* const real = next<decltype(our_send)>("send");
  return around_send("send", fd, data, size, [&](std::size_t n) { return real(fd, data, n, flags); });
}

ssize_t our_sendmsg(int fd, const msghdr* message, int flags) {
  static auto* const real = next<decltype(our_sendmsg)>("sendmsg");
  const iovec first = message->msg_iovlen > 0 ? message->msg_iov[0] : iovec{};
  return around_send("sendmsg", fd, first.iov_base, message->msg_iovlen == 1 ? first.iov_len : 1, [&](std::size_t n) {
    if (message->msg_iovlen != 1) return real(fd, message, flags);
    iovec part{first.iov_base, n};
    msghdr shorter = *message;
    shorter.msg_iov = &part;
    return real(fd, &shorter, flags);
  });
}

ssize_t our_recv(int fd, void* data, std::size_t size, int flags) {
  static auto* const real = next<decltype(our_recv)>("recv");
  return around_receive("recv", fd, [&] { return real(fd, data, size, flags); });
}

ssize_t our_recvmsg(int fd, msghdr* message, int flags) {
  static auto* const real = next<decltype(our_recvmsg)>("recvmsg");
  return around_receive("recvmsg", fd, [&] { return real(fd, message, flags); });
}

ssize_t our_write(int fd, const void* data, std::size_t size) {
  static auto* const real = next<decltype(our_write)>("write");
  return around("write", name_of(fd), size, [&](std::size_t n) { return real(fd, data, n); });
}

ssize_t our_pwrite(int fd, const void* data, std::size_t size, off_t offset) {
  static auto* const real = next<decltype(our_pwrite)>("pwrite");
  return around("pwrite", name_of(fd), size, [&](std::size_t n) { return real(fd, data, n, offset); });
}

ssize_t our_pwrite64(int fd, const void* data, std::size_t size, off64_t offset) {
  static auto* const real = next<decltype(our_pwrite64)>("pwrite64");
  return around("pwrite", name_of(fd), size, [&](std::size_t n) { return real(fd, data, n, offset); });
}

int our_ftruncate(int fd, off_t length) {
  static auto* const real = next<decltype(our_ftruncate)>("ftruncate");
  return around("ftruncate", name_of(fd), [&] { return real(fd, length); });
}

int our_ftruncate64(int fd, off64_t length) {
  static auto* const real = next<decltype(our_ftruncate64)>("ftruncate64");
  return around("ftruncate", name_of(fd), [&] { return real(fd, length); });
}

int our_fsync(int fd) {
  static auto* const real = next<decltype(our_fsync)>("fsync");
  return around("fsync", name_of(fd), [&] { return real(fd); });
}

int our_fdatasync(int fd) {
  static auto* const real = next<decltype(our_fdatasync)>("fdatasync");
  return around("fdatasync", name_of(fd), [&] { return real(fd); });
}

int our_rename(const char* from, const char* to) {
  static auto* const real = next<decltype(our_rename)>("rename");
  return around("rename", name_of(to), [&] { return real(from, to); });
}

int our_link(const char* from, const char* to) {
  static auto* const real = next<decltype(our_link)>("link");
  return around("link", name_of(to), [&] { return real(from, to); });
}

int our_unlink(const char* path) {
  static auto* const real = next<decltype(our_unlink)>("unlink");
  return around("unlink", name_of(path), [&] { return real(path); });
}

int our_mkostemp(char* path, int flags) {
  static auto* const real = next<decltype(our_mkostemp)>("mkostemp");
  return around("mkostemp", name_of(path), [&] { return real(path, flags); });
}

int our_mkostemp64(char* path, int flags) {
  static auto* const real = next<decltype(our_mkostemp64)>("mkostemp64");
  return around("mkostemp", name_of(path), [&] { return real(path, flags); });
}

int our_open64(const char* path, int flags, ...) {
  static auto* const real = next<decltype(our_open64)>("open64");
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return around("open", name_of(path), [&] { return real(path, flags, mode); });
}
