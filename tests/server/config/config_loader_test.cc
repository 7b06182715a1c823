#include "server/config/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/config/setting.h"
#include "tests/server/config/loading.h"

namespace webhookd {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

EffectiveSetting EffectiveOf(const LoadedConfig& loaded, const std::string& key) {
  for (const EffectiveSetting& setting : loaded.effective) {
    if (setting.key == key) return setting;
  }
  ADD_FAILURE() << "no setting " << key;
  return {};
}

TEST(LoadConfig, WithoutInputIsTheDefault) {
  const auto loaded = Load({});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (const Setting& setting : Settings()) {
    if (setting.key == "config_file") continue;
    EXPECT_EQ(setting.field.get(loaded->config), setting.field.get(Config())) << setting.key;
    EXPECT_EQ(EffectiveOf(*loaded, setting.key).source, "default") << setting.key;
  }
  EXPECT_EQ(loaded->effective.size(), Settings().size());
  EXPECT_THAT(loaded->config.webhooks.signing_key_source, IsEmpty());
}

// Every way to set the signing key, each stronger than those before it.
TEST(LoadConfig, StrongestSourceOfTheSigningKeyWins) {
  const std::vector<std::string> yaml = {"signing_key: key", "webhooks: {signing_key: key}",
                                         "security: {webhooks: {signing_key: key}}"};
  const std::vector<std::string> variables = {"DET_WEBHOOKS_SIGNING_KEY",
                                              "DET_SECURITY_WEBHOOKS_SIGNING_KEY"};
  const std::vector<std::string> flags = {
      "--webhooks-signing-key", "--security-webhooks-signing-key",
      "---security-webhooks-signing-key", "---webhooks-signing-key"};
  for (const std::string& file : yaml) {
    const auto from_file = LoadFile(file);
    ASSERT_TRUE(from_file.ok()) << from_file.status();
    EXPECT_EQ(from_file->config.webhooks.signing_key, "key");
    EXPECT_THAT(from_file->config.webhooks.signing_key_source, EndsWith("/master.yaml:1"));
    for (const std::string& variable : variables) {
      const auto from_variable = LoadFile(file, {}, {{variable, "variable's"}});
      ASSERT_TRUE(from_variable.ok()) << from_variable.status();
      EXPECT_EQ(from_variable->config.webhooks.signing_key, "variable's");
      EXPECT_EQ(from_variable->config.webhooks.signing_key_source, variable);
      for (const std::string& flag : flags) {
        for (const bool joined : {false, true}) {
          std::vector<std::string> arguments = {flag, "flag's"};
          if (joined) arguments = {absl::StrCat(flag, "=flag's")};
          const auto from_flag = LoadFile(file, arguments, {{variable, "variable's"}});
          ASSERT_TRUE(from_flag.ok()) << from_flag.status();
          EXPECT_EQ(from_flag->config.webhooks.signing_key, "flag's");
          EXPECT_EQ(from_flag->config.webhooks.signing_key_source,
                    flag[2] == '-' ? flag.substr(1) : flag);
        }
      }
    }
  }
}

TEST(LoadConfig, SourcesMixSettingBySetting) {
  const auto loaded =
      LoadFile("port: 1\ncluster_name: file\nlog:\n  level: debug\n  format: json\n",
               {"--port", "3"}, {{"DET_PORT", "2"}, {"DET_LOG_LEVEL", "error"}});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.port, 3);
  EXPECT_EQ(loaded->config.log.level, "error");
  EXPECT_EQ(loaded->config.log.format, "json");
  EXPECT_EQ(loaded->config.cluster_name, "file");
  EXPECT_EQ(EffectiveOf(*loaded, "port").source, "--port");
  EXPECT_EQ(EffectiveOf(*loaded, "log.level").source, "DET_LOG_LEVEL");
  EXPECT_EQ(EffectiveOf(*loaded, "log.format").source,
            absl::StrCat(loaded->config.config_file, ":5"));
}

