/* Targets in Lua: a state made once, in which fuzz/<name>.lua gives the function that gets each input as a
 * string. What it raises is a finding. The lines that run are told to libFuzzer, which sees C alone. */
#ifndef FUZZ_LUA_H
#define FUZZ_LUA_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0, as LLVMFuzzerTestOneInput has to. */
int fuzz_lua(const char *name, const uint8_t *data, size_t size);

#endif
