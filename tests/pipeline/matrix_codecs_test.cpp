// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Codecs without NAL units, in the containers that they are met in: each leaves as it came, while the service is shown
// H.264.
#include <gtest/gtest.h>

#include "video_judge.h"

namespace klingv2a::test {
namespace {

using Words = std::vector<std::string>;

VideoInput video(const std::string& name, const std::string& file, const Words& coding, const std::string& elements,
                 const std::string& media_type) {
  return {.name = name, .file = file, .coding = coding, .elements = elements, .conformed = "it is " + media_type};
}

VideoInput sized(int width, int height, VideoInput input) {
  input.width = width;
  input.height = height;
  return input;
}

VideoInput filtered(const std::string& filters, VideoInput input) {
  input.filters = filters;
  return input;
}

VideoInput shown_as(double aspect, VideoInput input) {
  input.aspect = aspect;
  return input;
}

// PTS stand at a few of its frames only.
VideoInput with_sparse_times(VideoInput input) {
  input.frames_off = 1;
  return input;
}

VideoInput cut(const std::string& name, const std::string& file, const std::string& source, const Words& coding,
               const std::string& elements, const std::string& conformed) {
  VideoInput input{.name = name, .file = file, .coding = coding, .elements = elements, .conformed = conformed};
  input.source = source;
  return input;
}

constexpr const char* kMpeg = "video/mpeg";
const Words kPal{"-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-top", "1", "-b:v", "4M"};
const Words kMpeg2{"-c:v", "mpeg2video", "-b:v", "4M"};
const Words kMpeg4{"-c:v", "mpeg4", "-b:v", "2M"};
const Words kMpeg4WithBFrames{"-c:v", "mpeg4", "-b:v", "2M", "-bf", "2"};
const Words kJpeg{"-c:v", "mjpeg", "-q:v", "3"};
const Words kVp9{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"};
const Words kVp9TenBits{"-c:v", "libvpx-vp9", "-deadline", "realtime",    "-cpu-used",  "8",
                        "-b:v", "1M",         "-pix_fmt",  "yuv420p10le", "-profile:v", "2"};
const Words kAv1{"-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-b:v", "1M"};
const Words kProres{"-c:v", "prores_ks", "-profile:v", "2"};
const Words kProres4444{"-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le"};

class Codec : public ::testing::TestWithParam<VideoInput> {};

TEST_P(Codec, LeavesAsItCameWithItsSoundAndTheServiceTakesTheProxy) {
  judge_video(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Mpeg, Codec,
    ::testing::Values(
        video("Mpeg1InPs", "a.mpg", {"-c:v", "mpeg1video", "-b:v", "2M"}, "mpegpsdemux ! mpegvideoparse", kMpeg),
        video("Mpeg2InTs", "a.ts", kMpeg2, "tsdemux ! mpegvideoparse", kMpeg),
        with_sparse_times(video("Mpeg2WithBFramesInPs", "a.vob", {"-c:v", "mpeg2video", "-b:v", "4M", "-bf", "2"},
                                "mpegpsdemux ! mpegvideoparse", kMpeg)),
        sized(720, 576,
              filtered("setsar=16/11,setfield=tff",
                       video("InterlacedPal", "a.ts", kPal, "tsdemux ! mpegvideoparse", kMpeg))),
        video("Mpeg2In422", "a.ts", {"-c:v", "mpeg2video", "-b:v", "4M", "-pix_fmt", "yuv422p"},
              "tsdemux ! mpegvideoparse", kMpeg),
        video("Mpeg4InMp4", "a.mp4", kMpeg4WithBFrames, "qtdemux ! mpeg4videoparse", kMpeg),
        video("Mpeg4InAvi", "a.avi", kMpeg4, "avidemux", kMpeg),
        video("Mpeg4WithBFramesInMkv", "a.mkv", kMpeg4WithBFrames, "matroskademux ! mpeg4videoparse", kMpeg),
        sized(353, 289, video("Mpeg4OfOddSize", "a.mp4", kMpeg4, "qtdemux ! mpeg4videoparse", kMpeg)),
        video("MsMpeg4", "a.avi", {"-c:v", "msmpeg4", "-b:v", "2M"}, "avidemux", "video/x-msmpeg"),
        video("Wmv2", "a.asf", {"-c:v", "wmv2", "-b:v", "2M"}, "asfdemux", "video/x-wmv"),
        video("Flv1", "a.flv", {"-c:v", "flv", "-b:v", "2M"}, "flvdemux", "video/x-flash-video"),
        shown_as(4.0 / 3,
                 sized(352, 288, video("H263", "a.3gp", {"-c:v", "h263", "-b:v", "2M"}, "qtdemux", "video/x-h263")))),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Pictures, Codec,
    ::testing::Values(
        video("MjpegInAvi", "a.avi", kJpeg, "avidemux", "image/jpeg"),
        video("MjpegInMov", "a.mov", kJpeg, "qtdemux", "image/jpeg"),
        video("MjpegIn422InMkv", "a.mkv", {"-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj422p"}, "matroskademux",
              "image/jpeg"),
        video("PngInMov", "a.mov", {"-c:v", "png"}, "qtdemux", "image/png"),
        video("Prores422", "a.mov", kProres, "qtdemux", "video/x-prores"),
        video("Prores4444", "a.mov", kProres4444, "qtdemux", "video/x-prores"),
        sized(1280, 720,
              video("DnxhdInMxf", "a.mxf", {"-c:v", "dnxhd", "-profile:v", "dnxhr_sq", "-pix_fmt", "yuv422p"},
                    "mxfdemux", "video/x-dnxhd")),
        shown_as(4.0 / 3,
                 sized(720, 576,
                       video("Dv", "a.avi", {"-c:v", "dvvideo", "-pix_fmt", "yuv420p"}, "avidemux", "video/x-dv"))),
        video("Ffv1", "a.mkv", {"-c:v", "ffv1"}, "matroskademux", "video/x-ffv"),
        video("Huffyuv", "a.avi", {"-c:v", "huffyuv", "-pix_fmt", "yuv422p"}, "avidemux", "video/x-huffyuv"),
        video("QuicktimeAnimation", "a.mov", {"-c:v", "qtrle", "-pix_fmt", "rgb24"}, "qtdemux", "video/x-rle")),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Open, Codec,
    ::testing::Values(video("Vp8", "a.webm",
                            {"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"},
                            "matroskademux", "video/x-vp8"),
                      video("Vp9", "a.webm", kVp9, "matroskademux", "video/x-vp9"),
                      video("Vp9TenBits", "a.webm", kVp9TenBits, "matroskademux", "video/x-vp9"),
                      sized(321, 241, video("Vp9OfOddSize", "a.mkv", kVp9, "matroskademux", "video/x-vp9")),
                      video("Av1InMkv", "a.mkv", kAv1, "matroskademux ! av1parse", "video/x-av1"),
                      video("Av1InMp4", "a.mp4", kAv1, "qtdemux ! av1parse", "video/x-av1")),
    [](const auto& test) { return test.param.name; });

VideoInput vtest() {
  auto input = cut("Vtest", "a.avi", "/usr/share/doc/opencv-doc/examples/data/vtest.avi", {"-c", "copy", "-t", "15"},
                   "avidemux", "video/x-divx");
  input.rate = "10";
  input.seconds = 15;
  return input;
}

VideoInput movie_hello() {
  auto input = cut("MovieHello", "a.mp4", "/usr/share/forensics-samples/original-files/movie2/movie-hello.mp4",
                   {"-c", "copy"}, "qtdemux ! h264parse", "");
  input.rate = "30";
  input.seconds = 8.3;
  return input;
}

INSTANTIATE_TEST_SUITE_P(Found, Codec, ::testing::Values(vtest(), movie_hello()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace klingv2a::test