TEST(LoadConfig, EmptyVariableCountsAsNotSet) {
  const auto loaded =
      LoadFile("signing_key: from file", {}, {{"DET_WEBHOOKS_SIGNING_KEY", ""}, {"DET_PORT", ""}});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.webhooks.signing_key, "from file");
  EXPECT_EQ(loaded->config.port, Config().port);
}

TEST(LoadConfig, VariablesThatContradictEachOtherAreRefused) {
  const Variables variables = {{"DET_WEBHOOKS_SIGNING_KEY", "secret one"},
                               {"DET_SECURITY_WEBHOOKS_SIGNING_KEY", "secret two"}};
  const std::string error = ErrorOf(Load({}, variables));
  EXPECT_THAT(error, HasSubstr("DET_SECURITY_WEBHOOKS_SIGNING_KEY and DET_WEBHOOKS_SIGNING_KEY"));
  EXPECT_THAT(error, Not(HasSubstr("secret")));
  EXPECT_TRUE(Load({}, {{"DET_WEBHOOKS_SIGNING_KEY", "same"},
                        {"DET_SECURITY_WEBHOOKS_SIGNING_KEY", "same"}})
                  .ok());
}

TEST(LoadConfig, ErrorsSayWhereTheValueStands) {
  EXPECT_EQ(ErrorOf(Load({"--port", "70000"})),
            "--port: \"70000\" is not a whole number from 0 to 65535");
  EXPECT_EQ(ErrorOf(Load({}, {{"DET_DELIVERY_TIMEOUT", "15"}})),
            "DET_DELIVERY_TIMEOUT: \"15\" is not a duration; add a unit, such as 15s or 15m");
  EXPECT_THAT(ErrorOf(LoadFile("\n\ndelivery:\n  shards: many\n")),
              MatchesRegex(".*/master.yaml:4: delivery.shards: \"many\" is not a whole number from "
                           "1 to 64"));
}

TEST(LoadConfig, BadValueIsAnErrorEvenWhereAStrongerSourceWins) {
  EXPECT_THAT(ErrorOf(Load({"--port", "80"}, {{"DET_PORT", "http"}})), HasSubstr("DET_PORT"));
}

TEST(LoadConfig, NoErrorRepeatsASecret) {
  const std::string long_key(5000, 's');
  const std::vector<absl::StatusOr<LoadedConfig>> failures = {
      Load({"--webhooks-signing-key", "s3cret\n"}),
      Load({}, {{"DET_WEBHOOKS_SIGNING_KEY", "s3cret\xff"}}),
      LoadFile("signing_key: [s3cret]"),
      LoadFile("signing_key: {a: s3cret}"),
      LoadFile("signing_key: s3cret\nwebhooks: {signing_key: s3cret2}"),
      LoadFile("signing_key: s3cret\nsigning_key: s3cret"),
      Load({"--egress-proxy", "ftp://user:s3cret@proxy"}),
      Load({"--webhooks-signing-key", long_key}),
  };
  for (const auto& failure : failures) {
    EXPECT_EQ(failure.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(ErrorOf(failure), Not(HasSubstr("s3cret")));
    EXPECT_THAT(ErrorOf(failure), Not(HasSubstr("ssss")));
  }
}

TEST(LoadConfig, EffectiveMasksSecrets) {
  const auto loaded =
      Load({"--webhooks-signing-key", "the key", "--egress-proxy", "http://user:pass@proxy:3128"});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.webhooks.signing_key, "the key");
  EXPECT_EQ(loaded->config.egress.proxy, "http://user:pass@proxy:3128");
  EXPECT_EQ(EffectiveOf(*loaded, "webhooks.signing_key").value, SettingValue("********"));
  EXPECT_EQ(EffectiveOf(*loaded, "egress.proxy").value, SettingValue("http://********@proxy:3128"));
  for (const EffectiveSetting& setting : loaded->effective) {
    EXPECT_THAT(SettingText(setting.value), Not(HasSubstr("the key"))) << setting.key;
    EXPECT_THAT(SettingText(setting.value), Not(HasSubstr("pass"))) << setting.key;
  }
}

