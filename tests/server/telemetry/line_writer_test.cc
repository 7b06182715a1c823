#include "server/telemetry/line_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace webhookd {
namespace {

using ::testing::ElementsAre;

// Never reached where all is well.
constexpr absl::Duration kPatience = absl::Minutes(5);

class LineWriterTest : public ::testing::Test {
 protected:
  LineWriterTest() {
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(pipe_.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~LineWriterTest() override {
    close(pipe_[0]);
    close(pipe_[1]);
  }

  LineWriter::Options To(int file, size_t max_bytes = 1 << 20) {
    return {.file = file, .max_bytes = max_bytes, .dropped_line = [](int64_t count) {
              return absl::StrCat("dropped ", count);
            }};
  }

  bool ReadMore(std::string& text) {
    std::array<char, 65536> bytes;
    const ssize_t count = read(pipe_[0], bytes.data(), bytes.size());
    if (count > 0) text.append(bytes.data(), static_cast<size_t>(count));
    return count > 0;
  }

  // Reads until `last` was read.
  std::vector<std::string> ReadLinesTo(absl::string_view last) {
    std::string text;
    const std::string end = absl::StrCat(last, "\n");
    while (!absl::EndsWith(text, end) && ReadMore(text)) {
    }
    return absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
  }

  std::array<int, 2> pipe_ = {-1, -1};
};

TEST_F(LineWriterTest, WritesInOrder) {
  LineWriter writer(To(pipe_[1]));
  writer.Write("one");
  writer.Write("two\nthree");
  EXPECT_TRUE(writer.Flush(kPatience));
  EXPECT_THAT(ReadLinesTo("three"), ElementsAre("one", "two", "three"));
}

TEST_F(LineWriterTest, NobodyReadsAndNobodyWaits) {
  LineWriter writer(To(pipe_[1], 64 * 1024));
  constexpr int kLines = 10'000;  // 1 MB
  for (int i = 0; i < kLines; ++i) writer.Write(absl::StrCat(i, " ", std::string(100, 'x')));
  EXPECT_FALSE(writer.Flush(absl::Milliseconds(1)));

  // Each line is written, or counted where it is missing.
  int64_t next = 0;
  int64_t dropped = 0;
  std::string text;
  while (next < kLines) {
    const size_t end = text.find('\n');
    if (end == std::string::npos) {
      ASSERT_TRUE(ReadMore(text));
      continue;
    }
    const std::string line = text.substr(0, end);
    text.erase(0, end + 1);
    absl::string_view number = line;
    int64_t count = 0;
    if (absl::ConsumePrefix(&number, "dropped ")) {
      ASSERT_TRUE(absl::SimpleAtoi(number, &count)) << line;
      dropped += count;
      next += count;
    } else {
      ASSERT_EQ(line, absl::StrCat(next, " ", std::string(100, 'x')));
      ++next;
    }
  }
  EXPECT_EQ(next, kLines);
  EXPECT_GT(dropped, kLines / 2);
  EXPECT_LT(dropped, kLines);
}

TEST_F(LineWriterTest, AClosedPipeTakesNothingAndHoldsNobody) {
  close(pipe_[0]);
  LineWriter writer(To(pipe_[1]));
  for (int i = 0; i < 100; ++i) writer.Write("lost");
  EXPECT_TRUE(writer.Flush(kPatience));
  pipe_[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST_F(LineWriterTest, AFullDiskCostsLinesAndSaysHowManyOnceThereIsRoom) {
  // A pipe takes the place of the full device: the descriptor stays the same.
  const int file = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  LineWriter writer(To(file));
  writer.Write("lost");
  writer.Write("lost too\nand this");
  EXPECT_TRUE(writer.Flush(kPatience));
  ASSERT_EQ(dup3(pipe_[1], file, O_CLOEXEC), file);
  EXPECT_THAT(ReadLinesTo("dropped 3"), ElementsAre("dropped 3"));  // without another line
  writer.Write("kept");
  EXPECT_THAT(ReadLinesTo("kept"), ElementsAre("kept"));
  close(file);
}

TEST_F(LineWriterTest, ADescriptorThatDoesNotBlockLosesNothing) {
  fcntl(pipe_[1], F_SETFL, O_NONBLOCK);
  LineWriter writer(To(pipe_[1]));
  const std::string line(500'000, 'y');
  writer.Write(line);
  writer.Write("end");
  EXPECT_THAT(ReadLinesTo("end"), ElementsAre(line, "end"));
}

TEST_F(LineWriterTest, EndsWhileStuck) {
  {
    LineWriter writer(To(pipe_[1]));
    writer.Write(std::string(500'000, 'z'));
    EXPECT_FALSE(writer.Flush(absl::Milliseconds(1)));
  }
  // Its thread uses nothing of it any more.
  ReadLinesTo(std::string(500'000, 'z'));
}

}  // namespace
}  // namespace webhookd
