// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where AWS credentials and the region are found, and in which order.
#include "publish/aws_credentials.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "error.h"
#include "temporary_folder.h"
#include "user_folders.h"

namespace klingv2a::publish {
namespace {

class AwsSettingsTest : public ::testing::Test {
 protected:
  AwsSettingsTest() {
    std::filesystem::create_directory(home_.file(".aws"));
    environment_["HOME"] = home_.path();
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(home_.file(name)) << text; }
  [[nodiscard]] AwsSettings load() const {
    return load_aws_settings([this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::string() : found->second;
    });
  }
  [[nodiscard]] std::string refusal() const {
    try {
      (void)load();
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings);
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
      EXPECT_FALSE(error.details().advice.empty());
      return error.what();
    }
  }

  const test::TemporaryFolder home_;
  std::map<std::string, std::string> environment_;
};

TEST_F(AwsSettingsTest, comeFromTheEnvironment) {
  environment_["AWS_ACCESS_KEY_ID"] = "AKID";
  environment_["AWS_SECRET_ACCESS_KEY"] = "s3cret";
  environment_["AWS_SESSION_TOKEN"] = "token==";
  environment_["AWS_REGION"] = "eu-west-1";
  write(".aws/credentials", "[default]\naws_access_key_id = other\naws_secret_access_key = other\n");
  const AwsSettings settings = load();
  EXPECT_EQ(settings.credentials.access_key_id, "AKID");
  EXPECT_EQ(settings.credentials.secret_access_key, "s3cret");
  EXPECT_EQ(settings.credentials.session_token, "token==");
  EXPECT_EQ(settings.region, "eu-west-1");
}

TEST_F(AwsSettingsTest, comeFromTheDefaultProfile) {
  write(".aws/credentials", "[default]\naws_access_key_id=AKID\naws_secret_access_key=s3cret\n");
  write(".aws/config", "[default]\nregion=eu-north-1\n");
  EXPECT_EQ(load().credentials.access_key_id, "AKID");
  EXPECT_EQ(load().credentials.session_token, "");
  EXPECT_EQ(load().region, "eu-north-1");
}

TEST_F(AwsSettingsTest, comeFromTheProfileThatIsNamed) {
  write(".aws/credentials",
        "[default]\naws_access_key_id=other\naws_secret_access_key=other\naws_session_token=other\n"
        "[dub bing]\naws_access_key_id=AKID\naws_secret_access_key=s3cret\n"
        "[last]\naws_access_key_id=last\naws_secret_access_key=last\n");
  write(".aws/config", "[default]\nregion=other\n[profile dub bing]\nregion=eu-south-1\n");
  environment_["AWS_PROFILE"] = "dub bing";
  EXPECT_EQ(load().credentials.access_key_id, "AKID");
  EXPECT_EQ(load().credentials.session_token, "");
  EXPECT_EQ(load().region, "eu-south-1");
}

// What GKeyFile would refuse, and AWS's own tools take.
TEST_F(AwsSettingsTest, comeFromFilesAsTheyAreFound) {
  write(".aws/credentials",
        "\xEF\xBB\xBF; by hand\r\n"
        "aws_access_key_id = of no profile\r\n"
        "a line without a value\r\n"
        "[ default ]  # mine\r\n"
        "# a comment\r\n"
        "\tAWS_ACCESS_KEY_ID = indented\r\n"
        "Aws_Access_Key_Id   =   AKID   # until May\r\n"
        "aws_secret_access_key = s3cret/with#hash+and=equals\r\n"
        "aws_session_token=token==\r\n"
        "s3 =\r\n"
        "  aws_session_token = nested\r\n");
  const AwsCredentials credentials = load().credentials;
  EXPECT_EQ(credentials.access_key_id, "AKID");
  EXPECT_EQ(credentials.secret_access_key, "s3cret/with#hash+and=equals");
  EXPECT_EQ(credentials.session_token, "token==");
}

TEST_F(AwsSettingsTest, aTokenBelongsToTheKeyOfItsOwnFile) {
  write(".aws/credentials", "[default]\naws_access_key_id=AKID\naws_secret_access_key=s3cret\n");
  write(".aws/config", "[default]\naws_access_key_id=old\naws_secret_access_key=old\naws_session_token=old\n");
  EXPECT_EQ(load().credentials.access_key_id, "AKID");
  EXPECT_EQ(load().credentials.session_token, "");
}

TEST_F(AwsSettingsTest, mayAllStandInTheConfigFile) {
  write(".aws/config", "[default]\naws_access_key_id=AKID\naws_secret_access_key=s3cret\n");
  EXPECT_EQ(load().credentials.access_key_id, "AKID");
}

TEST_F(AwsSettingsTest, comeFromTheFilesThatTheEnvironmentNames) {
  write("keys", "[default]\naws_access_key_id=AKID\naws_secret_access_key=s3cret\n");
  write("settings", "[default]\nregion=auto\n");
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = home_.file("keys");
  environment_["AWS_CONFIG_FILE"] = home_.file("settings");
  EXPECT_EQ(load().credentials.access_key_id, "AKID");
  EXPECT_EQ(load().region, "auto");
}

TEST_F(AwsSettingsTest, theFirstWordOnTheRegionCounts) {
  environment_["AWS_ACCESS_KEY_ID"] = "AKID";
  environment_["AWS_SECRET_ACCESS_KEY"] = "s3cret";
  EXPECT_EQ(load().region, "");
  write(".aws/config", "[default]\nregion=third\n");
  EXPECT_EQ(load().region, "third");
  environment_["AWS_DEFAULT_REGION"] = "second";
  EXPECT_EQ(load().region, "second");
  environment_["AWS_REGION"] = "first";
  EXPECT_EQ(load().region, "first");
}

TEST_F(AwsSettingsTest, anIncompletePairIsRefused) {
  environment_["AWS_ACCESS_KEY_ID"] = "AKID";
  EXPECT_NE(refusal().find("only one is set"), std::string::npos);
  environment_.erase("AWS_ACCESS_KEY_ID");
  environment_["AWS_SECRET_ACCESS_KEY"] = "s3cret";
  EXPECT_NE(refusal().find("only one is set"), std::string::npos);
}

TEST_F(AwsSettingsTest, missingOnesNameTheProfileAndTheFile) {
  write(".aws/credentials",
        "[default]\naws_access_key_id=AKID\naws_secret_access_key=s3cret\n[half]\naws_access_key_id=A\n");
  for (const char* profile : {"dubbing", "half"}) {
    environment_["AWS_PROFILE"] = profile;
    EXPECT_NE(refusal().find("'" + std::string(profile) + "'"), std::string::npos);
    EXPECT_NE(refusal().find(home_.file(".aws/credentials")), std::string::npos);
  }
}

TEST_F(AwsSettingsTest, anUnreadableFileIsNamed) {
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = home_.path();
  EXPECT_NE(refusal().find(home_.path()), std::string::npos);
}

// A home that names nothing is not the root.
TEST_F(AwsSettingsTest, aHomeThatNamesNoFolderIsTheAccounts) {
  const std::string own = home_folder();
  for (const char* none : {"", "/", "relative"}) {
    environment_["HOME"] = none;
    environment_["AWS_CONFIG_FILE"] = home_.file("no config");
    const std::string said = refusal();
    EXPECT_NE(said.find("of " + own + "/.aws/credentials"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace klingv2a::publish
