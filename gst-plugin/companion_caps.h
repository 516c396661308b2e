// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The media types of the companion pads `sink_%u` and `src_%u`: sound, text, subpictures, closed captions and metadata
// as GStreamer's demuxers and parsers give them. A list, not ANY: gst-launch would link `src_%u` to a muxer's video
// pad, and a demuxer's video to `sink_%u`. Whole files (audio/x-wav, application/x-matroska …) are not companions.
#pragma once

#include <gst/audio/audio.h>

#define KLINGV2A_COMPANION_SOUND                                                                                      \
  GST_AUDIO_CAPS_MAKE(GST_AUDIO_FORMATS_ALL)                                                                          \
  ", layout=(string){ interleaved, non-interleaved }"                                                                 \
  "; audio/mpeg; audio/x-ac3; audio/ac3; audio/x-eac3; audio/x-ac4; audio/x-dts; audio/x-true-hd; audio/x-mlp"        \
  "; audio/x-opus; audio/x-vorbis; audio/x-flac; audio/x-speex; audio/x-celt; audio/x-alac; audio/x-tta"              \
  "; audio/x-wavpack; audio/x-wavpack-correction; audio/x-musepack; audio/x-ffmpeg-parsed-ape"                        \
  "; audio/x-ffmpeg-parsed-musepack; audio/x-monkeys; audio/x-shorten; audio/x-dsd; audio/x-lpcm; audio/x-smpte-302m" \
  "; audio/x-private-ts-lpcm; audio/x-private1-lpcm; audio/x-private1-ac3; audio/x-private1-dts"                      \
  "; audio/x-private2-lpcm; audio/x-unaligned-raw; audio/x-alaw; audio/x-mulaw; audio/x-adpcm; audio/x-dpcm"          \
  "; audio/AMR; audio/AMR-WB; audio/x-gsm; audio/ms-gsm; audio/G722; audio/G723; audio/G729; audio/x-siren"           \
  "; audio/x-sipro; audio/x-iLBC; audio/x-bv; audio/isac; audio/qcelp; audio/x-sbc; audio/aptx; audio/aptx-hd"        \
  "; audio/x-ldac; audio/x-wma; audio/x-wms; audio/x-xma; audio/x-pn-realaudio; audio/x-nellymoser; audio/x-qdm"      \
  "; audio/x-qdm2; audio/x-mace; audio/x-imc; audio/x-truespeech; audio/x-twin-vq; audio/x-voxware"                   \
  "; audio/x-vnd.sony.atrac1; audio/x-vnd.sony.atrac3; audio/x-dv; audio/x-midi-event; audio/x-avi-unknown"

#define KLINGV2A_COMPANION_TEXT                                                                                   \
  "text/x-raw; application/x-ssa; application/x-ass; application/x-usf; application/x-subtitle"                   \
  "; application/x-subtitle-unknown; application/x-subtitle-vtt; application/x-subtitle-avi"                      \
  "; application/x-subtitle-sami; application/x-subtitle-tmplayer; application/x-subtitle-mpl2"                   \
  "; application/x-subtitle-dks; application/x-subtitle-qttext; application/x-subtitle-lrc; application/ttml+xml" \
  "; application/x-teletext; application/x-ogm-text; subtitle/x-kate; subpicture/x-dvd; subpicture/x-dvb"         \
  "; subpicture/x-pgs; subpicture/x-xsub; closedcaption/x-cea-608; closedcaption/x-cea-708"

#define KLINGV2A_COMPANION_META \
  "meta/x-klv; meta/x-id3; meta/x-st-2038; application/x-id3; application/x-onvif-metadata; application/x-scte-35"

#define KLINGV2A_COMPANION_CAPS KLINGV2A_COMPANION_SOUND "; " KLINGV2A_COMPANION_TEXT "; " KLINGV2A_COMPANION_META
