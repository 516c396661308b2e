// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network fails between client and service, in each phase and in each way: the client comes through or ends in a
// clear error, at most one task is paid, and after reruns exactly one, with its sound.
#include <gtest/gtest.h>

#include "fault_scene.h"
#include "tcp_proxy.h"

namespace klingv2a::test {
namespace {

struct NetworkPhase {
  const char* name;
  const char* request;  // how its request begins
  std::size_t half;     // so many bytes are some of its answer
};

constexpr NetworkPhase kPhases[] = {
    {"submit", "POST /v1", 60},
    {"poll", "GET /v1", 60},
    {"download", "GET /results", 100'000},
};

struct NetworkFault {
  const char* name;
  Cut::Do what;
  bool in_the_middle;
};

constexpr NetworkFault kFaults[] = {
    {"black hole for the request", Cut::Do::swallow_request, false},
    {"black hole for the answer", Cut::Do::swallow_answer, false},
    {"reset before the request", Cut::Do::reset_request, false},
    {"reset in the request", Cut::Do::reset_request, true},
    {"reset before the answer", Cut::Do::reset_answer, false},
    {"reset in the answer", Cut::Do::reset_answer, true},
};

class Network {
 public:
  explicit Network(const PutServer& store)
      : scene(store), proxy(static_cast<std::uint16_t>(std::stoi(scene.service().port()))) {
    scene.go_through(proxy.url());
    scene.set_properties("connect-timeout=2 idle-timeout=2 timeout=30");
  }

  FaultScene scene;
  TcpProxy proxy;
};

PaidOnceRow cut(const PutServer& store, const NetworkPhase& phase, const NetworkFault& fault,
                const std::string& right_sound) {
  Network network(store);
  constexpr std::size_t kSomeOfARequest = 40;
  const std::size_t some = fault.what == Cut::Do::reset_request ? kSomeOfARequest : phase.half;
  network.proxy.set({fault.what, phase.request, fault.in_the_middle ? some : 0});
  const auto client = network.scene.start_client();
  EXPECT_TRUE(network.proxy.wait_for_cut()) << phase.name << fault.name;
  return finish(network.scene, *client, std::string(phase.name) + ": " + fault.name, right_sound);
}

PaidOnceRow refuse(const PutServer& store, const NetworkPhase& phase, const std::string& right_sound) {
  Network network(store);
  const auto client = network.scene.start_client({Point::Do::hold, std::string("before send ") + phase.request + "*"});
  EXPECT_TRUE(client->wait_until_held()) << phase.name;
  const std::string refused = "after connect port " + network.proxy.port();
  const int before = client->passed(refused);
  network.proxy.refuse();
  client->go_on();
  EXPECT_TRUE(client->wait_until_passed(refused, before + 1));
  network.proxy.listen();
  return finish(network.scene, *client, std::string(phase.name) + ": connection refused", right_sound);
}

TEST(Network, MayFailInEachPhaseAndInEachWay) {
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  std::vector<std::function<PaidOnceRow()>> cases;
  for (const NetworkPhase& phase : kPhases) {
    cases.emplace_back([&] { return refuse(store, phase, right_sound); });
    for (const NetworkFault& fault : kFaults) cases.emplace_back([&] { return cut(store, phase, fault, right_sound); });
  }
  judge_all("network cut", cases);
}

}  // namespace
}  // namespace klingv2a::test
