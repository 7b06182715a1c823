#ifndef WEBHOOKD_BASE_STATUS_MACROS_H_
#define WEBHOOKD_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function when `expr`, an absl::Status, is not OK.
#define RETURN_IF_ERROR(expr)                                  \
  do {                                                         \
    absl::Status status_macro_result = (expr);                 \
    if (!status_macro_result.ok()) return status_macro_result; \
  } while (false)

#define STATUS_MACRO_CONCAT_INNER(x, y) x##y
#define STATUS_MACRO_CONCAT(x, y) STATUS_MACRO_CONCAT_INNER(x, y)

// Assigns the value of `expr`, an absl::StatusOr, to `lhs`, or returns its status.
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL(STATUS_MACRO_CONCAT(status_or_, __LINE__), lhs, expr)

#define ASSIGN_OR_RETURN_IMPL(status_or, lhs, expr) \
  auto status_or = (expr);                          \
  if (!status_or.ok()) return status_or.status();   \
  lhs = *std::move(status_or)

#endif  // WEBHOOKD_BASE_STATUS_MACROS_H_
