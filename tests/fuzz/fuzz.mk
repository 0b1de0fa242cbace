# Builds the fuzz targets with clang, whatever the rest is built with: GNU make, called by `make fuzz` in the build
# directory, which gives `top_srcdir`, `sources` (what the targets read with: .c of src), `cppflags` and `libs`. A target is
# one file of this directory; all are linked with the same objects.
FUZZ_CC ?= clang
targets = cfi exec-target fail-on limits meta options probes requests sampler stored suppressions symbols wire
sanitize = address,undefined
cflags = -std=gnu17 -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
here = tests/fuzz
out = $(here)/build
objects = $(patsubst %.c,$(out)/%.o,$(filter %.c,$(sources)))
shared = $(out)/$(here)/fuzz.o $(out)/$(here)/profile.o
programs = $(targets:%=$(here)/fuzz-%)

all: $(programs) $(here)/writer

$(programs): $(here)/fuzz-%: $(out)/$(here)/%.o $(out)/fuzzed.a
	$(FUZZ_CC) -fsanitize=fuzzer,$(sanitize) -Wl,--wrap=nanosleep -o $@ $^ $(libs)

$(here)/writer: $(out)/$(here)/writer.o $(out)/fuzzed.a
	$(FUZZ_CC) -fsanitize=$(sanitize) -o $@ $^ $(libs)

$(out)/fuzzed.a: $(objects) $(shared)
	rm -f $@ && ar qc $@ $^

# Generated sources lie in the build directory, all others beside this file.
vpath %.c . $(top_srcdir)

$(out)/%.o: %.c $(top_srcdir)/$(here)/fuzz.mk
	@mkdir -p $(@D)
	$(FUZZ_CC) $(cflags) -fsanitize=fuzzer-no-link,$(sanitize) $(wrapping) $(cppflags) -DPKGLIBDIR='"/nonexistent"' -DFUZZ_GOLDEN='"$(abs_top_srcdir)/tests/golden"' \
	    -MMD -MP -c -o $@ $<

# As the collector is built: src/collector/local.mk.
$(out)/src/collector/%.o: wrapping = -fwrapv -fno-sanitize=signed-integer-overflow

-include $(shell find $(out) -name '*.d' 2>/dev/null)

.PHONY: all
