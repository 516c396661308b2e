// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See journal.h. Here is finding and taking a row, and whose turn it is; what happens to a row in our hands is in
// claim.cpp.
#include "journal/journal.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace klingv2a::journal {

namespace {

constexpr Seconds kLookAgain{0.25};
// A task whose run has ended goes on at the service and holds its place there for a while; nobody tells us for how
// long.
constexpr std::int64_t kTaskWithoutRunMs = 10LL * 60 * 1000;

std::string in_use_by_another(const Row& row) {
  return "another run has this clip (" + std::string(to_string(row.state)) +
         (row.task_id.empty() ? "" : ", task " + row.task_id) + ")";
}

}  // namespace

Journal::Journal(Location location, Clock& clock, GObjectPtr<GCancellable> cancel)
    : location_(std::move(location)),
      clock_(clock),
      cancel_(std::move(cancel)),
      store_cancel_(cancel_),
      owner_(make_owner()),
      connection_(open_connection(location_, Durability::crash_of_machine, store_cancel_)),
      records_(*connection_),
      watch_(clock) {}

std::unique_ptr<Claim> Journal::claim(const ClipIdentity& clip, Seconds patience, const OnWait& on_wait) {
  return claim_when_free([&](Row& other) { return try_claim(clip, other); }, clip.account, patience, on_wait);
}

std::unique_ptr<Claim> Journal::claim_row(std::int64_t id, Seconds patience, const OnWait& on_wait) {
  return claim_when_free([&](Row& other) { return try_claim_row(id, other); }, "", patience, on_wait);
}

template <typename Try>
std::unique_ptr<Claim> Journal::claim_when_free(const Try& try_once, const std::string& account, Seconds patience,
                                                const OnWait& on_wait) {
  const Seconds give_up_at = clock_.now() + patience;
  bool waited = false;
  for (;;) {
    Row other;
    if (std::optional<Row> row = try_once(other))
      return std::unique_ptr<Claim>(new Claim(*this, std::move(*row), account, waited));
    if (clock_.now() > give_up_at) {
      throw Error({.kind = ErrorKind::still_running,
                   .paid = other.state == State::waiting ? Paid::no : Paid::maybe,
                   .task_id = other.task_id,
                   .external_task_id = other.external_task_id,
                   .message = in_use_by_another(other) + " and has not ended",
                   .advice = "wait for it, or run again later: nothing is paid twice"});
    }
    if (!std::exchange(waited, true)) on_wait(in_use_by_another(other));
    wait();
  }
}

std::optional<Row> Journal::try_claim(const ClipIdentity& clip, Row& other) {
  return in_transaction(*connection_, [&]() -> std::optional<Row> {
    std::optional<Row> row = records_.find(clip);
    if (!row) {
      row = Row{.key = clip.key, .length_ms = clip.length_ms, .service = clip.service, .account = clip.account};
      row->at_ms.front() = now_ms();
      records_.insert(*row);
    }
    return take_over(*row, other) ? row : std::nullopt;
  });
}

std::optional<Row> Journal::try_claim_row(std::int64_t id, Row& other) {
  return in_transaction(*connection_, [&]() -> std::optional<Row> {
    std::optional<Row> row = records_.by_id(id);
    if (!row)
      throw journal_error(ErrorKind::settings, displayable(location_),
                          "has no row " + std::to_string(id) + " any more");
    return take_over(*row, other) ? row : std::nullopt;
  });
}

// Within a transaction. False when another run has the row: it is in `other` then, and nothing is written.
bool Journal::take_over(Row& row, Row& other) {
  if (watch_.is_alive(row)) {
    other = row;
    return false;
  }
  row.owner = owner_;
  row.ticket = 0;
  ++row.beat;
  records_.update(row);
  return true;
}

// Within a transaction: would one more task of the account be within the limit, and has nobody waited for longer?
std::vector<std::int64_t> Journal::before(const Row& row, const std::string& account) {
  std::vector<std::int64_t> before_us;
  for (const Row& other : records_.open_rows(account)) {
    if (other.id == row.id) continue;
    const bool waits = other.state == State::waiting;
    const bool is_earlier = other.ticket != 0 && other.ticket < row.ticket && watch_.is_alive(other);
    if (waits ? is_earlier : is_under_way(other)) before_us.push_back(other.id);
  }
  return before_us;
}

bool Journal::is_under_way(const Row& row) {
  if (watch_.is_alive(row)) return true;
  const std::int64_t since = std::max(row.entered_ms(State::prepared), row.entered_ms(State::submitted));
  return std::abs(now_ms() - since) < kTaskWithoutRunMs;
}

void Journal::outlive_cancel() {
  if (!g_cancellable_is_cancelled(store_cancel_.get())) return;
  auto fresh = GObjectPtr<GCancellable>::adopt(g_cancellable_new());
  connection_ = open_connection(location_, Durability::crash_of_machine, fresh);
  store_cancel_ = std::move(fresh);
  records_ = Records(*connection_);
}

std::optional<Row> Journal::look_up(const ClipIdentity& clip) {
  return in_transaction(*connection_, [&] { return records_.find(clip); });
}

std::vector<Row> Journal::rows() {
  return in_transaction(*connection_, [&] { return records_.all(); });
}

std::int64_t Journal::now_ms() {
  return static_cast<std::int64_t>(clock_.wall().count() * 1000);
}

void Journal::wait() {
  if (!clock_.sleep(kLookAgain, cancel_.get()))
    throw make_error(ErrorKind::cancelled, Phase::check, "cancelled while the journal was waited for");
}

}  // namespace klingv2a::journal
