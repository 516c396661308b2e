// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What stands behind klingv2abin: parsebin, klingv2a, klingv2amix, an encoder and a muxer, linked when the streams of
// the input are known.
//
//   sink ─► parsebin ─┬─► klingv2a ─┬─ video ──────────────────────────────► muxer ─► src
//                     │             ├─ audio ─────────► klingv2amix ─► enc ─►
//                     │  (original) ├─ src_0 ─► dec ──►
//                     └─ (others) ─►└─ src_1 ───────────────────────────────►
//
// Threads:
//   the demuxer's streaming thread  on_stream(), on_all_streams(): builds all branches, once
//   klingv2a's streaming threads    on_kling_pad(), and the probes on its pads
//   any thread                      properties, report(), state changes
// One mutex guards the state. It is never held while elements are made, linked, queried or asked to change their state.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "details.h"
#include "dub_run.h"
#include "edit_list.h"
#include "error.h"
#include "gst_ptr.h"
#include "movie_copy.h"
#include "mutex.h"
#include "setting.h"
#include "sound_encoder.h"
#include "stream_plan.h"
#include "waiting_room.h"

namespace klingv2a {

struct DubSettings {
  Wishes wishes;
  AudioCodec audio_codec = AudioCodec::automatic;
  bool strict = false;
  bool mark_generated = true;
};

class DubBin {
 public:
  // `self` owns this object.
  explicit DubBin(GstBin* self);
  ~DubBin();
  DubBin(const DubBin&) = delete;
  DubBin& operator=(const DubBin&) = delete;

  [[nodiscard]] DubSettings settings();
  // The bin's own settings: `get` writes one of them, `set` changes it.
  using GetSetting = std::function<bool(const DubSettings& settings, GValue* value)>;
  using ChangeSetting = std::function<void(DubSettings& settings)>;
  SetResult set(const GValue* value, const GetSetting& get, const ChangeSetting& change);
  // From READY→PAUSED to PAUSED→READY: nothing is set.
  [[nodiscard]] bool is_running();
  // The children that have properties of their own, from the beginning on.
  [[nodiscard]] GstElement* kling() const { return kling_; }
  [[nodiscard]] GstElement* mixer() const { return mixer_; }
  // What was done with the input: see the property `report`.
  [[nodiscard]] StructurePtr report();

  // NULL→READY: posts an error and returns false if GStreamer's own elements are missing.
  bool check();
  // READY→PAUSED: takes the settings, and forgets what the last report said.
  void prepare();
  // READY→PAUSED has failed.
  void give_settings_back();
  // PAUSED→READY, after the children: makes ready for another input.
  void reset();

  void on_stream(const PadPtr& pad);
  void on_all_streams();
  void on_kling_pad(const PadPtr& pad);

 private:
  struct Stream {
    InputStream input;
    PadPtr pad;
    Role role = Role::lost;
    std::shared_ptr<WaitingRoom> room;
  };
  using Link = std::pair<PadPtr, PadPtr>;

  // dub_bin.cpp
  void add_ghost_pads();
  void pass_notifications_on();
  void on_waiting();
  bool waits_long_enough();
  void plan_and_build();
  std::optional<Container> found_container();
  void note_tracks();
  void check_encryption();
  void name_texts();
  std::vector<std::string> losses(const StreamPlan& plan);
  [[nodiscard]] std::vector<std::string> tracks_without_streams() const;
  [[nodiscard]] TrackUses uses_of(const StreamPlan& plan) const;
  void tell(const std::vector<std::string>& lost);
  void tell_program(const std::string& loss);
  void lose(const std::string& loss);
  void tell_late(const std::string& loss);
  void give_up(const Error& error);
  ElementPtr add(const char* factory);
  ElementPtr add(ElementPtr element);
  void forget_children();

  // dub_branches.cpp
  void build(const StreamPlan& plan, const SoundEncoder& encoder, std::optional<Container> found);
  void link_or_tell(const PadPtr& from, const PadPtr& to);
  StructurePtr kling_stats();
  Paid paid_so_far();
  void compare_frames();
  void start();
  void build_muxer();
  void build_video(const Stream& stream);
  void tell_of_lost_rotation(const Stream& stream);
  void build_copy(const Stream& stream);
  void build_original(const Stream& stream);
  void build_generated();
  void build_sound(const SoundEncoder& encoder);
  void tell_of_fewer_channels(const PadPtr& mixed, int channels, const std::string& codec);
  Bytes finished(View moov);
  std::optional<Bytes> finished_header(View written);
  std::vector<std::string> tracks();
  StartTrim start_trim();
  [[nodiscard]] TrackOrigin origin_of(const std::string& stream) const REQUIRES(mutex_);
  bool names_tracks();
  PadPtr muxer_pad(const GstCaps* caps, const std::string& stream);
  std::optional<std::int64_t> sound_length();
  PadPtr reframed(const PadPtr& to, const GstCaps* caps);
  PadPtr parsed(const PadPtr& to, const GstCaps* caps);
  PadPtr converted(const PadPtr& to);
  std::string request_companion(const Stream& stream, const PadPtr& to);
  static void link(const PadPtr& from, const PadPtr& to);

  GstBin* const self_;
  GstElement* kling_ = nullptr;
  GstElement* mixer_ = nullptr;
  GstElement* parser_ = nullptr;
  GstPad *sink_ = nullptr, *source_ = nullptr;
  std::unique_ptr<StreamsToCome> to_come_;  // set once; has its own lock

  Mutex mutex_;
  // What has no annotation is changed by the building thread alone, under mutex_; it may read it without.
  DubSettings settings_ GUARDED_BY(mutex_);
  bool running_ GUARDED_BY(mutex_) = false;
  std::vector<Stream> streams_;
  std::shared_ptr<DubRun> run_;
  std::vector<ElementPtr> children_;                           // made for this input
  std::vector<PadPtr> requested_ GUARDED_BY(mutex_);           // of klingv2a and of the mixer
  std::vector<Link> entrances_;                                // from the demuxer into klingv2a
  std::map<std::string, PadPtr> awaiting_ GUARDED_BY(mutex_);  // klingv2a's pads to come, by name, and where each leads
  // Of those, the ones that go to the muxer, and their streams' names.
  std::map<std::string, std::string> copies_ GUARDED_BY(mutex_);
  std::vector<std::pair<PadPtr, gulong>> probe_ids_;  // on pads of klingv2a that stay
  ElementPtr muxer_;
  Container container_ = Container::automatic;
  std::string encoder_name_ GUARDED_BY(mutex_);
  std::size_t stream_count_ GUARDED_BY(mutex_) = 0;
  std::vector<std::string> lost_ GUARDED_BY(mutex_);
  std::string original_;  // the stream that is kept beside the sound, with original-audio=separate
  // The streams in the order of the file's tracks; empty: our own sound.
  std::vector<std::string> tracks_ GUARDED_BY(mutex_);
  std::vector<TrackOrigin> origins_;            // likewise: where each comes from
  std::shared_ptr<const FileDetails> details_;  // of the input
  bool built_ GUARDED_BY(mutex_) = false;
};

}  // namespace klingv2a
