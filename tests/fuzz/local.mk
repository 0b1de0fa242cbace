# Fuzz targets: built by clang with its sanitizers, on request (`make fuzz`) and by tests/e2e/fuzz.test; see docs/fuzzing.md.
FUZZ_FILES = %D%/cfi.c %D%/exec-target.c %D%/fail-on.c %D%/fuzz.c %D%/fuzz.h %D%/limits.c %D%/meta.c %D%/options.c \
	%D%/probes.c %D%/profile.c %D%/profile.h %D%/requests.c %D%/sampler.c %D%/writer.c %D%/stored.c %D%/suppressions.c \
	%D%/symbols.c %D%/wire.c %D%/wire.h
# What they read with: the sources of our libraries, and the part of the guest that reads other people's files.
FUZZED_FILES = $(src_base_libbase_a_SOURCES) $(src_elf_libelf_files_a_SOURCES) $(src_cfi_libcfi_a_SOURCES) \
	$(src_sampler_libsampler_a_SOURCES) $(src_probes_libprobes_a_SOURCES) $(src_symbols_libsymbols_a_SOURCES) \
	$(src_collector_libcollector_a_SOURCES) $(src_harness_libharness_a_SOURCES) $(src_report_libreport_a_SOURCES) \
	$(nodist_src_report_libreport_a_SOURCES) $(src_snapshot_libsnapshot_a_SOURCES) $(src_cli_libcli_a_SOURCES) \
	src/preload/exec-target.c
FUZZ_CPPFLAGS = $(DEFS) -I. $(AM_CPPFLAGS) -I$(top_builddir)/src $(LIBDWARF_CFLAGS) $(ZYDIS_CFLAGS) $(ZLIB_CFLAGS) \
	$(ZSTD_CFLAGS) $(LZMA_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) $(PROTOBUF_C_CFLAGS)
FUZZ_LIBS = $(LIBDWARF_LIBS) $(ZYDIS_LIBS) $(CURL_LIBS) $(REPORT_EXTERNAL_LIBS) $(ZSTD_LIBS) $(LZMA_LIBS) $(SUPCXX_LIBS) -ldl -lpthread -lm

EXTRA_DIST += $(FUZZ_FILES) %D%/fuzz.mk %D%/crashes
dist_noinst_SCRIPTS += %D%/make-seeds %D%/run

# Not part of `all`: whoever has no clang needs none.
.PHONY: fuzz
fuzz: config.h src/report/pprof.pb-c.h src/report/page-assets.c src/cli/syseng-mem$(EXEEXT)
	+@$(MAKE) $(AM_MAKEFLAGS) --no-print-directory -f $(srcdir)/%D%/fuzz.mk top_srcdir='$(top_srcdir)' \
	    abs_top_srcdir='$(abs_top_srcdir)' sources='$(FUZZED_FILES)' cppflags='$(FUZZ_CPPFLAGS)' libs='$(FUZZ_LIBS)'
	@top_srcdir='$(top_srcdir)' top_builddir=. $(SHELL) $(srcdir)/%D%/make-seeds

clean-local: clean-fuzz
.PHONY: clean-fuzz
clean-fuzz:
	rm -rf %D%/build %D%/seeds %D%/fuzz-*[a-z] %D%/writer %D%/corpus
