// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The media types of the pads `sink` and `video`: raw video in system memory, and what GStreamer has decoders for. A
// list, not ANY: gst-launch would link `video` to a muxer's audio pad. Whether a decoder is installed is found out when
// the video comes.
#pragma once

#include <gst/video/video.h>

// Raw video first: it has no choice to negotiate. Its buffers may be single fields. H.264 as access units in avc
// framing is what the proxy needs.
#define KLINGV2A_VIDEO_CAPS                  \
  GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL) \
  "; " GST_VIDEO_CAPS_MAKE_WITH_FEATURES("format:Interlaced", GST_VIDEO_FORMATS_ALL)                            \
  ", interlace-mode=(string)alternate"                                                                          \
  "; video/x-h264, stream-format=(string){ avc, avc3, byte-stream }, alignment=(string){ au, nal }"             \
  "; video/x-h265, stream-format=(string){ hvc1, hev1, byte-stream }, alignment=(string){ au, nal }"            \
  "; video/mpeg, mpegversion=(int){ 1, 2, 4 }, systemstream=(boolean)false; image/jpeg; video/x-prores"         \
  "; video/x-dnxhd; video/x-vp8; video/x-vp9; video/x-av1; video/x-h263; video/x-h261; video/x-divx"            \
  "; video/x-xvid; video/x-3ivx; video/x-msmpeg; video/x-wmv; video/x-theora; video/x-dirac; video/x-cavs"      \
  "; video/x-dv, systemstream=(boolean)false; video/x-flash-video; video/x-svq; video/x-indeo; video/x-cinepak" \
  "; video/x-pn-realvideo; video/x-ffv; video/x-huffyuv; video/x-cineform; video/x-qtrle; video/x-mszh"         \
  "; video/x-tscc; video/x-zlib; video/x-qdrw; video/x-rle; video/x-truemotion; video/x-vmnc; video/x-camtasia" \
  "; video/x-apple-intermediate-codec; video/x-hap; video/x-utvideo; video/x-fraps; video/x-lagarith"           \
  "; video/x-speedhq; video/x-aasc; video/x-asus; video/x-ultimotion; image/x-jpc; image/x-j2c; image/png"      \
  "; image/x-jpc-striped; image/bmp; image/tiff; image/webp"
