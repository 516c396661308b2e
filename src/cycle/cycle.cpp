// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See cycle.h. Reads like the sentence it carries out; each step is in the file of its name.
#include "cycle/cycle.h"

#include "cycle/download.h"
#include "cycle/poll.h"
#include "cycle/run.h"
#include "cycle/submit.h"

namespace klingv2a::cycle {

namespace {

// A service elsewhere would be paid for a task whose video it cannot fetch.
void check_within_reach(const Run& run, const std::string& url) {
  if (!http::is_loopback_url(url) || http::is_loopback_url(run.settings.service.base_url)) return;
  throw make_error(ErrorKind::settings, Phase::publish,
                   "the service is elsewhere and cannot fetch the video from " + http::displayable_url(url),
                   "give publish a public address, as in serve://0.0.0.0:PORT?public=https://…, or a place to PUT to");
}

// Null by reference, where nothing is published.
std::unique_ptr<publish::Publication> publish_proxy(Run& run, const std::shared_ptr<const SpoolFile>& proxy) {
  if (!proxy) return nullptr;
  run.begin(Phase::publish);
  const StepTimer timer(run.clock, run.stats.publish_s);
  auto publication = publish::publish(run.settings.publish, proxy, run.http, run.clock, run.cancel, run.on_retry());
  check_within_reach(run, publication->url());
  run.request.video_url = publication->url();
  return publication;
}

}  // namespace

CycleResult run_cycle(const CycleSettings& settings, std::shared_ptr<const SpoolFile> proxy, Clock& clock,
                      const GObjectPtr<GCancellable>& cancel, CycleObserver& observer) {
  Run run(settings, clock, cancel, observer);
  try {
    auto publication = publish_proxy(run, proxy);
    proxy.reset();  // the publication keeps what it needs
    (void)submit(run);
    kling::Task task = poll(run);
    publication.reset();
    Sound sound = download(run, task);
    return {.task = std::move(task), .form = sound.form, .sound = std::move(sound.file), .stats = run.stats};
  } catch (const Error& error) {
    throw run.with_what_is_known(error);
  }
}

std::string_view to_string(ResultForm form) noexcept {
  switch (form) {
    case ResultForm::wav:
      return "wav";
    case ResultForm::mp3:
      return "mp3";
    case ResultForm::video:
      return "video";
  }
  return "unknown";
}

std::string make_external_task_id() {
  const GCharPtr uuid(g_uuid_string_random());
  return std::string("klingv2a-") + uuid.get();
}

}  // namespace klingv2a::cycle
