// SPDX-License-Identifier: LGPL-2.1-or-later
#include "standard_streams.h"

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

namespace klingv2a::cli {

namespace {

// A closed stdin or stdout is opened the wrong way round, so that its use is the error that it would have been; what
// would be said on stderr, nobody wants to hear.
void open_what_is_closed() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
}

// Our own stdout, which programs that are started do not get; theirs, and that of libraries, is stderr.
int take_stdout() {
  open_what_is_closed();
  g_log_writer_default_set_use_stderr(TRUE);
  const int own = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (own >= 0) (void)::dup2(STDERR_FILENO, STDOUT_FILENO);
  return own;
}

}  // namespace

StandardStreams::StandardStreams() : output_(take_stdout(), "stdout") {}

}  // namespace klingv2a::cli
