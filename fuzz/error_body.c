/* Errors from answers: see error_body.lua. */
#include "check.h"
#include "lua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_lua("error_body", data, size);
}
