#include "server/gateway/well_known_text.h"

#include <charconv>
#include <cstddef>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace webhookd {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kMinTimestamp = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxTimestamp = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDuration = 315'576'000'000;   // 10,000 years
constexpr int32_t kNanosPerSecond = 1'000'000'000;

// Reads a text from its front.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  bool AtEnd() const { return text_.empty(); }
  bool Take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  absl::string_view TakeDigits() {
    size_t n = 0;
    while (n < text_.size() && absl::ascii_isdigit(text_[n])) ++n;
    const absl::string_view digits = text_.substr(0, n);
    text_.remove_prefix(n);
    return digits;
  }
  // Exactly `digits` digits; -1 if there are others.
  int TakeNumber(size_t digits) {
    if (text_.size() < digits) return -1;
    int number = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (!absl::ascii_isdigit(text_[i])) return -1;
      number = number * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return number;
  }
  absl::string_view rest() const { return text_; }
  void Advance(size_t bytes) { text_.remove_prefix(bytes); }

 private:
  absl::string_view text_;
};

// Days since 1970-01-01 of a date in the Gregorian calendar, counted in eras of 400 years that
// begin in March, so that a leap day ends its year.
int64_t DaysSinceEpoch(int64_t year, int month, int day) {
  if (month <= 2) --year;
  const int64_t era = year / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// The fraction that `digits` after a point stand for; -1 if there are more than nine.
int32_t Nanos(absl::string_view digits) {
  if (digits.size() > 9) return -1;
  int32_t nanos = 0;
  for (size_t i = 0; i < 9; ++i) {
    nanos = nanos * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return nanos;
}

void AppendPadded(int64_t number, size_t digits, std::string& out) {
  char text[16];
  for (size_t i = digits; i > 0; --i, number /= 10) {
    text[i - 1] = static_cast<char>('0' + number % 10);
  }
  out.append(text, digits);
}

// Nothing, or a point and as many groups of three digits as are needed.
void AppendFraction(int32_t nanos, std::string& out) {
  if (nanos == 0) return;
  out.push_back('.');
  if (nanos % 1'000'000 == 0) {
    AppendPadded(nanos / 1'000'000, 3, out);
  } else if (nanos % 1'000 == 0) {
    AppendPadded(nanos / 1'000, 6, out);
  } else {
    AppendPadded(nanos, 9, out);
  }
}

}  // namespace

absl::optional<SecondsAndNanos> ParseTimestamp(absl::string_view text) {
  Reader reader(text);
  const int year = reader.TakeNumber(4);
  if (year < 0 || !reader.Take('-')) return absl::nullopt;
  const int month = reader.TakeNumber(2);
  if (month < 1 || month > 12 || !reader.Take('-')) return absl::nullopt;
  const int day = reader.TakeNumber(2);
  if (day < 1 || day > DaysInMonth(year, month) || !reader.Take('T')) return absl::nullopt;
  const int hour = reader.TakeNumber(2);
  if (hour < 0 || hour > 23 || !reader.Take(':')) return absl::nullopt;
  const int minute = reader.TakeNumber(2);
  if (minute < 0 || minute > 59 || !reader.Take(':')) return absl::nullopt;
  const int second = reader.TakeNumber(2);
  if (second < 0 || second > 59) return absl::nullopt;
  int32_t nanos = 0;
  if (reader.Take('.')) {
    const absl::string_view digits = reader.TakeDigits();
    nanos = Nanos(digits);
    if (digits.empty() || nanos < 0) return absl::nullopt;
  }
  int offset_minutes = 0;
  if (!reader.Take('Z')) {
    const bool west = reader.Take('-');
    if (!west && !reader.Take('+')) return absl::nullopt;
    const int hours = reader.TakeNumber(2);
    if (hours < 0 || hours > 23 || !reader.Take(':')) return absl::nullopt;
    const int minutes = reader.TakeNumber(2);
    if (minutes < 0 || minutes > 59) return absl::nullopt;
    offset_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
  }
  if (!reader.AtEnd()) return absl::nullopt;
  const int64_t seconds = DaysSinceEpoch(year, month, day) * kSecondsPerDay + hour * 3600 +
                          minute * 60 + second - offset_minutes * 60;
  if (seconds < kMinTimestamp || seconds > kMaxTimestamp) return absl::nullopt;
  return SecondsAndNanos{.seconds = seconds, .nanos = nanos};
}

bool AppendTimestamp(SecondsAndNanos time, std::string& out) {
  if (time.seconds < kMinTimestamp || time.seconds > kMaxTimestamp || time.nanos < 0 ||
      time.nanos >= kNanosPerSecond) {
    return false;
  }
  const int64_t since_min = time.seconds - kMinTimestamp;
  const int64_t second = since_min % kSecondsPerDay;
  // The inverse of DaysSinceEpoch.
  const int64_t days = since_min / kSecondsPerDay + 306;  // since 0000-03-01
  const int64_t era = days / 146'097;
  const int64_t day_of_era = days % 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  AppendPadded(era * 400 + year_of_era + (month <= 2 ? 1 : 0), 4, out);
  out.push_back('-');
  AppendPadded(month, 2, out);
  out.push_back('-');
  AppendPadded(day, 2, out);
  out.push_back('T');
  AppendPadded(second / 3600, 2, out);
  out.push_back(':');
  AppendPadded(second / 60 % 60, 2, out);
  out.push_back(':');
  AppendPadded(second % 60, 2, out);
  AppendFraction(time.nanos, out);
  out.push_back('Z');
  return true;
}

absl::optional<SecondsAndNanos> ParseDuration(absl::string_view text) {
  Reader reader(text);
  const bool negative = reader.Take('-');
  if (!negative) reader.Take('+');
  const absl::string_view whole = reader.TakeDigits();
  if (whole.size() > 1 && whole[0] == '0') return absl::nullopt;
  const bool has_point = reader.Take('.');
  const int32_t nanos = has_point ? Nanos(reader.TakeDigits()) : 0;
  if ((whole.empty() && !has_point) || nanos < 0) return absl::nullopt;
  if (!reader.Take('s') || !reader.AtEnd()) return absl::nullopt;
  int64_t seconds = 0;
  if (!whole.empty() && std::from_chars(whole.begin(), whole.end(), seconds).ec != std::errc()) {
    return absl::nullopt;
  }
  if (seconds > kMaxDuration) return absl::nullopt;
  return negative ? SecondsAndNanos{.seconds = -seconds, .nanos = -nanos}
                  : SecondsAndNanos{.seconds = seconds, .nanos = nanos};
}

bool AppendDuration(SecondsAndNanos duration, std::string& out) {
  const auto [seconds, nanos] = duration;
  if (seconds < -kMaxDuration || seconds > kMaxDuration || nanos <= -kNanosPerSecond ||
      nanos >= kNanosPerSecond || (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
    return false;
  }
  if (seconds < 0 || nanos < 0) out.push_back('-');
  char digits[24];
  const auto end =
      std::to_chars(digits, digits + sizeof(digits), seconds < 0 ? -seconds : seconds).ptr;
  out.append(digits, end - digits);
  AppendFraction(nanos < 0 ? -nanos : nanos, out);
  out.push_back('s');
  return true;
}

absl::optional<SecondsAndNanos> ParseGoDuration(absl::string_view text) {
  struct Unit {
    absl::string_view name;
    int64_t nanos;
  };
  // Longer names before those that begin them.
  constexpr Unit kUnits[] = {
      {"ns", 1},          {"us", 1'000},        {"\u00B5s", 1'000},  // µ
      {"\u03BCs", 1'000},                                            // μ
      {"ms", 1'000'000},  {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
  Reader reader(text);
  const bool negative = reader.Take('-');
  if (!negative) reader.Take('+');
  if (reader.rest() == "0") return SecondsAndNanos{};
  if (reader.AtEnd()) return absl::nullopt;
  constexpr auto kMax = static_cast<unsigned __int128>(std::numeric_limits<int64_t>::max());
  unsigned __int128 total = 0;
  while (!reader.AtEnd()) {
    const absl::string_view whole = reader.TakeDigits();
    const absl::string_view fraction = reader.Take('.') ? reader.TakeDigits() : "";
    if ((whole.empty() && fraction.empty()) || whole.size() > 19) return absl::nullopt;
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (reader.rest().substr(0, candidate.name.size()) == candidate.name) {
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr) return absl::nullopt;
    reader.Advance(unit->name.size());
    uint64_t number = 0;
    if (!whole.empty()) std::from_chars(whole.begin(), whole.end(), number);
    total += static_cast<unsigned __int128>(number) * static_cast<uint64_t>(unit->nanos);
    // Digits below a nanosecond do not count, so the first eighteen are enough.
    int64_t scale = unit->nanos;
    uint64_t parts = 0;
    unsigned __int128 divisor = 1;
    for (const char c : fraction.substr(0, 18)) {
      parts = parts * 10 + static_cast<uint64_t>(c - '0');
      divisor *= 10;
    }
    total += static_cast<unsigned __int128>(parts) * static_cast<uint64_t>(scale) / divisor;
    if (total > kMax) return absl::nullopt;
  }
  const auto nanos = static_cast<int64_t>(total);
  const SecondsAndNanos duration = {.seconds = nanos / kNanosPerSecond,
                                    .nanos = static_cast<int32_t>(nanos % kNanosPerSecond)};
  return negative ? SecondsAndNanos{.seconds = -duration.seconds, .nanos = -duration.nanos}
                  : duration;
}

absl::optional<std::vector<std::string>> ParseFieldMask(absl::string_view text) {
  std::vector<std::string> paths;
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) return paths;
  for (const absl::string_view camel : absl::StrSplit(text, ',')) {
    std::string path;
    bool begins_name = true;
    for (const char c : camel) {
      if (c == '.') {
        if (begins_name) return absl::nullopt;
        begins_name = true;
        path.push_back(c);
        continue;
      }
      if (!absl::ascii_isalpha(c) && (begins_name || !absl::ascii_isdigit(c))) {
        return absl::nullopt;
      }
      if (absl::ascii_isupper(c)) path.push_back('_');
      path.push_back(absl::ascii_tolower(c));
      begins_name = false;
    }
    if (begins_name) return absl::nullopt;
    paths.push_back(std::move(path));
  }
  return paths;
}

void AppendFieldMaskPath(absl::string_view path, std::string& out) {
  bool after_underscore = false;
  for (const char c : path) {
    if (c != '_') out.push_back(after_underscore ? absl::ascii_toupper(c) : c);
    after_underscore = c == '_';
  }
}

}  // namespace webhookd
