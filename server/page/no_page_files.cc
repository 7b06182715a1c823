#include "server/page/page_files.h"

namespace webhookd {

const std::vector<PageFile>& PageFiles() {
  static const std::vector<PageFile>& files = *new std::vector<PageFile>;
  return files;
}

}  // namespace webhookd
