// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What klingv2abin sees and changes on pads between its children. Each probe runs on the pad's streaming thread and
// shares what it needs, so it may outlive the bin's run.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <string>

#include "dub_run.h"
#include "edit_list.h"
#include "matroska_header.h"
#include "matroska_tags.h"
#include "plain_text.h"

namespace klingv2a::probes {

// Lets nothing pass any more.
void drop_all(GstPad* pad);

// Calls `report` once with what passes of a file's chapters and attachments ("the chapters", "the attachments"), which
// only Matroska's muxers write.
void on_extras(GstPad* pad, std::function<void(const std::string& what)> report);

// Calls `report` for an orientation that is not `written` into the file.
void on_rotation(GstPad* pad, bool (*written)(const std::string& orientation), std::function<void()> report);

// Makes the stream's timestamps its running time, after the stream's delay.
void from_zero(GstPad* pad, CodecDelays delays);

// Of a parser's pads: packets that come `in` with their parameter sets beside them go `out` with the same payload.
void keep_packets(GstPad* in, GstPad* out);

// Takes note of what comes in. The ids, here and below, are for gst_pad_remove_probe().
void watch(GstPad* pad, std::shared_ptr<DubRun> run, std::string stream);
gulong watch_video(GstPad* pad, std::shared_ptr<DubRun> run);

// Moves what goes to the muxer.
gulong move(GstPad* pad, std::shared_ptr<DubRun> run, std::string stream);
gulong move_video(GstPad* pad, std::shared_ptr<DubRun> run, bool mark);
gulong move_sound(GstPad* pad, std::shared_ptr<DubRun> run);

// Before move_sound(): CodedOpusTimes.
void count_coded_opus(GstPad* pad);

// CAPS that qtmux and mp4mux read safely, see with_chroma_site().
void say_chroma_site(GstPad* pad);

// Subtitles: CAPS and text without markup.
void make_plain(GstPad* pad, Markup markup);

// A title for a stream that comes without one.
void give_title(GstPad* pad, std::string title);

// The name of the stream until its first packet is written, which is when the muxer writes its header; then but its
// begin.
void give_room(GstPad* pad, std::string name);

// Keeps lists of chapters from the muxer.
void drop_chapters(GstPad* pad);

// Calls `report` with the number of channels before CAPS pass.
void on_channels(GstPad* pad, std::function<void(int)> report);

// On the muxer's source pad: takes note of the pictures that are written. Calls `ended` before the end passes.
void count_pictures(GstPad* pad, std::shared_ptr<DubRun> run, std::function<void()> ended);

// On the muxer's source pad: what comes back takes the place of the `moov` that passes.
void finish_moov(GstPad* pad, std::function<Bytes(View moov)> finish);

// On the source pad of Matroska's muxers: see finish_tags() in matroska_tags.h.
void finish_tags(GstPad* pad, OwnTag own);

// On the source pad of Matroska's muxers: what comes back takes the place of the buffer that begins a segment; null:
// it stays.
void finish_header(GstPad* pad, std::function<std::optional<Bytes>(View written)> finish);

// As finish_moov: leaves out what mp4mux and qtmux write of the tags a second time, as XMP of their own behind the
// movie.
void drop_xmp(GstPad* pad);

}  // namespace klingv2a::probes