TEST(LoadConfig, EffectiveKeepsTypes) {
  const auto loaded = Load({"--egress-allow", "127.0.0.0/8,::1", "--egress-deny-private"});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(EffectiveOf(*loaded, "port").value, SettingValue(int64_t{8080}));
  EXPECT_EQ(EffectiveOf(*loaded, "delivery.retry_jitter").value, SettingValue(0.2));
  EXPECT_EQ(EffectiveOf(*loaded, "egress.deny_private").value, SettingValue(true));
  EXPECT_EQ(EffectiveOf(*loaded, "egress.allow").value,
            SettingValue(std::vector<std::string>{"127.0.0.0/8", "::1"}));
  EXPECT_EQ(EffectiveOf(*loaded, "delivery.timeout").value, SettingValue("15s"));
  EXPECT_EQ(SettingText(EffectiveOf(*loaded, "delivery.retry_schedule").value),
            "0,5s,30s,2m,10m,30m,1h,2h,5h,10h,14h,24h");
}

TEST(LoadConfig, ListsComeFromFlagsVariablesAndFiles) {
  const auto from_flag = Load({"--delivery-retry-schedule", "0s, 1m30s ,2h"});
  ASSERT_TRUE(from_flag.ok()) << from_flag.status();
  EXPECT_THAT(from_flag->config.delivery.retry_schedule,
              ElementsAre(absl::ZeroDuration(), absl::Seconds(90), absl::Hours(2)));
  const auto from_variable = Load({}, {{"DET_EGRESS_DENY", "10.0.0.0/8,192.0.2.7"}});
  ASSERT_TRUE(from_variable.ok()) << from_variable.status();
  EXPECT_THAT(from_variable->config.egress.deny, ElementsAre("10.0.0.0/8", "192.0.2.7"));
  const auto from_file = LoadFile(
      "delivery: {retry_schedule: [0, 500ms]}\negress:\n  allow:\n  - 127.0.0.0/8\n  - ::1/128\n"
      "  deny: []\n");
  ASSERT_TRUE(from_file.ok()) << from_file.status();
  EXPECT_THAT(from_file->config.delivery.retry_schedule,
              ElementsAre(absl::ZeroDuration(), absl::Milliseconds(500)));
  EXPECT_THAT(from_file->config.egress.allow, ElementsAre("127.0.0.0/8", "::1/128"));
  const auto emptied = LoadFile("egress: {allow: [127.0.0.0/8]}", {"--egress-allow="});
  ASSERT_TRUE(emptied.ok()) << emptied.status();
  EXPECT_THAT(emptied->config.egress.allow, IsEmpty());
}

TEST(LoadConfig, ReadsTheFileThatTheStrongestSourceNames) {
  const std::string one = NewFile("port: 1");
  const std::string two = NewFile("port: 2");
  EXPECT_EQ(Load({}, {{"DET_CONFIG_FILE", one}})->config.port, 1);
  EXPECT_EQ(Load({"--config-file", two}, {{"DET_CONFIG_FILE", one}})->config.port, 2);
  const auto none = Load({"--config-file="}, {{"DET_CONFIG_FILE", one}});
  EXPECT_EQ(none->config.port, Config().port);
  EXPECT_THAT(none->config.config_file, IsEmpty());
}

TEST(LoadConfig, DefaultFileIsReadIfItExists) {
  const std::string file = NewFile("port: 1");
  const auto loaded = Load({}, {}, file);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.port, 1);
  EXPECT_EQ(loaded->config.config_file, file);
  EXPECT_EQ(EffectiveOf(*loaded, "config_file").source, "default");
  EXPECT_EQ(Load({"--config-file="}, {}, file)->config.port, Config().port);

  const auto missing = Load({}, {}, file + ".missing");
  ASSERT_TRUE(missing.ok()) << missing.status();
  EXPECT_THAT(missing->config.config_file, IsEmpty());
}

