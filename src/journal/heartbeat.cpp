// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See heartbeat.h. The connection is made for the first beat: most runs end, or are answered from here, before it.
#include "journal/heartbeat.h"

#include <utility>

#include "journal/owner.h"

namespace klingv2a::journal {

Heartbeat::Heartbeat(Location location, std::int64_t row_id, std::string owner)
    : location_(std::move(location)),
      row_id_(row_id),
      owner_(std::move(owner)),
      cancel_(GObjectPtr<GCancellable>::adopt(g_cancellable_new())),
      thread_([this] { main(); }) {}

Heartbeat::~Heartbeat() {
  {
    const MutexLocker lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  g_cancellable_cancel(cancel_.get());
  thread_.join();
}

void Heartbeat::main() noexcept {
  std::unique_ptr<Connection> connection;
  while (wait()) {
    try {
      beat(connection);
    } catch (const std::exception& failure) {
      connection.reset();  // a fresh one for the next beat
      if (g_cancellable_is_cancelled(cancel_.get())) return;
      ++failures_;
      g_warning("a heartbeat of the journal's row %" G_GINT64_FORMAT " is missed: %s", row_id_, failure.what());
    }
  }
}

// False when it is time to end.
bool Heartbeat::wait() {
  const auto next = std::chrono::steady_clock::now() + kBeat;
  const MutexLocker lock(mutex_);
  while (!stopping_ && stop_.wait_until(mutex_, next) == std::cv_status::no_timeout) {
  }
  return !stopping_;
}

void Heartbeat::beat(std::unique_ptr<Connection>& connection) {
  if (!connection) connection = open_connection(location_, Durability::crash_of_program, cancel_);
  in_transaction(*connection, [&] {
    connection->run("UPDATE klingv2a_tasks SET beat = beat + 1 WHERE id = $1 AND owner = $2",
                    {std::to_string(row_id_), owner_});
  });
}

}  // namespace klingv2a::journal
