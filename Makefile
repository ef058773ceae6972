# make            build/<abi>/gemini/{codec,transport}.so for every Lua whose development files are here
# make embed      build/<abi>/libgemini.a, for C programs that embed Lua; make hosts builds examples/embed with it
# make demo       set up, build, and show a streamed answer     make demo PROMPT="…"
# make test       set up, build, and run everything that CI runs
# make install    PREFIX=/usr/local LUA_VERSION=5.4
# make bench      set up, build, and measure
# make fuzz       set up, build, and run every fuzzer for a minute     make fuzz SECONDS=600
# make clean
CC      ?= cc
OBJCOPY ?= objcopy
LUA     ?= lua5.4
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wundef
BUILD   ?= build

PREFIX      ?= /usr/local
LUA_VERSION ?= 5.4

# SANITIZE=1 builds with AddressSanitizer and UBSan; give it a BUILD folder of its own.
ifdef SANITIZE
CFLAGS   += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SANFLAGS := -fsanitize=address,undefined
endif

# The pkg-config names that carry each ABI's headers, the preferred one first.
PC_5.4 := lua5.4 lua-5.4 lua54
PC_5.3 := lua5.3 lua-5.3 lua53
PC_5.1 := luajit lua5.1 lua-5.1 lua51
first_pc = $(firstword $(foreach p,$(PC_$(1)),$(if $(shell pkg-config --exists $(p) 2>/dev/null && echo y),$(p))))
ABIS    := $(strip $(foreach a,5.4 5.1 5.3,$(if $(call first_pc,$(a)),$(a))))

CURL_CFLAGS = $(shell pkg-config --cflags libcurl)
CURL_LIBS   = $(shell pkg-config --libs libcurl)

JSON_C      := buf vector json_number json_string json_keys json_vector json_decode
CODEC_C     := codec base64 hash sha256 text luabacklog backlog luavector luatopk similarity best json_encode $(JSON_C)
TRANSPORT_C := transport luabacklog backlog luarequest lualines lines luaheaders files multi sockets transfer ending head coding apply body file sse $(JSON_C)
ARCHIVE_C   := $(sort embed $(CODEC_C) $(TRANSPORT_C))

# What is embedded, with its folders: they are newer where a file was taken away.
EMBEDDED := $(sort $(shell find lua/gemini \( -path lua/gemini/emulator -o -path lua/gemini/meta \) -prune -o -print))

.PHONY: all embed hosts demo test soak bench fuzz install clean
all:
	@$(if $(ABIS),:,$(error no Lua development files found by pkg-config; tools/setup build installs them))

# One set of rules an ABI: objects, the two modules, and those of the specs.
define abi_rules
all: $(BUILD)/$(1)/gemini/codec.so $(BUILD)/$(1)/gemini/transport.so

INCLUDE_$(1) := $$(shell pkg-config --cflags $$(call first_pc,$(1)))

$(BUILD)/$(1)/obj/%.o: src/%.c
	@mkdir -p $$(@D)
	@echo "  CC    $$@"
	@$(CC) -std=c99 -D_POSIX_C_SOURCE=200809L $(CFLAGS) $(WARN) -fPIC -fvisibility=hidden -MMD -MP \
	  $$(INCLUDE_$(1)) $(CURL_CFLAGS) -c -o $$@ $$<

$(BUILD)/$(1)/gemini/codec.so: $(CODEC_C:%=$(BUILD)/$(1)/obj/%.o)
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	@$(CC) -shared $(SANFLAGS) $(LDFLAGS) -o $$@ $$^ -lm

$(BUILD)/$(1)/gemini/transport.so: $(TRANSPORT_C:%=$(BUILD)/$(1)/obj/%.o)
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	@$(CC) -shared $(SANFLAGS) $(LDFLAGS) -o $$@ $$^ $(CURL_LIBS) -lm

# One object in the archive, in which the core's own names are local: none can clash with the program's.
embed: $(BUILD)/$(1)/libgemini.a
$(BUILD)/$(1)/libgemini.a: $(ARCHIVE_C:%=$(BUILD)/$(1)/obj/%.o) $(BUILD)/modules.o
	@echo "  AR    $$@"
	@$(CC) -r -nostdlib -o $$(@:.a=.o) $$^
	@$(OBJCOPY) --localize-hidden $$(@:.a=.o)
	@rm -f $$@ && $(AR) rcs $$@ $$(@:.a=.o) && rm $$(@:.a=.o)

