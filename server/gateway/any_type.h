#ifndef WEBHOOKD_SERVER_GATEWAY_ANY_TYPE_H_
#define WEBHOOKD_SERVER_GATEWAY_ANY_TYPE_H_

#include <google/protobuf/message.h>

#include "absl/strings/string_view.h"

namespace webhookd {

// The generated type that an Any's type URL names by what follows its last slash; null if there is
// none in this program. Not owned.
const google::protobuf::Message* AnyPrototype(absl::string_view type_url);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_ANY_TYPE_H_
