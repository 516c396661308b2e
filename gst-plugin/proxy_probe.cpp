// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy_probe.h"

#include <gst/pbutils/pbutils.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "clip_limits.h"
#include "error.h"
#include "gst_ptr.h"
#include "log.h"

namespace klingv2a {

namespace {

constexpr auto kMillisecond = static_cast<Nanoseconds>(GST_MSECOND);
// The MP4's clocks round: a track's duration may differ by a little from the sum of its frames.
constexpr Nanoseconds kRounding = 5 * kMillisecond;

using InfoPtr = GObjectPtr<GstDiscovererInfo>;

// Null when it took too long.
InfoPtr discover(int fd, Seconds deadline) {
  GError* raw_error = nullptr;
  const auto limit = static_cast<GstClockTime>(deadline.count() * static_cast<double>(GST_SECOND));
  const auto discoverer = GObjectPtr<GstDiscoverer>::adopt(gst_discoverer_new(limit, &raw_error));
  GErrorPtr error(raw_error);
  if (!discoverer) throw make_error(ErrorKind::settings, Phase::proxy, error->message);
  lseek(fd, 0, SEEK_SET);  // fdsrc starts where the descriptor stands
  const std::string uri = "fd://" + std::to_string(fd);
  raw_error = nullptr;
  auto info = InfoPtr::adopt(gst_discoverer_discover_uri(discoverer.get(), uri.c_str(), &raw_error));
  error.reset(raw_error);
  const auto result = info ? gst_discoverer_info_get_result(info.get()) : GST_DISCOVERER_ERROR;
  // Without a decoder the container still tells all that is asked here.
  if (result == GST_DISCOVERER_OK || result == GST_DISCOVERER_MISSING_PLUGINS) return info;
  if (result == GST_DISCOVERER_TIMEOUT) return {};
  throw make_error(ErrorKind::input, Phase::proxy,
                   std::string("the proxy cannot be read back: ") + (error ? error->message : "not a video"));
}

InfoPtr discover(int fd, const ProbePatience& patience) {
  for (const Seconds deadline : patience) {
    if (auto info = discover(fd, deadline)) return info;
    GST_WARNING("the proxy could not be looked at within %g s", deadline.count());
  }
  ErrorDetails details = make_error(ErrorKind::busy, Phase::proxy,
                                    "the proxy could not be looked at in time: this machine is too busy, or too slow",
                                    "run fewer at a time, or try again when it has less to do")
                             .details();
  details.retryable = true;
  throw Error(std::move(details));
}

struct VideoSize {
  int width = 0, height = 0;
};

VideoSize video_size(GstDiscovererInfo* info) {
  GList* streams = gst_discoverer_info_get_video_streams(info);
  VideoSize size;
  if (streams) {
    const auto* video = GST_DISCOVERER_VIDEO_INFO(streams->data);
    size.width = static_cast<int>(gst_discoverer_video_info_get_width(video));
    size.height = static_cast<int>(gst_discoverer_video_info_get_height(video));
  }
  gst_discoverer_stream_info_list_free(streams);
  if (size.width == 0) throw make_error(ErrorKind::input, Phase::proxy, "the proxy shows no video");
  return size;
}

}  // namespace

void probe_proxy(const SpoolFile& proxy, const ClipTimeline& timeline, const ProbePatience& patience) {
  limits::check_bytes(proxy.size());
  const auto info = discover(proxy.fd(), patience);
  const auto size = video_size(info.get());
  limits::check_size(size.width, size.height);
  const auto length = static_cast<Nanoseconds>(gst_discoverer_info_get_duration(info.get()));
  limits::check_length(length, timeline.frame);
  if (std::abs(length - timeline.proxy_length()) > timeline.frame + kRounding)
    throw make_error(ErrorKind::input, Phase::proxy,
                     "the proxy lasts " + std::to_string(length / kMillisecond) + " ms, the clip " +
                         std::to_string(timeline.proxy_length() / kMillisecond) + " ms",
                     "please report this with the video: it would have been paid for and out of sync");
}

}  // namespace klingv2a
