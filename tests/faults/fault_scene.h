// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One case of the fault run: a service, a journal, a cache and a spool of its own, and a client that is run until it
// has its sound. What was paid is counted at the service. And the table that the cases go into.
//
// A scene is used by one thread; several scenes may run side by side. The table may be used from any thread; one mutex
// guards its rows.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client_process.h"
#include "postgres_server.h"
#include "put_server.h"
#include "sim_process.h"
#include "temporary_folder.h"

namespace klingv2a::test {

class FaultScene {
 public:
  // The clips lie at `store`, which outlives the scene. `service`: klingv2a-sim's arguments beside the usual ones
  // (Kling's envelope, tasks of 50 ms). Throws std::runtime_error.
  explicit FaultScene(const PutServer& store, const std::vector<std::string>& service = {});

  [[nodiscard]] SimProcess& service() { return *service_; }
  // The service as after a loss of power: same port, same ledger; only `arguments` are other ones.
  void restart_service(const std::vector<std::string>& arguments = {});
  // Where the client looks for the service, when that is not where the service is.
  void go_through(const std::string& base_url) { base_url_ = base_url; }
  void set_credentials(const std::string& properties) { credentials_ = properties; }
  // More of klingv2a's properties; more of the client's environment.
  void set_properties(const std::string& properties) { properties_ = properties; }
  void set_environment(const std::string& name, const std::string& value) { environment_[name] = value; }
  // Runs the client by a shell script in which CLIENT stands for its command, in a mount namespace of its own.
  void set_script(const std::string& script) { script_ = script; }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.file(name); }

  // Several clients may run at once under different names.
  [[nodiscard]] std::unique_ptr<ClientProcess> start_client(const Point& point = {},
                                                            const std::string& name = "client") const;
  // Runs one to its end; true when it ended well.
  bool run_client(const Point& point = {});
  // Runs one until it ends well, at most `most` times; true when it does.
  bool run_until_done(int most = 3);
  // How often a client was run to its end.
  [[nodiscard]] int runs() const { return runs_; }
  // What the last run said.
  [[nodiscard]] const std::string& said() const { return said_; }
  // The samples of the WAV file that a client wrote; empty: there is none.
  [[nodiscard]] std::string sound(const std::string& name = "client") const;
  [[nodiscard]] int posts() const;
  [[nodiscard]] int paid_tasks() const;

 private:
  [[nodiscard]] std::string command_line(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> command(const std::string& name) const;

  const std::string publish_;
  const TemporaryFolder folder_;
  std::unique_ptr<SimProcess> service_;
  std::string base_url_, credentials_ = "api-key=sim-key", properties_, script_, said_;
  std::map<std::string, std::string> environment_;
  int runs_ = 0;
};

struct PaidOnceRow {
  std::string name;
  int posts = 0, paid = 0, clips = 1;
  bool has_sound = false;   // that of an undisturbed run
  bool as_promised = true;  // whatever else the case promises
  std::string note;
  [[nodiscard]] bool is_ok() const { return paid == clips && has_sound && as_promised; }
};

class PaidOnceTable {
 public:
  explicit PaidOnceTable(std::string title) : title_(std::move(title)) {}
  void add(const PaidOnceRow& row);
  // Prints the rows as they were added, then "cases: N, paid tasks: N of N, lost results: N"; fails the test for each
  // row that is not ok.
  void judge() const;
  [[nodiscard]] std::size_t cases() const;

 private:
  const std::string title_;
  mutable std::mutex mutex_;
  std::vector<PaidOnceRow> rows_;  // guarded by mutex_
};

// The row of a scene that has come to its end.
[[nodiscard]] PaidOnceRow row_of(const FaultScene& scene, const std::string& name, const std::string& right_sound);
// Waits for the client, which must come through or say why not, reruns it until it does, and gives the row.
[[nodiscard]] PaidOnceRow finish(FaultScene& scene, ClientProcess& client, const std::string& name,
                                 const std::string& right_sound);
// Runs the cases side by side and judges their table.
void judge_all(const std::string& title, const std::vector<std::function<PaidOnceRow()>>& cases);
// The samples of a WAV file as wavenc writes it; empty: there is none.
[[nodiscard]] std::string samples_of(const std::string& path);
// A clip of 3 s, as small as Kling takes it.
[[nodiscard]] std::string small_clip();
// The sound of it, had without any fault.
[[nodiscard]] std::string undisturbed_sound(const PutServer& store);
// Runs all cases, a few of them side by side.
void side_by_side(std::size_t cases, const std::function<void(std::size_t)>& run);
// Is the long form wanted (KLINGV2A_TEST_LONG=1)?
[[nodiscard]] bool is_long_form();

}  // namespace klingv2a::test
