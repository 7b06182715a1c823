#ifndef WEBHOOKD_TESTS_BENCH_PROTOJSON_BENCH_H_
#define WEBHOOKD_TESTS_BENCH_PROTOJSON_BENCH_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/measurement.h"

namespace webhookd {

// A message that REST reads or writes.
struct ProtoJsonDocument {
  std::string name;
  std::unique_ptr<google::protobuf::Message> message;
};

// A list of 10 webhooks, a report of an experiment's state, and 100 lines of a task's log.
std::vector<ProtoJsonDocument> ProtoJsonDocuments();

// protojson_read and protojson_write: MB/s through our reader and writer, from and to protobuf
// messages, beside rapidjson's DOM from and to the same texts. About two seconds.
std::vector<Measurement> MeasureProtoJson();

}  // namespace webhookd

#endif  // WEBHOOKD_TESTS_BENCH_PROTOJSON_BENCH_H_
