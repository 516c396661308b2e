// SPDX-License-Identifier: LGPL-2.1-or-later
//
// See aws_credentials.h. GKeyFile gives a whole file up for a ';' comment, a key without a value or a byte order mark,
// all of which AWS's tools take; so the few lines that read a profile are our own.
#include "publish/aws_credentials.h"

#include <glib.h>

#include <map>
#include <string_view>

#include "error.h"
#include "gobject_ptr.h"
#include "user_folders.h"

namespace klingv2a::publish {

namespace {

// What a profile says, by names in lower case.
using Profile = std::map<std::string, std::string>;

Error settings_error(const std::string& what) {
  return make_error(ErrorKind::settings, Phase::publish, what,
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile of "
                    "~/.aws/credentials that has both");
}

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A comment after a value begins with a blank; none of what we read has one in it.
std::string_view without_comment(std::string_view value) {
  for (std::size_t at = 1; at < value.size(); ++at) {
    const bool marks = value[at] == '#' || value[at] == ';';
    if (marks && kBlanks.find(value[at - 1]) != std::string_view::npos) return trimmed(value.substr(0, at));
  }
  return value;
}

std::string lower(std::string_view text) {
  const GCharPtr result(g_ascii_strdown(text.data(), static_cast<gssize>(text.size())));
  return result.get();
}

// "[default]", and in the config file "[profile NAME]".
bool is_section(std::string_view line, const std::string& profile) {
  const std::size_t end = line.find(']');
  if (line.empty() || line.front() != '[' || end == std::string_view::npos) return false;
  std::string_view name = trimmed(line.substr(1, end - 1));
  if (name.starts_with("profile ") || name.starts_with("profile\t")) name = trimmed(name.substr(8));
  return name == profile;
}

void add_value(std::string_view line, Profile& profile) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  profile[lower(trimmed(line.substr(0, equals)))] = without_comment(trimmed(line.substr(equals + 1)));
}

// An indented line belongs to the value before it (the settings of one service), which is none of ours.
void add_profile(std::string_view text, const std::string& name, Profile& profile) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  bool is_ours = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';' || line.front() == ' ' || line.front() == '\t') {
      continue;
    }
    if (line.front() == '[') {
      is_ours = is_section(line, name);
    } else if (is_ours) {
      add_value(line, profile);
    }
  }
}

enum class Unreadable { fails, is_told };

// A file that is not there is as good as an empty one.
std::string contents_of(const std::string& path, Unreadable unreadable) {
  gchar* raw_text = nullptr;
  gsize size = 0;
  GError* raw_error = nullptr;
  g_file_get_contents(path.c_str(), &raw_text, &size, &raw_error);
  const GCharPtr text(raw_text);
  const GErrorPtr error(raw_error);
  if (!error) return {text.get(), size};
  if (g_error_matches(error.get(), G_FILE_ERROR, G_FILE_ERROR_NOENT)) return {};
  if (unreadable == Unreadable::fails) {
    throw settings_error("the AWS credentials cannot be read: " + std::string(error->message));
  }
  g_warning("the AWS settings cannot be read: %s", error->message);
  return {};
}

std::string path_or(const std::string& path, const Environment& environment, const char* in_home) {
  if (!path.empty()) return path;
  const std::string home = environment("HOME");
  const std::string folder = names_a_folder(home) ? home : home_folder();
  return folder.empty() ? "" : folder + in_home;
}

struct Files {
  std::string credentials, config, profile_name;
};

Files files_of(const Environment& environment) {
  const std::string profile = environment("AWS_PROFILE");
  return {path_or(environment("AWS_SHARED_CREDENTIALS_FILE"), environment, "/.aws/credentials"),
          path_or(environment("AWS_CONFIG_FILE"), environment, "/.aws/config"), profile.empty() ? "default" : profile};
}

std::string value_of(const Profile& profile, const char* name) {
  const auto found = profile.find(name);
  return found == profile.end() ? std::string() : found->second;
}

// All three from one file: a token belongs to its key.
AwsCredentials credentials_of(const Profile& profile) {
  return {value_of(profile, "aws_access_key_id"), value_of(profile, "aws_secret_access_key"),
          value_of(profile, "aws_session_token")};
}

bool is_complete(const AwsCredentials& credentials) {
  return !credentials.access_key_id.empty() && !credentials.secret_access_key.empty();
}

AwsCredentials credentials_of(const Files& files, const Profile& config) {
  Profile shared;
  add_profile(contents_of(files.credentials, Unreadable::fails), files.profile_name, shared);
  for (const Profile* profile : {static_cast<const Profile*>(&shared), &config}) {
    AwsCredentials credentials = credentials_of(*profile);
    if (is_complete(credentials)) return credentials;
  }
  throw settings_error(
      "there are no AWS credentials: neither in the environment nor as a key id and a secret in profile '" +
      files.profile_name + "' of " +
      (files.credentials.empty() ? "a home folder, as there is none" : files.credentials));
}

std::string first_set(const Environment& environment, const char* first, const char* second) {
  const std::string value = environment(first);
  return value.empty() ? environment(second) : value;
}

}  // namespace

Environment process_environment() {
  return [](const char* name) {
    const char* value = g_getenv(name);
    return std::string(value ? value : "");
  };
}

AwsSettings load_aws_settings(const Environment& environment) {
  AwsSettings settings{
      .credentials = {environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                      environment("AWS_SESSION_TOKEN")},
      .region = first_set(environment, "AWS_REGION", "AWS_DEFAULT_REGION"),
  };
  const bool has_id = !settings.credentials.access_key_id.empty();
  if (has_id != !settings.credentials.secret_access_key.empty()) {
    throw settings_error("of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set");
  }
  if (has_id && !settings.region.empty()) return settings;
  const Files files = files_of(environment);
  Profile config;
  add_profile(contents_of(files.config, Unreadable::is_told), files.profile_name, config);
  if (!has_id) settings.credentials = credentials_of(files, config);
  if (settings.region.empty()) settings.region = value_of(config, "region");
  return settings;
}

}  // namespace klingv2a::publish
