/* What the JSON targets hold decoded and encoded values against. */
#ifndef FUZZ_VALUES_H
#define FUZZ_VALUES_H

#include <lua.h>

/* Whether JSON can't tell the values at two absolute indexes apart: an empty array is no empty object, and
 * -0.0 is not 0. */
int fuzz_same(lua_State *L, int a, int b);

/* Checks the message on the top: one line of text. */
void fuzz_check_message(lua_State *L);

#endif
