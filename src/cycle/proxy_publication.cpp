// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See proxy_publication.h.
#include "cycle/proxy_publication.h"

#include "disk_room.h"
#include "journal/key.h"
#include "spool_file.h"

namespace klingv2a::cycle {

namespace {

// The sound of a clip of 20 s as WAV in the best quality that the service is known to give, and room to spare.
constexpr std::uint64_t kResultBytes = 32'000'000;

// Distinguishes two accounts of one service. The key has too many bits for anyone to find it by trying.
std::string account_of(const kling::Service& service) {
  constexpr std::size_t kShown = 12;
  const std::string who = journal::normalized_base_url(service.base_url) + "\n" +
                          (service.access_key.empty() ? service.api_key : service.access_key);
  const GCharPtr digest(g_compute_checksum_for_string(G_CHECKSUM_SHA256, who.c_str(), -1));
  return std::string(digest.get()).substr(0, kShown);
}

// A service elsewhere would be paid for a task whose video it cannot fetch.
void check_within_reach(const Run& run, const std::string& url) {
  if (!http::is_loopback_url(url) || http::is_loopback_url(run.settings.service.base_url)) return;
  throw make_error(ErrorKind::settings, Phase::publish,
                   "the service is elsewhere and cannot fetch the video from " + http::displayable_url(url),
                   "give publish a public address, as in serve://0.0.0.0:PORT?public=https://…, or a place to PUT to");
}

// What the journal knows the task by (another length is another file anyway): two tasks never share a published file,
// so each can remove its own.
std::string purpose_of(const CycleSettings& settings, const CycleClip& clip) {
  const journal::ClipIdentity identity = identity_of(settings, clip);
  return identity.key + "\n" + identity.service + "\n" + identity.account;
}

}  // namespace

journal::ClipIdentity identity_of(const CycleSettings& settings, const CycleClip& clip) {
  return {clip.key, clip.length_ms, journal::normalized_base_url(settings.service.base_url),
          account_of(settings.service)};
}

void check_before_work(Run& run, const CycleClip& clip) {
  if (std::exchange(run.checked, true)) return;
  run.begin(Phase::check);
  check_room(run.settings.spool_dir, kResultBytes, "the sound");
  (void)SpoolFile(run.settings.spool_dir);  // that of the sound is made when the task is paid for
  if (!clip.make_proxy) return;
  // What stays of the tiny file is logged, and hurts nobody.
  (void)publish::check_target(run.settings.publish, run.http, run.clock, run.cancel, run.on_retry());
}

std::unique_ptr<publish::Publication> publish_proxy(Run& run, const CycleClip& clip) {
  if (!clip.make_proxy) return nullptr;
  run.begin(Phase::proxy);
  const std::shared_ptr<const SpoolFile> proxy = clip.make_proxy();
  run.begin(Phase::publish);
  const StepTimer timer(run.clock, run.stats.publish_s);
  publish::PublishSettings settings = run.settings.publish;
  settings.purpose = purpose_of(run.settings, clip);
  auto publication = publish::publish(settings, proxy, run.http, run.clock, run.cancel, run.on_retry());
  check_within_reach(run, publication->url());
  run.request.video_url = publication->url();
  return publication;
}

void withdraw(Run& run, publish::Publication* publication) {
  if (!publication) return;
  const std::optional<Error> left = publication->withdraw(run.http, run.clock, run.cancel, run.on_retry());
  if (!left) return;
  ++run.stats.files_left;
  run.observer.on_file_left(run.with_what_is_known(*left));
}

}  // namespace klingv2a::cycle
