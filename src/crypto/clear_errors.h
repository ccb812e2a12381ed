// OpenSSL keeps a queue of errors for each thread; whoever reads it next must not find ours. For the .cc files that
// call OpenSSL: one of these stands in every function that may leave an error behind.
#pragma once

namespace bulkhead {

struct ClearErrors {
  ClearErrors() = default;
  ClearErrors(const ClearErrors&) = delete;
  ClearErrors& operator=(const ClearErrors&) = delete;
  ~ClearErrors();
};

}  // namespace bulkhead
