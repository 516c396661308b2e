// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service.h"

#include <gst/gst.h>

#include "api.h"
#include "callback_sender.h"
#include "faults.h"
#include "ledger.h"
#include "server.h"
#include "task_runner.h"

namespace klingv2a::sim {

// In the order of their needs: the server goes first, then the workers, then what both write to.
struct Service::Impl {
  explicit Impl(const Options& options)
      : ledger(options.ledger_file, {options.link_life, options.link_fetches}),
        sender(options, ledger, faults),
        runner(options, ledger, faults),
        api(options, ledger, faults, [this](const std::string& task_id) { runner.start(task_id); }),
        server(options.address, options.port),
        host_url("http://" + host_of(options.address) + ":" + std::to_string(server.port())) {
    for (const Fault& fault : options.faults) faults.add(fault);
    api.set_host_url(host_url);
    ledger.set_on_status([this](const SimTask& task) { sender.tell(task); });
    runner.resume();
    server.start([this](const Request& request) { return api.answer(request); });
  }

  // The server's thread may wait for a callback's answer.
  ~Impl() { sender.stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  static std::string host_of(const std::string& address) {
    return address.find(':') == std::string::npos ? address : "[" + address + "]";
  }

  Ledger ledger;
  FaultQueue faults;
  CallbackSender sender;
  TaskRunner runner;
  Api api;
  Server server;
  std::string host_url;
};

Service::Service(const Options& options) {
  gst_init(nullptr, nullptr);
  impl_ = std::make_unique<Impl>(options);
}

Service::~Service() = default;

std::string Service::base_url() const {
  return impl_->host_url + impl_->api.base_path();
}

void Service::add_fault(Fault fault) {
  impl_->faults.add(std::move(fault));
}

void Service::clear_faults() {
  impl_->faults.clear();
}

void Service::set_sound(const SoundOptions& sound) {
  impl_->api.set_sound(sound);
}

void Service::set_task_time(std::chrono::milliseconds time) {
  impl_->runner.set_task_time(time);
}

std::vector<PaidTask> Service::paid_tasks() const {
  std::vector<PaidTask> paid;
  for (SimTask& task : impl_->ledger.tasks()) paid.push_back(std::move(task.paid));
  return paid;
}

int Service::most_in_flight() const {
  return impl_->ledger.most_in_flight();
}

std::vector<SeenRequest> Service::requests() const {
  return impl_->ledger.requests();
}

std::vector<SentCallback> Service::callbacks() const {
  return impl_->ledger.callbacks();
}

int Service::count(const std::string& method, const std::string& path_prefix) const {
  int number = 0;
  for (const SeenRequest& request : requests())
    if (request.method == method && request.path.rfind(path_prefix, 0) == 0) ++number;
  return number;
}

bool Service::wait_until(const std::function<bool(const Service&)>& condition,
                         std::chrono::milliseconds deadline) const {
  const auto end = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    const std::uint64_t seen = impl_->ledger.changes();
    if (condition(*this)) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    impl_->ledger.wait_for_change(seen, end);
  }
}

}  // namespace klingv2a::sim
