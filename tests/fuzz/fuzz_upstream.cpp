// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fuzz target: a file that is read through a pad, as far as its outermost boxes or elements: whether it is cut off, and
// what its header says of the tracks.
#include <algorithm>

#include "bin/cut_off.h"
#include "bin/details.h"
#include "bin/matroska_header.h"
#include "bin/upstream_bytes.h"
#include "fuzz_target.h"

namespace {

using namespace klingv2a;  // NOLINT(google-build-using-namespace)

struct File {
  const std::uint8_t* data;
  std::size_t size;
};

GstFlowReturn read(GstPad* pad, GstObject*, guint64 offset, guint length, GstBuffer** buffer) {
  const auto& file = *static_cast<const File*>(gst_pad_get_element_private(pad));
  if (offset >= file.size) return GST_FLOW_EOS;
  const auto count = std::min<std::size_t>(length, file.size - static_cast<std::size_t>(offset));
  *buffer = gst_buffer_new_memdup(file.data + offset, count);
  return GST_FLOW_OK;
}

gboolean answer(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_DURATION) return gst_pad_query_default(pad, parent, query);
  gst_query_set_duration(query, GST_FORMAT_BYTES,
                         static_cast<gint64>(static_cast<const File*>(gst_pad_get_element_private(pad))->size));
  return TRUE;
}

// A source that can be read from, and a sink that reads from it.
class Pads {
 public:
  Pads() {
    gst_pad_set_getrange_function(source_.get(), read);
    gst_pad_set_query_function(source_.get(), answer);
    const auto pulls = +[](GstPad*, GstObject*, GstPadMode, gboolean) -> gboolean { return TRUE; };
    gst_pad_set_activatemode_function(source_.get(), pulls);
    gst_pad_set_activatemode_function(sink_.get(), pulls);
    gst_pad_link(source_.get(), sink_.get());
    gst_pad_activate_mode(sink_.get(), GST_PAD_MODE_PULL, TRUE);
  }
  ~Pads() { gst_pad_activate_mode(sink_.get(), GST_PAD_MODE_PULL, FALSE); }
  Pads(const Pads&) = delete;
  Pads& operator=(const Pads&) = delete;
  [[nodiscard]] GstPad* source() const { return source_.get(); }
  [[nodiscard]] GstPad* sink() const { return sink_.get(); }

 private:
  static PadPtr make(GstPadDirection direction) {
    return PadPtr::adopt(GST_PAD_CAST(gst_object_ref_sink(gst_pad_new(nullptr, direction))));
  }
  const PadPtr source_ = make(GST_PAD_SRC), sink_ = make(GST_PAD_SINK);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool begun = (gst_init(nullptr, nullptr), true);
  if (!begun) return 0;
  static const Pads pads;
  File file{data, size};
  gst_pad_set_element_private(pads.source(), &file);
  fuzz::require(GST_PAD_MODE(pads.source()) == GST_PAD_MODE_PULL);
  (void)is_cut_off(pads.sink());
  (void)codec_delays(pads.source());
  (void)codec_ids(pads.source());
  for_each_mp4_box(pads.source(), [&](const Mp4Box& box) {
    fuzz::require(box.offset < size);
    return true;
  });
  fuzz::refuses_at_most([] { (void)read_details(pads.sink()); });
  return 0;
}
