// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text_sink.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "error.h"
#include "exit_code.h"

namespace klingv2a::cli {

namespace {

// Of a stream that its other end has made non-blocking: as blocking as any other.
void wait_until_writable(int descriptor) noexcept {
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  (void)::poll(&wanted, 1, -1);
}

}  // namespace

TextSink::TextSink(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

TextSink::~TextSink() {
  (void)close();
}

std::unique_ptr<TextSink> TextSink::to_file(const std::string& path) {
  constexpr mode_t kForAll = 0666;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kForAll);
  if (file < 0) throw make_error(ErrorKind::disk, Phase::check, "cannot write " + path + ": " + g_strerror(errno));
  return std::make_unique<TextSink>(file, path);
}

void TextSink::write(const std::string& text) noexcept {
  std::string_view rest = text;
  while (!rest.empty() && error_ == 0) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      wait_until_writable(descriptor_);
    else if (errno != EINTR)
      error_ = errno;
  }
}

int TextSink::finish(int exit_code) noexcept {
  if (close() == 0) return exit_code;
  (void)std::fprintf(stderr, "klingv2a: disk: cannot write to %s: %s\n", name_.c_str(), g_strerror(error_));
  return exit_code == kExitOk ? exit_code_of(ErrorKind::disk) : exit_code;
}

int TextSink::close() noexcept {
  if (descriptor_ > STDERR_FILENO && ::close(descriptor_) != 0 && error_ == 0 && errno != EINTR) error_ = errno;
  if (descriptor_ > STDERR_FILENO) descriptor_ = -1;
  return error_;
}

}  // namespace klingv2a::cli
