#ifndef WEBHOOKD_SERVER_HTTP_COMPRESSION_H_
#define WEBHOOKD_SERVER_HTTP_COMPRESSION_H_

#include "server/gateway/web.h"

namespace webhookd {

// Packs the body with gzip when the client accepts it and it pays: text of some size that is not
// encoded yet. Such a response varies by what clients accept, and says so to all of them.
void Compress(WebResponse& response, bool accepts_gzip);

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_HTTP_COMPRESSION_H_
