// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Pads: what they are, when `audio` comes and goes, and in which order things leave it.
#include <algorithm>

#include "element_fixture.h"
#include "gst_ptr.h"

namespace klingv2a::test {
namespace {

class PadsTest : public ElementTest {
 protected:
  void SetUp() override { refuse_tasks(); }

  static EventPtr sticky(GstPad* pad, GstEventType type) {
    return EventPtr::adopt(gst_pad_get_sticky_event(pad, type, 0));
  }
  static std::vector<std::string> links_of(const PadPtr& pad) {
    std::vector<std::string> names;
    const std::unique_ptr<GstIterator, Deleter<gst_iterator_free>> links(gst_pad_iterate_internal_links(pad.get()));
    const auto collect = +[](const GValue* item, gpointer to) {
      static_cast<std::vector<std::string>*>(to)->push_back(GST_PAD_NAME(g_value_get_object(item)));
    };
    if (links) gst_iterator_foreach(links.get(), collect, &names);
    return names;
  }
  static PadPtr pad_of(const ElementRig& rig, const char* name) {
    return PadPtr::adopt(gst_element_get_static_pad(rig.element(), name));
  }
};

TEST_F(PadsTest, TemplatesAreTyped) {
  const auto factory = GObjectPtr<GstElementFactory>::adopt(gst_element_factory_find("klingv2a"));
  int count = 0;
  for (const GList* item = gst_element_factory_get_static_pad_templates(factory.get()); item; item = item->next) {
    auto* pad_template = static_cast<GstStaticPadTemplate*>(item->data);
    const auto caps = CapsPtr::adopt(gst_static_pad_template_get_caps(pad_template));
    EXPECT_FALSE(gst_caps_is_any(caps.get())) << pad_template->name_template;
    const std::string name = pad_template->name_template;
    const bool audio = name == "audio", companion = name == "sink_%u" || name == "src_%u";
    const auto presence = name == "sink_%u" ? GST_PAD_REQUEST : audio || companion ? GST_PAD_SOMETIMES : GST_PAD_ALWAYS;
    EXPECT_EQ(pad_template->presence, presence) << name;
    for (guint i = 0; i < gst_caps_get_size(caps.get()); ++i) {
      const std::string type = gst_structure_get_name(gst_caps_get_structure(caps.get(), i));
      const bool is_video = type.starts_with("video/") || type.starts_with("image/");
      EXPECT_TRUE(audio ? type == "audio/x-raw" : is_video != companion) << name << ": " << type;
    }
    ++count;
  }
  EXPECT_EQ(count, 5);
}

TEST_F(PadsTest, AudioComesWithTheCapsAndNoMorePadsOnce) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.stream_start();
  EXPECT_TRUE(rig.signals().empty());
  rig.caps();
  const std::vector<std::string> added{"pad-added audio", "no-more-pads"};
  EXPECT_EQ(rig.signals(), added);
  rig.segment();
  rig.caps();
  rig.push_frames(90);
  rig.caps();
  rig.end();
  EXPECT_EQ(rig.signals(), added);
  EXPECT_EQ(posts(), 0) << "before anything is asked for";
}

TEST_F(PadsTest, AudioHasItsStreamStartWhenItIsAdded) {
  std::string id;
  guint group = 0;
  const ElementRig rig(base_url(), {.properties = kSilent, .audio_caps = nullptr});
  struct Seen {
    std::string& id;
    guint& group;
  } seen{id, group};
  const auto added = +[](GstElement*, GstPad* pad, gpointer to) {
    const auto event = sticky(pad, GST_EVENT_STREAM_START);
    const char* text = nullptr;
    ASSERT_TRUE(event);
    gst_event_parse_stream_start(event.get(), &text);
    static_cast<Seen*>(to)->id = text;
    gst_event_parse_group_id(event.get(), &static_cast<Seen*>(to)->group);
  };
  g_signal_connect(rig.element(), "pad-added", G_CALLBACK(added), &seen);
  rig.stream_start("upstream/7", 42);
  rig.caps();
  EXPECT_EQ(id, "upstream/7/klingv2a");
  EXPECT_EQ(group, 42U);
  g_signal_handlers_disconnect_by_data(rig.element(), &seen);
}

TEST_F(PadsTest, InternalLinksAreBetweenSinkAndVideoOnly) {
  const ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  EXPECT_EQ(links_of(pad_of(rig, "sink")), std::vector<std::string>{"video"});
  EXPECT_EQ(links_of(pad_of(rig, "video")), std::vector<std::string>{"sink"});
  EXPECT_EQ(links_of(pad_of(rig, "audio")), std::vector<std::string>{});
}

TEST_F(PadsTest, NothingOfTheVideoLeaksOntoAudio) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "the video's", nullptr)));
  rig.push_event(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("of-the-video")));
  rig.push_frames(90);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(rig.sound_log().count(GST_EVENT_CUSTOM_DOWNSTREAM), 0);
  EXPECT_EQ(rig.video_log().count(GST_EVENT_CUSTOM_DOWNSTREAM), 1);
  EXPECT_EQ(rig.sound_log().caps().find("video"), std::string::npos) << rig.sound_log().caps();
  const auto tag = sticky(rig.sound()->sinkpad, GST_EVENT_TAG);
  ASSERT_TRUE(tag);
  GstTagList* tags = nullptr;
  gst_event_parse_tag(tag.get(), &tags);
  EXPECT_EQ(gst_tag_list_get_tag_size(tags, GST_TAG_TITLE), 0U);
}

