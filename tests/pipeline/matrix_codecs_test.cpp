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

VideoInput cut(const std::string& name, const std::string& file, const std::string& source, const Words& coding,
               const std::string& elements, const std::string& conformed) {
  VideoInput input{.name = name, .file = file, .coding = coding, .elements = elements, .conformed = conformed};
  input.source = source;
  return input;
}

// Newer FFmpegs leave out pictures that are the one before: of each flash one or two.
VideoInput without_repeats(VideoInput input) {
  input.frames_off = 4;
  return input;
}

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
        without_repeats(video("QuicktimeAnimation", "a.mov", {"-c:v", "qtrle", "-pix_fmt", "rgb24"}, "qtdemux",
                              "video/x-rle"))),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Open, Codec,
    ::testing::Values(
        video("Vp8", "a.webm", {"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"},
              "matroskademux", "video/x-vp8"),
        without_repeats(video("Theora", "a.ogv", {"-c:v", "libtheora", "-b:v", "1M"}, "oggdemux", "video/x-theora")),
        video("TheoraInMkv", "a.mkv", {"-c:v", "libtheora", "-b:v", "1M"}, "matroskademux", "video/x-theora"),
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