// A Determined master on the same machine may have a file there that webhookd does not understand.
TEST(LoadConfig, ErrorsInTheDefaultFileSayHowToNameAnother) {
  EXPECT_THAT(ErrorOf(Load({}, {}, NewFile("db: {host: x}"))),
              MatchesRegex(".*/master.yaml:1: unknown key \"db\" \\(this file is read by default; "
                           "--config-file=FILE names another, --config-file= none\\)"));
  EXPECT_THAT(ErrorOf(LoadFile("db: {host: x}")), EndsWith("unknown key \"db\""));
}

TEST(LoadConfig, NamedFileMustBeReadable) {
  const auto missing = Load({"--config-file", "/nowhere/at all.yaml"});
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(ErrorOf(missing), HasSubstr("\"/nowhere/at all.yaml\""));
  EXPECT_THAT(ErrorOf(Load({"--config-file", ::testing::TempDir()})), HasSubstr("directory"));
}

TEST(LoadConfig, CertificateAndKeyBelongTogether) {
  EXPECT_THAT(ErrorOf(Load({"--egress-client-cert", "c.pem"})), HasSubstr("only the certificate"));
  EXPECT_THAT(ErrorOf(Load({"--egress-client-key", "k.pem"})), HasSubstr("only the key"));
  EXPECT_TRUE(Load({"--egress-client-cert", "c.pem", "--egress-client-key", "k.pem"}).ok());
}

TEST(LoadConfig, TimeoutsThatCannotWorkTogetherAreRefused) {
  const auto unwrapped = [](const std::vector<std::string>& arguments) {
    const auto loaded = Load(arguments);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() ? loaded->config.delivery : Config::Delivery();
  };
  // Connecting is a part of an attempt: the default gives way, a value that was given does not.
  EXPECT_EQ(unwrapped({"--delivery-timeout=10ms"}).connect_timeout, absl::Milliseconds(10));
  EXPECT_EQ(unwrapped({"--delivery-timeout=1h"}).connect_timeout, absl::Seconds(5));
  EXPECT_THAT(ErrorOf(Load({"--delivery-timeout=2s", "--delivery-connect-timeout=3s"})),
              AllOf(HasSubstr("delivery.connect_timeout is 3s"), HasSubstr("has 2s")));
  EXPECT_THAT(ErrorOf(Load({"--delivery-timeout=6m", "--delivery-disable-after=5m"})),
              AllOf(HasSubstr("delivery.disable_after is 5m"), HasSubstr("6m")));
  EXPECT_THAT(ErrorOf(Load({"--delivery-timeout=1ms"})), HasSubstr("10ms"));
  EXPECT_THAT(ErrorOf(Load({"--delivery-timeout=61m"})), HasSubstr("1h"));
}

TEST(LoadConfig, AnswersInsteadOfLoading) {
  const auto text = [](const std::string& flag) {
    const auto loaded = LoadConfig({flag}, EnvironmentOf({}));
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return std::get<Answer>(*loaded).text;
  };
  EXPECT_THAT(text("--help"), HasSubstr("Usage: webhookd"));
  EXPECT_EQ(text("-h"), text("--help"));
  EXPECT_THAT(text("--version"), MatchesRegex("webhookd [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_THAT(text("--help-markdown"), HasSubstr("| `port` | `--port` |"));
}

TEST(ProcessEnvironment, TellsUnsetFromEmpty) {
  setenv("WEBHOOKD_TEST_VARIABLE", "", 1);
  EXPECT_EQ(ProcessEnvironment()("WEBHOOKD_TEST_VARIABLE"), "");
  unsetenv("WEBHOOKD_TEST_VARIABLE");
  EXPECT_EQ(ProcessEnvironment()("WEBHOOKD_TEST_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace webhookd
