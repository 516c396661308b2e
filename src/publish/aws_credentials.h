// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The user's AWS credentials and region from where every AWS tool looks for them: the environment, then the shared
// files (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). What needs more than reading (single
// sign-on, roles, a machine's metadata, credential_process) is not done here; `aws configure export-credentials` turns
// those into the environment's. Pure but for reading the files; any thread.
#pragma once

#include <functional>
#include <string>

#include "publish/sigv4.h"

namespace klingv2a::publish {

// A variable's value; empty: unset.
using Environment = std::function<std::string(const char* name)>;
[[nodiscard]] Environment process_environment();

struct AwsSettings {
  AwsCredentials credentials;
  std::string region;  // empty: nothing says it
};

// Credentials: AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and perhaps AWS_SESSION_TOKEN, else the profile AWS_PROFILE
// (or `default`) of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials), else of AWS_CONFIG_FILE (~/.aws/config).
// Region: AWS_REGION, AWS_DEFAULT_REGION, else the profile's. Read anew each time, because session tokens are renewed.
// Throws Error{settings} that names what is missing, and where it was looked for; never a value.
[[nodiscard]] AwsSettings load_aws_settings(const Environment& environment);

}  // namespace klingv2a::publish
