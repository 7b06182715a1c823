#ifndef WEBHOOKD_SERVER_GATEWAY_STRUCT_READER_H_
#define WEBHOOKD_SERVER_GATEWAY_STRUCT_READER_H_

#include <google/protobuf/struct.pb.h>

#include "server/gateway/json_reading.h"

// Reads JSON of any shape into the messages that hold it. False once something was wrong.
namespace webhookd {

bool ReadStruct(JsonReading& reading, google::protobuf::Struct& value);
bool ReadListValue(JsonReading& reading, google::protobuf::ListValue& list);
bool ReadValue(JsonReading& reading, google::protobuf::Value& value);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_GATEWAY_STRUCT_READER_H_
