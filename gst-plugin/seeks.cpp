// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seeks.h"

#include <utility>

#include "log.h"
#include "upstream.h"

namespace klingv2a {

namespace {

// Of which only some frames would come.
constexpr int kTrickModes = GST_SEEK_FLAG_TRICKMODE | GST_SEEK_FLAG_TRICKMODE_KEY_UNITS |
                            GST_SEEK_FLAG_TRICKMODE_FORWARD_PREDICTED | GST_SEEK_FLAG_TRICKMODE_NO_AUDIO;

}  // namespace

// The answer that a seek has got from `origin`, or gets without going there. Nothing when it is to go there now. A seek
// without a flush begins the next loop when the segment is done. That is judged once for all sinks: when the seek of
// the second one comes, the first one's may have begun the loop.
std::optional<bool> Seeks::answer_known(guint32 seqnum, const GstObject* origin, bool flushes) {
  const MutexLocker lock(state_.mutex);
  if (std::exchange(seqnum_, seqnum) != seqnum) {
    results_.clear();
    may_pass_ = flushes || (state_.row.is_complete() && !state_.row.has_eos());
  }
  const auto [answered, is_new] = results_.try_emplace(origin, may_pass_);
  if (!is_new || !may_pass_) return answered->second;
  return std::nullopt;
}

bool Seeks::pass(GstPad* sink, EventPtr event) {
  double rate = 1.0;
  auto flags = GST_SEEK_FLAG_NONE;
  gst_event_parse_seek(event.get(), &rate, nullptr, &flags, nullptr, nullptr, nullptr, nullptr);
  const guint32 seqnum = gst_event_get_seqnum(event.get());
  if (rate != 1.0 || (flags & kTrickModes) != 0) {
    GST_WARNING_OBJECT(state_.self, "seek at rate %f%s refused: a sound belongs to all of its video, at rate 1.0", rate,
                       flags & kTrickModes ? " in a trick mode" : "");
    return false;
  }
  const auto origin = origin_of(sink);
  if (const auto answered = answer_known(seqnum, origin.get(), (flags & GST_SEEK_FLAG_FLUSH) != 0)) {
    if (!*answered)
      GST_WARNING_OBJECT(state_.self, "seek refused: it has no flush while a clip is held, or upstream has refused it");
    return *answered;
  }
  GST_DEBUG_OBJECT(state_.self, "seek %u goes upstream by %s", seqnum, GST_OBJECT_NAME(sink));
  const bool done = gst_pad_push_event(sink, event.to_c());
  const MutexLocker lock(state_.mutex);
  if (seqnum_ == seqnum) results_[origin.get()] = done;
  return done;
}

}  // namespace klingv2a
