#include "server/config/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace webhookd {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;

const Setting& SettingWithKey(const std::string& key) {
  for (const Setting& setting : Settings()) {
    if (setting.key == key) return setting;
  }
  ADD_FAILURE() << "no setting " << key;
  return Settings().front();
}

absl::Status Set(const std::string& key, const std::string& text) {
  Config config;
  return SettingWithKey(key).field.set(text, config);
}

TEST(Settings, NamesFollowTheKeys) {
  const Setting& timeout = SettingWithKey("delivery.connect_timeout");
  EXPECT_THAT(timeout.FileKeys(), ElementsAre("delivery.connect_timeout"));
  EXPECT_THAT(timeout.Flags(), ElementsAre("--delivery-connect-timeout"));
  EXPECT_THAT(timeout.Variables(), ElementsAre("DET_DELIVERY_CONNECT_TIMEOUT"));
  const Setting& key = SettingWithKey("webhooks.signing_key");
  EXPECT_THAT(key.FileKeys(),
              ElementsAre("webhooks.signing_key", "security.webhooks.signing_key", "signing_key"));
  EXPECT_THAT(key.Flags(),
              ElementsAre("--webhooks-signing-key", "--security-webhooks-signing-key"));
  EXPECT_THAT(key.Variables(),
              ElementsAre("DET_WEBHOOKS_SIGNING_KEY", "DET_SECURITY_WEBHOOKS_SIGNING_KEY"));
}

TEST(Settings, NoNameIsTakenTwice) {
  std::set<std::string> names;
  for (const Setting& setting : Settings()) {
    for (const std::string& key : setting.FileKeys()) EXPECT_TRUE(names.insert(key).second) << key;
    for (const std::string& flag : setting.Flags()) EXPECT_TRUE(names.insert(flag).second) << flag;
    for (const std::string& name : setting.Variables()) {
      EXPECT_TRUE(names.insert(name).second) << name;
    }
  }
}

TEST(Settings, EachIsDocumented) {
  for (const Setting& setting : Settings()) {
    EXPECT_THAT(setting.help, EndsWith(".")) << setting.key;
    EXPECT_THAT(setting.field.description, Not(IsEmpty())) << setting.key;
    if (SettingText(setting.field.get(Config())).empty()) {
      EXPECT_THAT(setting.when_empty, Not(IsEmpty())) << setting.key;
    }
  }
}

// A default that its own check would refuse could not be written down.
TEST(Settings, DefaultsAreAcceptedAndReadBackTheSame) {
  for (const Setting& setting : Settings()) {
    const SettingValue value = setting.field.get(Config());
    const std::string text = SettingText(value);
    if (setting.key == "webhooks.signing_key") continue;
    Config config;
    const absl::Status status = setting.field.set(text, config);
    EXPECT_TRUE(status.ok()) << setting.key << ": " << status;
    EXPECT_EQ(setting.field.get(config), value) << setting.key;
  }
}

// Reads one value of a setting and then another: both must arrive in the member that is its own.
TEST(Settings, EachHasAMemberOfItsOwn) {
  for (const Setting& setting : Settings()) {
    Config changed;
    bool accepted = false;
    for (const char* text :
         {"1", "2", "0.5", "7777", "20s", "3m", "true", "10.9.8.7", "error", "json", "http://other",
          "v2", "rbac", "48h", "none", "correct horse", "false", "ERROR", "67108864"}) {
      if (!setting.field.set(text, changed).ok()) continue;
      accepted = true;
      if (setting.field.get(changed) == setting.field.get(Config())) continue;
      for (const Setting& other : Settings()) {
        EXPECT_EQ(other.field.get(changed) == other.field.get(Config()), &other != &setting)
            << setting.key << " changes " << other.key;
      }
      break;
    }
    EXPECT_TRUE(accepted) << setting.key;
    EXPECT_NE(setting.field.get(changed), setting.field.get(Config())) << setting.key;
  }
}

TEST(Settings, RefuseWhatIsOutOfBounds) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> refused = {
      {"port", {"-1", "65536", "80.5", "0x50", "", "99999999999999999999", "8080 8081"}},
      {"delivery.retry_jitter", {"-0.1", "1.01", "nan", "inf", "x", ""}},
      {"delivery.timeout", {"0", "-5s", "inf", "61m", "15", "fast", "", "9ms"}},
      {"delivery.shards", {"0", "65"}},
      {"delivery.retry_schedule", {"", "5s,", "-1s", "721h", "5s;6s", "5", "inf"}},
      {"egress.deny_private", {"maybe", "", "2"}},
      {"egress.allow", {"10.0.0.0/33", "10.0.0.1/8", "example.com", "10.0.0.0/8,", "::1%lo"}},
      {"log.level", {"loud", "", "warn"}},
      {"log.format", {"xml"}},
      {"security.initial_user_password", {"7 chars", "with\nline", std::string(4'097, 'x')}},
      {"security.authn.type", {"", "password"}},
      {"security.session_lifetime", {"59s", "0"}},
      {"storage.path", {"", "a\nb"}},
      {"grpc.max_message_bytes", {"4095", "2147483648"}},
  };
  for (const auto& [key, texts] : refused) {
    for (const std::string& text : texts) {
      EXPECT_EQ(Set(key, text).code(), absl::StatusCode::kInvalidArgument) << key << "=" << text;
    }
  }
}

TEST(Settings, AcceptBoundsAndManners) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> accepted = {
      {"port", {"0", "65535", " 80 "}},
      {"delivery.retry_jitter", {"0", "1", "1e-1"}},
      {"delivery.timeout", {"10ms", "1h", "1m30s", "1.5s"}},
      {"delivery.drain_timeout", {"0", "0s"}},
      {"delivery.retry_schedule", {"0", "720h", "1s, 2s"}},
      {"egress.deny_private", {"TRUE", "off", "1"}},
      {"egress.allow", {"", "127.0.0.0/8", "::1", "fd00::/8, 10.1.2.3"}},
      {"log.level", {"INFO"}},
  };
  for (const auto& [key, texts] : accepted) {
    for (const std::string& text : texts) {
      EXPECT_TRUE(Set(key, text).ok()) << key << "=" << text << ": " << Set(key, text);
    }
  }
}

TEST(Settings, RetryScheduleHasAtMostFiftyEntries) {
  std::string schedule = "1s";
  for (int i = 1; i < 50; ++i) absl::StrAppend(&schedule, ",1s");
  EXPECT_TRUE(Set("delivery.retry_schedule", schedule).ok());
  EXPECT_EQ(Set("delivery.retry_schedule", schedule + ",1s").message(),
            "the list has 51 entries; it can have 1 to 50");
}

TEST(Setting, ShowsNoCredentials) {
  const Setting& proxy = SettingWithKey("egress.proxy");
  Config config;
  const auto shown = [&](const std::string& url) {
    config.egress.proxy = url;
    return std::get<std::string>(proxy.ShownValue(config));
  };
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("http://proxy:3128"), "http://proxy:3128");
  EXPECT_EQ(shown("http://user:p@ss@proxy"), "http://********@proxy");
  EXPECT_EQ(shown("http://us://er:p@proxy"), "http://********@proxy");
}

}  // namespace
}  // namespace webhookd
