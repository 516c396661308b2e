// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fault_scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <thread>

#include "test_clip.h"

namespace klingv2a::test {
namespace {

constexpr unsigned kSideBySide = 6;  // most of a case is waiting, the rest is two processors' work
constexpr int kKilledByTimeout = 124;
constexpr std::string_view kClient = "CLIENT";
constexpr std::size_t kShown = 1500;  // of what a client said last

std::vector<std::string> words_of(const std::string& command_line) {
  std::istringstream text(command_line);
  return {std::istream_iterator<std::string>(text), {}};
}

std::vector<std::string> operator+(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string last_words(const std::string& said) {
  return said.substr(said.size() - std::min(said.size(), kShown));
}

}  // namespace

FaultScene::FaultScene(const PutServer& store, const std::vector<std::string>& service) : publish_(store.publish()) {
  std::filesystem::create_directory(path("spool"));
  const std::vector<std::string> usual{"--dialect", "kling", "--task-time", "0.05", "--ledger", path("ledger")};
  service_ = std::make_unique<SimProcess>(KLINGV2A_SIM_PROGRAM, usual + service);
  base_url_ = service_->base_url();
}

void FaultScene::restart_service(const std::vector<std::string>& arguments) {
  service_->kill();
  const std::vector<std::string> usual{"--dialect", "kling",        "--task-time", "0.05",
                                       "--ledger",  path("ledger"), "--port",      service_->port()};
  service_ = std::make_unique<SimProcess>(KLINGV2A_SIM_PROGRAM, usual + arguments);
}

std::string FaultScene::command_line(const std::string& name) const {
  return "gst-launch-1.0 filesrc location=" + small_clip() + " ! qtdemux ! h264parse ! klingv2a name=k " +
         credentials_ + " base-url=" + base_url_ + " publish=" + publish_ + " spool-dir=" + path("spool") + " " +
         properties_ +
         " ! fakesink async=false sync=false k.audio ! audioconvert ! audio/x-raw,format=S16LE ! wavenc ! filesink "
         "async=false location=" +
         path(name + ".wav");
}

std::vector<std::string> FaultScene::command(const std::string& name) const {
  const std::string line = command_line(name);
  if (script_.empty()) return words_of(line);
  std::string script = script_;
  for (auto at = script.find(kClient); at != std::string::npos; at = script.find(kClient, at + line.size()))
    script.replace(at, kClient.size(), line);
  return {"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script};
}

std::unique_ptr<ClientProcess> FaultScene::start_client(const Point& point, const std::string& name) const {
  std::filesystem::remove(path(name + ".wav"));
  auto environment = environment_;
  environment.insert({{"XDG_STATE_HOME", path("state")}, {"XDG_CACHE_HOME", path("cache")}});
  return std::make_unique<ClientProcess>(command(name), environment, path(name), folder_.path(), point);
}

bool FaultScene::run_client(const Point& point) {
  const auto client = start_client(point);
  const int exit_code = client->wait();
  said_ = client->said();
  ++runs_;
  return exit_code == 0;
}

bool FaultScene::run_until_done(int most) {
  for (int i = 0; i < most; ++i)
    if (run_client()) return true;
  return false;
}

std::string FaultScene::sound(const std::string& name) const {
  return samples_of(path(name + ".wav"));
}

int FaultScene::posts() const {
  return service_->count(R"("method":"POST")");
}

int FaultScene::paid_tasks() const {
  return service_->count(R"("task_id":)");
}

void PaidOnceTable::add(const PaidOnceRow& row) {
  const std::lock_guard lock(mutex_);
  rows_.push_back(row);
}

std::size_t PaidOnceTable::cases() const {
  const std::lock_guard lock(mutex_);
  return rows_.size();
}

void PaidOnceTable::judge() const {
  const std::lock_guard lock(mutex_);
  int paid = 0, clips = 0, lost = 0;
  std::cout << "\n"
            << title_ << "\n"
            << std::left << std::setw(72) << "case"
            << "POSTs  paid  lost\n";
  for (const PaidOnceRow& row : rows_) {
    std::cout << std::setw(72) << row.name.substr(0, 71) << std::setw(7) << row.posts << std::setw(6) << row.paid
              << std::setw(6) << !row.has_sound << (row.is_ok() ? "ok" : "NOT OK") << "  " << row.note << "\n";
    EXPECT_EQ(row.paid, row.clips) << row.name;
    EXPECT_TRUE(row.has_sound) << row.name;
    EXPECT_TRUE(row.as_promised) << row.name << ": " << row.note;
    paid += row.paid;
    clips += row.clips;
    lost += row.has_sound ? 0 : 1;
  }
  std::cout << title_ << ": cases: " << rows_.size() << ", paid tasks: " << paid << " of " << clips
            << ", lost results: " << lost << std::endl;
}

PaidOnceRow row_of(const FaultScene& scene, const std::string& name, const std::string& right_sound) {
  PaidOnceRow row{.name = name, .posts = scene.posts(), .paid = scene.paid_tasks()};
  row.has_sound = !right_sound.empty() && scene.sound() == right_sound;
  if (!row.is_ok()) row.note = last_words(scene.said());
  return row;
}

PaidOnceRow finish(FaultScene& scene, ClientProcess& client, const std::string& name, const std::string& right_sound) {
  const int exit_code = client.wait();
  const std::string said = client.said();
  if (exit_code != 0) scene.run_until_done();
  PaidOnceRow row = row_of(scene, name, right_sound);
  row.as_promised = exit_code == 0 || (exit_code < kKilledByTimeout && said.find("kind=") != std::string::npos);
  if (!row.is_ok())
    row.note += "\nfirst run: " + last_words(said);
  else
    row.note = exit_code == 0 ? "came through" : "error, reruns: " + std::to_string(scene.runs());
  return row;
}

void judge_all(const std::string& title, const std::vector<std::function<PaidOnceRow()>>& cases) {
  std::vector<PaidOnceRow> rows(cases.size());
  side_by_side(cases.size(), [&](std::size_t i) { rows[i] = cases[i](); });
  PaidOnceTable table(title);
  for (const PaidOnceRow& row : rows) table.add(row);
  table.judge();
}

std::string samples_of(const std::string& path) {
  constexpr std::size_t kHead = 44, kSize = 40;
  std::ifstream file(path, std::ios::binary);
  // Behind the samples stands the task's number.
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::uint32_t size = 0;
  if (bytes.size() < kHead) return {};
  std::memcpy(&size, bytes.data() + kSize, sizeof size);  // both are little-endian
  return bytes.substr(kHead, size);
}

std::string small_clip() {
  return test_clip({.seconds = 3, .flash_frames = {20, 61}});
}

std::string undisturbed_sound(const PutServer& store) {
  FaultScene scene(store);
  EXPECT_TRUE(scene.run_client()) << scene.said();
  EXPECT_EQ(scene.paid_tasks(), 1);
  const std::string sound = scene.sound();
  EXPECT_GT(sound.size(), std::size_t{3} * 48000);
  return sound;
}

void side_by_side(std::size_t cases, const std::function<void(std::size_t)>& run) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> workers;
  for (std::size_t i = 0; i < std::min<std::size_t>(kSideBySide, cases); ++i)
    workers.emplace_back([&] {
      for (auto number = next++; number < cases; number = next++) {
        try {
          run(number);
        } catch (const std::exception& failure) {
          ADD_FAILURE() << "case " << number << ": " << failure.what();
        }
      }
    });
}

bool is_long_form() {
  const char* wanted = g_getenv("KLINGV2A_TEST_LONG");
  return wanted && std::string(wanted) == "1";
}

}  // namespace klingv2a::test
