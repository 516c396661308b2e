// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The service loses power in each phase and comes back with its ledger, while the client waits at exactly that point:
// the client comes through or ends in a clear error, and after reruns one task is paid and its sound is there.
#include <gtest/gtest.h>

#include "fault_scene.h"
#include "tcp_proxy.h"

namespace klingv2a::test {
namespace {

constexpr const char* kPatience = "connect-timeout=2 idle-timeout=2 timeout=30";
constexpr const char* kPost = R"("method":"POST")";
constexpr const char* kPoll = R"("method":"GET","path":"/v1/)";
constexpr const char* kDownload = R"("path":"/results/)";

// A power cut at one point of the client's way.
struct PowerCut {
  const char* name;
  const char* at;  // of the client
};

constexpr PowerCut kPowerCuts[] = {
    {"before the client connects", "before send PUT*"},
    {"before the submit, with the connection open", "before send POST*"},
    {"with half of the submit's head sent", "half send POST*"},
    {"with half of the submit's body sent", "half send more of POST*"},
    {"after the submit's answer", "after recv POST*"},
    {"before the first poll", "before send GET /v1*"},
    {"after a poll's answer", "after recv GET /v1*"},
    {"before the download", "before send GET /results*"},
    {"with the download's head received", "after recv GET /results*"},
    {"while the sound is kept", "before fsync cache*"},
};

// The service is gone while the client is held, and back before it goes on.
PaidOnceRow restart_at(const PutServer& store, const PowerCut& cut, const std::string& right_sound) {
  FaultScene scene(store);
  scene.set_properties(kPatience);
  const auto client = scene.start_client({Point::Do::hold, cut.at});
  EXPECT_TRUE(client->wait_until_held()) << cut.name;
  scene.restart_service();
  client->go_on();
  return finish(scene, *client, std::string("restarted ") + cut.name, right_sound);
}

// The service is gone when the client goes on, and back when that has noticed.
PaidOnceRow gone_at(const PutServer& store, const PowerCut& cut, const std::string& right_sound) {
  FaultScene scene(store);
  scene.set_properties(kPatience);
  const auto client = scene.start_client({Point::Do::hold, cut.at});
  EXPECT_TRUE(client->wait_until_held()) << cut.name;
  const std::string refused = "after connect port " + scene.service().port();
  const int before = client->passed(refused);
  scene.service().kill();
  client->go_on();
  (void)client->wait_until_passed(refused, before + 1);  // or it ends: there is nothing more to ask for
  scene.restart_service();
  return finish(scene, *client, std::string("gone ") + cut.name, right_sound);
}

// The service is killed as soon as it has seen `seen`, which it never answers by itself.
PaidOnceRow killed_after(const PutServer& store, const std::vector<std::string>& service, const char* seen,
                         const std::string& name, const std::string& right_sound) {
  FaultScene scene(store, service);
  scene.set_properties(kPatience);
  const auto client = scene.start_client();
  EXPECT_TRUE(scene.service().wait_for(seen)) << name;
  scene.restart_service();
  return finish(scene, *client, "restarted " + name, right_sound);
}

// The service is killed when the first part of the sound has come.
PaidOnceRow killed_in_download(const PutServer& store, const std::string& right_sound) {
  FaultScene scene(store);
  TcpProxy network(static_cast<std::uint16_t>(std::stoi(scene.service().port())));
  scene.go_through(network.url());
  scene.set_properties(kPatience);
  constexpr std::size_t kPart = 100'000;
  network.set({Cut::Do::hold_answer, "GET /results", kPart});
  const auto client = scene.start_client();
  EXPECT_TRUE(network.wait_for_cut());
  scene.restart_service();
  return finish(scene, *client, "restarted in the middle of the download", right_sound);
}

TEST(Service, MayLosePowerInEachPhase) {
  const PutServer store;
  const std::string right_sound = undisturbed_sound(store);
  std::vector<std::function<PaidOnceRow()>> cases;
  for (const PowerCut& cut : kPowerCuts) {
    cases.emplace_back([&] { return restart_at(store, cut, right_sound); });
    cases.emplace_back([&] { return gone_at(store, cut, right_sound); });
  }
  cases.emplace_back([&] {
    return killed_after(store, {"--fault", "submit:hang,paid=yes"}, kPost, "with the task accepted, not answered",
                        right_sound);
  });
  cases.emplace_back([&] {
    return killed_after(store, {"--fault", "submit:hang"}, kPost, "with the submit not accepted", right_sound);
  });
  cases.emplace_back([&] {
    return killed_after(store, {"--task-time", "3600"}, kPoll, "while the task runs", right_sound);
  });
  cases.emplace_back([&] {
    return killed_after(store, {"--fault", "query:hang"}, kPoll, "during a poll", right_sound);
  });
  cases.emplace_back([&] {
    return killed_after(store, {"--fault", "result:hang"}, kDownload, "at the download's beginning", right_sound);
  });
  cases.emplace_back([&] { return killed_in_download(store, right_sound); });
  judge_all("kill -9 of the service", cases);
}

}  // namespace
}  // namespace klingv2a::test