hosts: $(BUILD)/$(1)/host
$(BUILD)/$(1)/host: examples/embed/host.c $(BUILD)/$(1)/libgemini.a src/gemini.h
	@echo "  LINK  $$@"
	@$(CC) -std=c99 $(CFLAGS) $(WARN) -Isrc $$(INCLUDE_$(1)) $(LDFLAGS) -o $$@ $$(wordlist 1,2,$$^) \
	  $$(shell pkg-config --libs $$(call first_pc,$(1))) $(CURL_LIBS) -lm

# The specs' own modules.
$(BUILD)/$(1)/specs/loopback.so: spec/support/loopback.c $(wildcard spec/support/*.h)
	@mkdir -p $$(@D)
	@echo "  CC    $$@"
	@$(CC) -std=c99 -D_DEFAULT_SOURCE $(CFLAGS) $(WARN) -fPIC -fvisibility=hidden $$(INCLUDE_$(1)) \
	  -pthread -shared $(SANFLAGS) -o $$@ $$<

$(BUILD)/$(1)/specs/core.so: spec/support/core.c $(patsubst %,$(BUILD)/$(1)/obj/%.o,sse luarequest body file backlog buf)
	@mkdir -p $$(@D)
	@echo "  CC    $$@"
	@$(CC) -std=c99 $(CFLAGS) $(WARN) -fPIC -fvisibility=hidden $$(INCLUDE_$(1)) -shared $(SANFLAGS) -o $$@ $$^

# Preloaded, and before a sanitizer is ready: it is built without, and finds Lua where there is one when it is called.
$(BUILD)/$(1)/specs/torture.so: spec/support/torture.c src/compat.h
	@mkdir -p $$(@D)
	@echo "  CC    $$@"
	@$(CC) -std=c99 $(filter-out -fsanitize%,$(CFLAGS)) $(WARN) -fPIC -fvisibility=hidden $$(INCLUDE_$(1)) -pthread -shared -Wl,-z,lazy -o $$@ $$< -ldl

spec-modules: $(BUILD)/$(1)/specs/loopback.so $(BUILD)/$(1)/specs/core.so $(BUILD)/$(1)/specs/torture.so
endef
$(foreach a,$(ABIS),$(eval $(call abi_rules,$(a))))
.PHONY: spec-modules

$(BUILD)/modules.c: tools/embed.lua $(EMBEDDED)
	@mkdir -p $(@D)
	@echo "  EMBED $@"
	@$(LUA) $(filter %.lua,$^) >$@.part && mv $@.part $@

$(BUILD)/modules.o: $(BUILD)/modules.c src/embed.h
	@echo "  CC    $@"
	@$(CC) -std=c99 $(CFLAGS) $(WARN) -fPIC -fvisibility=hidden -Isrc -c -o $@ $<

-include $(wildcard $(BUILD)/*/obj/*.d)

include fuzz/rules.mk

# A prompt may hold anything: quotes, dollars, backslashes.
shell_quote = '$(subst ','\'',$(1))'

demo:
	@tools/setup build
	@$(MAKE) -s --no-print-directory all
	@tools/env lua5.4 examples/demo.lua $(call shell_quote,$(value PROMPT))

test:
	@tools/setup test
	@tools/test

# Calls at a server that fails at random, for so many minutes.
MINUTES = 10
soak:
	@tools/setup test
	@$(MAKE) -s --no-print-directory all
	@spec/soak/run lua5.4 0 $(MINUTES)

bench:
	@tools/setup bench
	@bench/run
	@bench/codec
	@bench/keys
	@bench/frames
	@bench/streams

SECONDS ?= 60

fuzz:
	@tools/setup test
	@fuzz/run $(SECONDS)

LUA_SHARE = $(DESTDIR)$(PREFIX)/share/lua/$(LUA_VERSION)
LUA_LIB   = $(DESTDIR)$(PREFIX)/lib/lua/$(LUA_VERSION)

install: $(BUILD)/$(LUA_VERSION)/gemini/codec.so $(BUILD)/$(LUA_VERSION)/gemini/transport.so
	cd lua && find gemini -name '*.lua' -exec install -D -m 644 {} $(LUA_SHARE)/{} \;
	install -D -m 755 -t $(LUA_LIB)/gemini $^

clean:
	rm -rf build