std::vector<GstEventType> types_of(const PadLog& log) {
  std::vector<GstEventType> types;
  for (const auto& event : log.events()) types.push_back(event.type);
  return types;
}

TEST_F(PadsTest, AudioLeavesInOrder) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(types_of(rig.sound_log()), (std::vector<GstEventType>{GST_EVENT_STREAM_START, GST_EVENT_CAPS,
                                                                  GST_EVENT_SEGMENT, GST_EVENT_TAG, GST_EVENT_EOS}));
  const auto events = rig.sound_log().events();
  EXPECT_EQ(events[3].buffers_before, 0U);
  EXPECT_EQ(events[4].buffers_before, rig.sound_log().count());
  EXPECT_GT(rig.sound_log().count(), 0U);
}

TEST_F(PadsTest, VideoLeavesInTheOrderInWhichItCame) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(45);
  rig.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "in the middle", nullptr)));
  rig.push_event(gst_event_new_gap(45 * kFrame, kFrame));
  rig.push_frames(45, 46);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(types_of(rig.video_log()),
            (std::vector<GstEventType>{GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT, GST_EVENT_TAG,
                                       GST_EVENT_GAP, GST_EVENT_EOS}));
  const auto events = rig.video_log().events();
  EXPECT_EQ(events[3].buffers_before, 45U);
  EXPECT_EQ(events[4].buffers_before, 45U);
  EXPECT_EQ(events[5].buffers_before, 90U);
}

TEST_F(PadsTest, TheSoundLiesInTheVideosSegment) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.stream_start();
  rig.caps();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = 10 * GST_SECOND;
  segment.time = 4 * GST_SECOND;
  segment.base = 5 * GST_SECOND;
  GstEvent* event = gst_event_new_segment(&segment);
  const guint32 seqnum = gst_event_get_seqnum(event);
  rig.push_event(event);
  for (GstClockTime frame = 0; frame < 90; ++frame) rig.push_frame(10 * GST_SECOND + frame * kFrame);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  const auto ours = rig.sound_log().segment();
  EXPECT_EQ(ours.start, segment.start);
  EXPECT_EQ(ours.time, segment.time);
  EXPECT_EQ(ours.base, segment.base);
  EXPECT_EQ(rig.sound_log().events()[2].seqnum, seqnum);
  EXPECT_EQ(rig.sound_log().buffers().front().pts, 10 * GST_SECOND);
  EXPECT_EQ(rig.sound_log().buffers().front().running_time, std::int64_t{5} * 1'000'000'000);
}

TEST_F(PadsTest, SoundBuffersFollowOneAnother) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.push_clip(100);
  ASSERT_TRUE(rig.wait_for_end());
  GstClockTime next = 0;
  for (const auto& buffer : rig.sound_log().buffers()) {
    EXPECT_EQ(buffer.pts, next);
    EXPECT_EQ((buffer.flags & GST_BUFFER_FLAG_DISCONT) != 0, next == 0);
    next = buffer.pts + buffer.duration;
  }
  EXPECT_NEAR(static_cast<double>(next), 100.0 / 30 * GST_SECOND, 1e9 / 48000);
}

TEST_F(PadsTest, ASecondStreamStartStartsNoSecondRun) {
  ElementRig rig(base_url(), {.properties = kSilent});
  rig.begin();
  rig.push_frames(45);
  rig.stream_start();
  rig.caps();
  rig.segment();
  rig.push_frames(45, 45);
  rig.end();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(posts(), 1);
  EXPECT_EQ(std::ranges::count(rig.message_order(), "PROGRESS start"), 1);
  EXPECT_EQ(rig.video_log().count(), 90U);
}

TEST_F(PadsTest, VideoMayStayUnlinked) {
  ElementRig rig(base_url(), {.properties = kSilent, .link_video = false});
  rig.push_clip();
  ASSERT_TRUE(rig.wait_for_end());
  EXPECT_EQ(rig.sound_log().count(), 75U);
  EXPECT_TRUE(rig.errors().empty());
}

}  // namespace
}  // namespace klingv2a::test
