#ifndef WEBHOOKD_SERVER_GATEWAY_JSON_READING_H_
#define WEBHOOKD_SERVER_GATEWAY_JSON_READING_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/quoted.h"
#include "server/gateway/json_cursor.h"
#include "server/gateway/protojson_reader.h"

namespace webhookd {

// One text that is being read into messages. Functions that read return false once something was
// wrong: the cursor then has the reason, and on their way back they put together the field's path.
struct JsonReading {
  JsonCursor cursor;
  std::string path;  // of what failed: "triggers[0].id"
  bool path_is_cut = false;
  size_t messages = 0;  // that were made

  // Puts a name in front of the path of what failed. False. Names may be as long as the text, and
  // of a long path the end says enough.
  bool FailedIn(absl::string_view name) {
    constexpr size_t kMaxPathBytes = 400;
    if (path_is_cut) return false;
    path_is_cut = path.size() + name.size() > kMaxPathBytes;
    path = absl::StrCat(path_is_cut ? "…" : name, path.empty() || path[0] == '[' ? "" : ".", path);
    return false;
  }
  bool FailedAtIndex(int index) { return FailedIn(absl::StrCat("[", index, "]")); }

  // Fails because what stands at `position` was there before. False.
  bool FailTwice(size_t position, absl::string_view kind, absl::string_view name) {
    cursor.Fail(position, absl::StrCat("the ", kind, " ", Quoted(name), " is given twice"));
    return false;
  }

  // Counts a message that is about to be made; false if it is one too many.
  bool CountMessage() {
    if (++messages <= kMaxJsonMessages) return true;
    cursor.Fail(absl::StrCat("more than ", kMaxJsonMessages, " objects and values: send less"));
    return false;
  }
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_JSON_READING_H_
