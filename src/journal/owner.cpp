// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See owner.h. A token reads MACHINE/PROCESS-ID-SPACE/PROCESS-ID/START/RUN: the number of a process alone is used
// again, and means another process in another container.
#include "journal/owner.h"

#include <glib.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "checksum.h"
#include "gobject_ptr.h"

namespace klingv2a::journal {

namespace {

// Between two looks, for the time between them to count. A store that is away keeps us from looking and him from
// beating alike.
constexpr Seconds kLongestGap = 2 * kBeat;

std::string contents_of(const std::string& path) {
  char* text = nullptr;
  gsize length = 0;
  if (!g_file_get_contents(path.c_str(), &text, &length, nullptr)) return {};
  const GCharPtr owned(text);
  return {text, length};
}

// /proc may be another process-id space's: then its numbers mean other processes.
bool is_proc_ours() {
  std::array<char, 32> target{};
  const ssize_t length = ::readlink("/proc/self", target.data(), target.size());
  return length > 0 && std::string(target.data(), static_cast<std::size_t>(length)) == std::to_string(::getpid());
}

// Those of hardware, and of what a hypervisor gives: clones of a virtual machine differ in them.
std::set<std::string> network_addresses() {
  std::set<std::string> addresses;
  const std::unique_ptr<GDir, Deleter<g_dir_close>> folder(g_dir_open("/sys/class/net", 0, nullptr));
  if (!folder) return addresses;
  while (const char* name = g_dir_read_name(folder.get())) {
    const std::string interface = std::string("/sys/class/net/") + name;
    if (g_file_test((interface + "/device").c_str(), G_FILE_TEST_EXISTS))
      addresses.insert(contents_of(interface + "/address"));
  }
  return addresses;
}

// Empty where it cannot be told: then nothing but a heartbeat proves that a process lives.
std::string machine() {
  const std::string boot = contents_of("/proc/sys/kernel/random/boot_id");
  if (boot.empty() || !is_proc_ours()) return {};
  Checksum checksum;
  const auto add = [&](const std::string& text) { checksum.add(std::as_bytes(std::span(text))); };
  add(boot);
  add(contents_of("/etc/machine-id"));
  add(g_get_host_name());
  for (const std::string& address : network_addresses()) add(address);
  return checksum.text();
}

std::string process_id_space() {
  std::array<char, 64> target{};
  const ssize_t length = ::readlink("/proc/self/ns/pid", target.data(), target.size());
  return length <= 0 ? "0" : std::string(target.data(), static_cast<std::size_t>(length));
}

std::string stat_of(const std::string& process_id) {
  return contents_of("/proc/" + process_id + "/stat");
}

// When a process began, in the kernel's ticks; empty when it does nothing any more (a zombie, 'Z').
std::string start_in(const std::string& stat) {
  // The second field, the name, may hold anything; the third is the state, the 22nd the start.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || stat.compare(name_end + 2, 1, "Z") == 0) return {};
  std::size_t begin = name_end;
  for (int field = 2; field < 22 && begin != std::string::npos; ++field) begin = stat.find(' ', begin + 1);
  if (begin == std::string::npos) return {};
  return stat.substr(begin + 1, stat.find(' ', begin + 1) - begin - 1);
}

std::string here() {
  return machine() + "/" + process_id_space() + "/";
}

}  // namespace

std::string make_owner() {
  const GCharPtr run(g_uuid_string_random());
  const std::string process_id = std::to_string(::getpid());
  return here() + process_id + "/" + start_in(stat_of(process_id)) + "/" + run.get();
}

bool is_gone(const std::string& owner) {
  const std::string prefix = here();
  if (prefix.front() == '/' || !owner.starts_with(prefix)) return false;
  const std::size_t id_end = owner.find('/', prefix.size());
  if (id_end == std::string::npos) return false;
  const auto process_id = static_cast<pid_t>(std::strtol(owner.c_str() + prefix.size(), nullptr, 10));
  const std::string stat = stat_of(std::to_string(process_id));
  // /proc may hide other users' processes; the kernel still tells whether there is one.
  if (stat.empty()) return ::kill(process_id, 0) != 0 && errno == ESRCH;
  const std::size_t start_end = owner.find('/', id_end + 1);
  return start_in(stat) != owner.substr(id_end + 1, start_end - id_end - 1);
}

bool is_here(const std::string& owner) {
  const std::string prefix = here();
  return prefix.front() != '/' && owner.starts_with(prefix) && !is_gone(owner);
}

bool Watch::is_alive(const Row& row) {
  if (row.owner.empty() || is_gone(row.owner)) return false;
  const Seconds now = clock_.now();
  const auto [entry, is_new] = seen_.try_emplace(row.owner, Seen{row.beat, now, now});
  Seen& seen = entry->second;
  const bool was_watched = now - std::exchange(seen.last_look, now) <= kLongestGap;
  if (std::exchange(seen.beat, row.beat) != row.beat || !was_watched) seen.since = now;
  return now - seen.since < kDeadAfter;
}

}  // namespace klingv2a::journal
