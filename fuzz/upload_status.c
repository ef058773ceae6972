/* Upload sessions: see upload_status.lua. */
#include "check.h"
#include "lua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_lua("upload_status", data, size);
}
