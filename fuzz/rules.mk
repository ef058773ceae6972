# build/fuzz/<target> for every target, by clang. FUZZ_COVERAGE=1 builds them to tell which lines run, in place of
# finding faults; give that a BUILD folder of its own.
FUZZ_TARGETS := sse json encode upload_status error_body

# Beside its own file, each is made of these.
FUZZ_SRC_sse           := sse buf
FUZZ_SRC_json          := luavector luatopk similarity best json_encode $(JSON_C)
FUZZ_SRC_encode        := $(JSON_C) json_encode
FUZZ_SRC_upload_status := luaheaders $(CODEC_C)
FUZZ_SRC_error_body    := luaheaders $(CODEC_C)
FUZZ_OWN_json          := state values
FUZZ_OWN_encode        := state values
FUZZ_OWN_upload_status := lua lines
FUZZ_OWN_error_body    := lua lines

FUZZ_CC ?= clang
ifdef FUZZ_COVERAGE
FUZZ_FLAGS := -fprofile-instr-generate -fcoverage-mapping -DFUZZ_COVERAGE
else
FUZZ_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
FUZZ_PATH = $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua
FUZZ_COMPILE = $(FUZZ_CC) -std=c99 -D_POSIX_C_SOURCE=200809L -O1 -g $(WARN) $(FUZZ_FLAGS) -MMD -MP \
  $(shell pkg-config --cflags $(call first_pc,5.4)) $(CURL_CFLAGS) -c -o $@ $<

# libFuzzer looks at what runs in the core, and not at what checks it.
$(BUILD)/fuzz/obj/src/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC    $@"
	@$(FUZZ_COMPILE) -fsanitize=fuzzer-no-link -DGEM_SSE_GAP=8

$(BUILD)/fuzz/obj/fuzz/%.o: fuzz/%.c
	@mkdir -p $(@D)
	@echo "  CC    $@"
	@$(FUZZ_COMPILE) -DFUZZ_PATH='"$(FUZZ_PATH)"'

define fuzz_rule
fuzzers: $(BUILD)/fuzz/$(1)
$(BUILD)/fuzz/$(1): $(patsubst %,$(BUILD)/fuzz/obj/fuzz/%.o,$(1) $(FUZZ_OWN_$(1))) \
    $(patsubst %,$(BUILD)/fuzz/obj/src/%.o,$(FUZZ_SRC_$(1)))
	@echo "  LINK  $$@"
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $$@ $$^ \
	  $$(shell pkg-config --libs $$(call first_pc,5.4)) $(CURL_LIBS) -lm
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rule,$(t))))
.PHONY: fuzzers

-include $(wildcard $(BUILD)/fuzz/obj/*/*.d)
