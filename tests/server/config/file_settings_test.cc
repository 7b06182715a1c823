#include "server/config/file_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/config/yaml_file.h"

namespace webhookd {
namespace {

using ::testing::IsEmpty;

absl::StatusOr<std::vector<GivenValue>> Read(absl::string_view yaml) {
  const auto document = ParseYaml(yaml, "f");
  if (!document.ok()) return document.status();
  return FileSettings(*document, "f");
}

std::string ReadError(absl::string_view yaml) {
  const auto values = Read(yaml);
  if (values.ok()) return "no error";
  EXPECT_EQ(values.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(values.status().message());
}

TEST(FileSettings, FindsSettingsWithNameAndLine) {
  const auto values =
      Read("port: 80\nwebhooks:\n  base_url: http://a\n\negress:\n  deny: [a, b]\n");
  ASSERT_TRUE(values.ok()) << values.status();
  ASSERT_EQ(values->size(), 3);
  EXPECT_EQ((*values)[1].setting->key, "webhooks.base_url");
  EXPECT_EQ((*values)[1].name, "webhooks.base_url");
  EXPECT_EQ((*values)[1].source, "f:3");
  EXPECT_EQ((*values)[1].text, GivenText("http://a"));
  EXPECT_EQ((*values)[2].text, GivenText(std::vector<std::string>{"a", "b"}));
}

TEST(FileSettings, EmptyFilesAndSectionsAreFine) {
  for (const absl::string_view yaml : {"", "webhooks:\n", "security:\n  webhooks:\nlog: {}\n"}) {
    const auto values = Read(yaml);
    ASSERT_TRUE(values.ok()) << values.status();
    EXPECT_THAT(*values, IsEmpty());
  }
}

TEST(FileSettings, NamesUnknownKeysWithLineAndTheNearest) {
  EXPECT_EQ(ReadError("port: 1\n\nwebhooks:\n  signing_kee: x\n"),
            "f:4: unknown key \"webhooks.signing_kee\"; did you mean webhooks.signing_key?");
  EXPECT_EQ(ReadError("webhook:\n  signing_key: x\n"),
            "f:1: unknown key \"webhook\"; did you mean webhooks?");
  EXPECT_EQ(ReadError("retry_jitter: 0\n"),
            "f:1: unknown key \"retry_jitter\"; did you mean delivery.retry_jitter?");
  EXPECT_EQ(ReadError("db:\n  host: x\n"), "f:1: unknown key \"db\"");
  EXPECT_EQ(ReadError("resource_pools:\n- name: x\n"), "f:1: unknown key \"resource_pools\"");
  EXPECT_EQ(ReadError("<<: {port: 1}\n"), "f:1: unknown key \"<<\"");
  EXPECT_EQ(ReadError("config_file: x\n"),
            "f:1: unknown key \"config_file\"; did you mean egress.ca_file?");
}

TEST(FileSettings, NamesWhatHasTheWrongKind) {
  EXPECT_EQ(
      ReadError("\nport: [1]\n"),
      "f:2: port must be a single value (whole number from 0 to 65535), but a list was given");
  EXPECT_EQ(ReadError("port: {a: 1}\n"),
            "f:1: port must be a single value (whole number from 0 to 65535), but a section was "
            "given");
  EXPECT_EQ(ReadError("egress:\n  allow: 10.0.0.0/8\n"),
            "f:2: egress.allow must be a list such as [a, b] (list of CIDR ranges or addresses), "
            "but \"10.0.0.0/8\" was given");
  EXPECT_EQ(ReadError("egress:\n  allow:\n  - 10.0.0.0/8\n  - [x]\n"),
            "f:4: egress.allow must be a list of single values, but one of them is a list");
  EXPECT_EQ(ReadError("webhooks: yes\n"),
            "f:1: webhooks is a section of settings, but a single value was given");
  EXPECT_EQ(ReadError("- port: 1\n"),
            "f:1: the file is a section of settings, but a list was given");
  EXPECT_EQ(ReadError("a\n"),
            "f:1: the file is a section of settings, but a single value was given");
  EXPECT_EQ(ReadError("port:\n"), "f:1: port has no value; give it one or remove the line");
  EXPECT_EQ(ReadError("signing_key: ~\n"),
            "f:1: signing_key has no value; give it one or remove the line");
}

TEST(FileSettings, RefusesSpellingsThatContradictEachOther) {
  EXPECT_EQ(ReadError("signing_key: a\nwebhooks:\n  signing_key: b\n"),
            "f:3: webhooks.signing_key is the same setting as signing_key (f:1), which has another "
            "value; remove one of them");
  const auto agreeing = Read("signing_key: a\nsecurity: {webhooks: {signing_key: a}}\n");
  ASSERT_TRUE(agreeing.ok()) << agreeing.status();
  EXPECT_EQ(agreeing->size(), 1);
}

}  // namespace
}  // namespace webhookd
