// SPDX-License-Identifier: LGPL-2.1-or-later
#include "option_words.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "settings_table.h"

namespace klingv2a::cli {

namespace {

struct Replacement {
  std::string_view said, meant;
};

// Properties that are no options, because others could see what is typed.
constexpr std::array kVariables{
    Replacement{"api-key", "KLINGV2A_API_KEY (or --api-key-file)"},
    Replacement{"access-key", "KLINGV2A_ACCESS_KEY"},
    Replacement{"secret-key", "KLINGV2A_SECRET_KEY"},
    Replacement{"callback-secret", "KLINGV2A_CALLBACK_SECRET"},
};

// What can be done to a pipeline only.
constexpr std::array kPhrases{
    Replacement{"set api-key, or KLINGV2A_API_KEY or COMETAPI_KEY in the environment",
                "set KLINGV2A_API_KEY or COMETAPI_KEY in the environment, or give --api-key-file"},
    Replacement{", connect to the signal publish-clip, or", ", or"},
    Replacement{"decode the video before klingv2a, which leaves them out",
                "make one video of it first (ffmpeg -i IN new.mp4)"},
    Replacement{"give klingv2a at least 3 s of video", "take a longer piece of the video"},
    Replacement{"give klingv2a one stream of one size and codec",
                "make a video of one size and codec first (ffmpeg -i IN new.mp4)"},
    Replacement{"put h264parse before klingv2a, and give each frame one timestamp",
                "write the file anew first (ffmpeg -i IN -c copy new.mkv)"},
    Replacement{"put h264parse or h265parse before klingv2a, or look whether the file is damaged",
                "the file may be damaged: write it anew first (ffmpeg -i IN -c copy new.mkv)"},
    Replacement{"the property ", ""},
};

void replace_all(std::string& text, const Replacement& entry) {
  for (auto at = text.find(entry.said); at != std::string::npos; at = text.find(entry.said, at + entry.meant.size()))
    text.replace(at, entry.said.size(), entry.meant);
}

bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

// Behind these a name that is also an everyday word (publish, take, journal …) is a property's.
bool leads_to_name(std::string_view word) {
  constexpr std::array<std::string_view, 6> kWords{"set", "give", "in", "that", "write", "property"};
  return std::ranges::find(kWords, word) != kWords.end();
}

// An OUT of another name is what `mux` means here, and the sound alone has an option of its own.
std::string container_text(std::string_view mux) {
  return mux == "wav" ? "--audio-only OUT.wav" : "OUT." + std::string(mux);
}

std::string with_value(const SettingOption& option, std::string_view value) {
  const std::string name = "--" + std::string(option.name);
  if (std::string_view(option.property) == "mux") return container_text(value);
  const bool is_switch = option.kind == ValueKind::flag || option.kind == ValueKind::off_switch;
  return is_switch ? name : name + " " + std::string(value);
}

// Reads a text word by word, and writes it anew.
class Translation {
 public:
  explicit Translation(std::string_view text) : rest_(text) {}

  std::string run() {
    while (!rest_.empty()) {
      const std::string_view name = name_here();
      if (!translate(name)) copy(std::max<std::size_t>(1, name.size()));
    }
    return written_;
  }

 private:
  // A name begins a word: within a path or a URL it is none.
  [[nodiscard]] std::string_view name_here() const {
    constexpr std::string_view kBefore = " (\"'";
    if (!written_.empty() && kBefore.find(written_.back()) == std::string_view::npos) return {};
    const auto end = std::ranges::find_if_not(rest_, is_of_name);
    return rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
  }

  bool translate(std::string_view name) {
    if (name.empty()) return false;
    const auto* variable = std::ranges::find(kVariables, name, &Replacement::said);
    if (variable != kVariables.end()) return write(variable->meant, name.size());
    const SettingOption* option = option_of_property(name);
    if (!option) return false;
    const std::string_view after = rest_.substr(name.size());
    if (after.starts_with("=")) {
      const std::string_view value = after.substr(1, after.find_first_of(" ,;)\n") - 1);
      return write(with_value(*option, value), name.size() + 1 + value.size());
    }
    const bool is_plain = name.find('-') == std::string_view::npos;
    if (is_plain && !leads_to_name(last_word())) return false;
    return write("--" + std::string(option->name), name.size());
  }

  [[nodiscard]] std::string_view last_word() const {
    std::string_view before = written_;
    if (!before.ends_with(" ")) return {};
    before.remove_suffix(1);
    return before.substr(before.find_last_of(" (:") + 1);
  }

  bool write(std::string_view meant, std::size_t said) {
    constexpr std::string_view kSet = "set ";
    // One sets a variable, and gives an option.
    if (meant.starts_with("--") && last_word() == "set")
      written_.replace(written_.size() - kSet.size(), kSet.size(), "give ");
    written_ += meant;
    rest_.remove_prefix(said);
    return true;
  }

  void copy(std::size_t length) {
    written_ += rest_.substr(0, length);
    rest_.remove_prefix(length);
  }

  std::string_view rest_;
  std::string written_;
};

}  // namespace

std::string in_options(const std::string& text) {
  std::string plain = text;
  for (const Replacement& entry : kPhrases) replace_all(plain, entry);
  return Translation(plain).run();
}

}  // namespace klingv2a::cli
