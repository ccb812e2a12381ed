#include "crypto/clear_errors.h"

#include <openssl/err.h>

namespace bulkhead {

ClearErrors::~ClearErrors() {
  ::ERR_clear_error();
}

}  // namespace bulkhead
