// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How long klingv2a itself takes: from the video's EOS to the POST on the wire, and from the answer that says `succeed`
// to the first sound buffer. Beside each, in the same run, the least that anybody needs for it: a plain remux of the
// clip, and a bare GET of the task and of its WAV.
//
//   bench_waits CLIP RUNS      prints a line a run: post SECONDS BESIDE sound SECONDS BESIDE
//
// The simulated service runs in this process, because what it sees is one end of each measurement. The main thread
// waits for it; GStreamer's threads write down when EOS and sound pass the pads.
#include <gst/gst.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>

#include "gobject_ptr.h"
#include "klingv2a-sim/service.h"
#include "private_home.h"
#include "sim_client.h"

namespace {

using klingv2a::GObjectPtr;
using klingv2a::sim::Options;
using klingv2a::sim::Service;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kDeadline{120};
constexpr const char* kEndpoint = "/kling/v1/audio/video-to-audio";

double seconds(Clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

class Pipeline {
 public:
  explicit Pipeline(const std::string& line) {
    GError* failure = nullptr;
    GstElement* floating = gst_parse_launch(line.c_str(), &failure);
    const klingv2a::GErrorPtr error(failure);
    if (error) throw std::runtime_error(error->message);
    pipeline_ = GObjectPtr<GstElement>::adopt(GST_ELEMENT(gst_object_ref_sink(floating)));
  }
  ~Pipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void play() { gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING); }
  void wait_for_eos() {
    const auto bus = GObjectPtr<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    GstMessage* message =
        gst_bus_timed_pop_filtered(bus.get(), static_cast<GstClockTime>(kDeadline.count()) * GST_SECOND,
                                   static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    const bool ended = message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    if (message) gst_message_unref(message);
    if (!ended) throw std::runtime_error("the pipeline has not ended well");
  }
  [[nodiscard]] GObjectPtr<GstElement> element(const char* name) const {
    return GObjectPtr<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }

 private:
  GObjectPtr<GstElement> pipeline_;
};

// When something passed a pad for the first time. Written by a streaming thread, read after EOS.
struct Passing {
  std::atomic<Clock::rep> at{0};

  static GstPadProbeReturn note(GstPad*, GstPadProbeInfo* info, gpointer self) {
    const bool is_event = (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) != 0;
    if (is_event && GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_EOS) return GST_PAD_PROBE_OK;
    Clock::rep never = 0;
    static_cast<Passing*>(self)->at.compare_exchange_strong(never, Clock::now().time_since_epoch().count());
    return GST_PAD_PROBE_OK;
  }
  [[nodiscard]] Clock::time_point time() const { return Clock::time_point(Clock::duration(at.load())); }
};

void note_first_sound(GstElement*, GstPad* pad, gpointer passing) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, Passing::note, passing, nullptr);
}

Clock::time_point time_when(const Service& sim, const std::function<bool(const Service&)>& condition) {
  if (!sim.wait_until(condition, kDeadline)) throw std::runtime_error("the service has not seen what was expected");
  return Clock::now();
}

int queries(const Service& sim) {
  return sim.count("GET", std::string(kEndpoint) + "/");
}

struct Waits {
  double eos_to_post = 0, succeed_to_sound = 0;
};

Waits measure(const Service& sim, const std::string& clip) {
  Pipeline pipeline("filesrc location=" + clip + " ! qtdemux ! h264parse ! klingv2a name=k api-key=sim-key base-url=" +
                    sim.base_url() + " ! fakesink  k.audio ! fakesink");
  Passing eos, sound;
  const auto klingv2a = pipeline.element("k");
  const auto sink = GObjectPtr<GstPad>::adopt(gst_element_get_static_pad(klingv2a.get(), "sink"));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, Passing::note, &eos, nullptr);
  g_signal_connect(klingv2a.get(), "pad-added", G_CALLBACK(note_first_sound), &sound);
  pipeline.play();
  const auto posted = time_when(sim, [](const Service& s) { return s.count("POST", kEndpoint) > 0; });
  time_when(sim, [](const Service& s) { return s.paid_tasks().back().status == "succeed"; });
  const int before = queries(sim);
  const auto answered = time_when(sim, [&](const Service& s) { return queries(s) > before; });
  pipeline.wait_for_eos();
  return {seconds(posted - eos.time()), seconds(sound.time() - answered)};
}

double plain_remux(const std::string& clip) {
  const std::string copy = clip + ".copy";
  const auto begin = Clock::now();
  {
    Pipeline pipeline("filesrc location=" + clip + " ! qtdemux ! h264parse ! mp4mux ! filesink location=" + copy);
    pipeline.play();
    pipeline.wait_for_eos();
  }
  const double time = seconds(Clock::now() - begin);
  std::filesystem::remove(copy);
  return time;
}

double bare_download(const Service& sim) {
  const std::string task_url = sim.base_url() + "/v1/audio/video-to-audio/" + sim.paid_tasks().back().task_id;
  const auto begin = Clock::now();
  const auto task = klingv2a::test::http_call({"GET", task_url, "Bearer sim-key", {}});
  const auto link = klingv2a::test::json_at(task.body, "$.data.task_result.audios[0].url_wav");
  const auto wav = klingv2a::test::http_call({"GET", link, {}, {}});
  if (wav.status != 200) throw std::runtime_error("the result cannot be fetched");
  return seconds(Clock::now() - begin);
}

void run_once(const std::string& clip) {
  const klingv2a::test::PrivateHome no_journal_of_earlier_runs;
  Options options;
  options.task_time = std::chrono::milliseconds(0);  // done before the first poll
  const Service sim(options);
  const Waits waits = measure(sim, clip);
  std::printf("post %.4f %.4f sound %.4f %.4f\n", waits.eos_to_post, plain_remux(clip), waits.succeed_to_sound,
              bare_download(sim));
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc != 3) {
    std::cerr << "Usage: bench_waits CLIP RUNS\n";
    return 2;
  }
  try {
    for (int run = 0; run < std::stoi(argv[2]); ++run) run_once(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_waits: " << error.what() << "\n";
    return 1;
  }
}
