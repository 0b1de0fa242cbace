# One cmocka program per source file: add it to UNIT_TESTS and give it its sources here.
UNIT_TESTS =
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -DTEST_SRCDIR='"$(abs_top_srcdir)/tests"'
if TESTS_ENABLED

UNIT_TESTS += %D%/err
%C%_err_SOURCES = %D%/err.c
%C%_err_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_err_LDADD = src/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/array
%C%_array_SOURCES = %D%/array.c
%C%_array_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_array_LDADD = src/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/text
%C%_text_SOURCES = %D%/text.c
%C%_text_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_text_LDADD = src/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/units
%C%_units_SOURCES = %D%/units.c
%C%_units_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_units_LDADD = src/base/libbase.a $(CMOCKA_LIBS)

# Reports: sessions built in code, compared with tests/golden.
UNIT_TESTS += %D%/report-classic
%C%_report_classic_SOURCES = %D%/report-classic.c %D%/golden.c %D%/golden.h
%C%_report_classic_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_report_classic_LDADD = src/report/libreport.a src/base/libbase.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/report-golden
%C%_report_golden_SOURCES = %D%/report-golden.c %D%/report-session.c %D%/report-session.h %D%/golden.c %D%/golden.h
%C%_report_golden_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_report_golden_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/report-block
%C%_report_block_SOURCES = %D%/report-block.c
%C%_report_block_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_report_block_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/report-heap
%C%_report_heap_SOURCES = %D%/report-heap.c %D%/golden.c %D%/golden.h
%C%_report_heap_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_report_heap_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/report-stored
%C%_report_stored_SOURCES = %D%/report-stored.c %D%/golden.c %D%/golden.h %D%/mutate.h
%C%_report_stored_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_report_stored_LDADD = src/report/libreport.a src/collector/libcollector.a src/base/libbase.a $(JANSSON_LIBS) $(ZLIB_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/report-lines
%C%_report_lines_SOURCES = %D%/report-lines.c %D%/report-session.c %D%/report-session.h
%C%_report_lines_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_report_lines_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/snapshot
%C%_snapshot_SOURCES = %D%/snapshot.c %D%/mutate.h
%C%_snapshot_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_snapshot_LDADD = src/snapshot/libsnapshot.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += %D%/page
%C%_page_SOURCES = %D%/page.c %D%/page-session.c %D%/page-session.h %D%/page-text.c %D%/page-text.h
%C%_page_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_page_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += %D%/report-formats
%C%_report_formats_SOURCES = %D%/report-formats.c %D%/formats-session.c %D%/formats-session.h %D%/golden.c %D%/golden.h
%C%_report_formats_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_builddir)/src $(PROTOBUF_C_CFLAGS)
%C%_report_formats_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
%C%_report_formats_LDADD = src/report/libreport.a src/base/libbase.a $(REPORT_EXTERNAL_LIBS) $(CMOCKA_LIBS)

# Comparisons.
UNIT_TESTS += %D%/compare
%C%_compare_SOURCES = %D%/compare.c %D%/compare-fake.c %D%/compare-fake.h
%C%_compare_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_compare_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/compare-golden
%C%_compare_golden_SOURCES = %D%/compare-golden.c %D%/compare-fake.c %D%/compare-fake.h %D%/compare-world.c \
	%D%/compare-world.h %D%/golden.c %D%/golden.h %D%/page-text.c %D%/page-text.h
%C%_compare_golden_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_compare_golden_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/compare-lines
%C%_compare_lines_SOURCES = %D%/compare-lines.c %D%/mutate.h
%C%_compare_lines_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_compare_lines_LDADD = src/report/libreport.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/compare-limits
%C%_compare_limits_SOURCES = %D%/compare-limits.c %D%/mutate.h
%C%_compare_limits_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_compare_limits_LDADD = src/report/libreport.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/compare-paths
%C%_compare_paths_SOURCES = %D%/compare-paths.c
%C%_compare_paths_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_compare_paths_LDADD = src/report/libreport.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/compare-time
%C%_compare_time_SOURCES = %D%/compare-time.c
%C%_compare_time_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_compare_time_LDADD = src/report/libreport.a src/base/libbase.a $(CMOCKA_LIBS) -lm

# Findings of check.
UNIT_TESTS += %D%/check-golden
%C%_check_golden_SOURCES = %D%/check-golden.c %D%/check-session.c %D%/check-session.h %D%/golden.c %D%/golden.h
%C%_check_golden_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_check_golden_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/check-verdicts
%C%_check_verdicts_SOURCES = %D%/check-verdicts.c %D%/check-session.c %D%/check-session.h
%C%_check_verdicts_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_check_verdicts_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/check-limits
%C%_check_limits_SOURCES = %D%/check-limits.c %D%/mutate.h
%C%_check_limits_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_check_limits_LDADD = src/report/libreport.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/check-suppressions
%C%_check_suppressions_SOURCES = %D%/check-suppressions.c %D%/mutate.h
%C%_check_suppressions_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_check_suppressions_LDADD = src/report/libreport.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/client
%C%_client_SOURCES = %D%/client.c
%C%_client_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_client_LDADD = src/client/libsyseng_mem_client.a $(CURL_LIBS) $(CMOCKA_LIBS)

# The collector: records in, rows out.
UNIT_TESTS += %D%/collector-heap
%C%_collector_heap_SOURCES = %D%/collector-heap.c
%C%_collector_heap_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_heap_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/collector-budget
%C%_collector_budget_SOURCES = %D%/collector-budget.c
%C%_collector_budget_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_budget_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/collector-ranges
%C%_collector_ranges_SOURCES = %D%/collector-ranges.c
%C%_collector_ranges_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_ranges_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/collector-reach
%C%_collector_reach_SOURCES = %D%/collector-reach.c
%C%_collector_reach_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_reach_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/collector-session-site
%C%_collector_session_site_SOURCES = %D%/collector-session-site.c
%C%_collector_session_site_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_session_site_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/collector-stream
%C%_collector_stream_SOURCES = %D%/collector-stream.c
%C%_collector_stream_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_stream_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/collector-timeline
%C%_collector_timeline_SOURCES = %D%/collector-timeline.c
%C%_collector_timeline_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_timeline_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/collector-lines
%C%_collector_lines_SOURCES = %D%/collector-lines.c
%C%_collector_lines_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_collector_lines_LDADD = src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS) -lm

# The guest's parts that stand alone; tests/e2e/hooks-*.test has the rest.
UNIT_TESTS += %D%/guest-emit
%C%_guest_emit_SOURCES = %D%/guest-emit.c src/preload/emit.c src/preload/reader.c
%C%_guest_emit_CPPFLAGS = $(UNIT_CPPFLAGS) -DEMIT_ROUNDS_LIMIT=3 -DEMIT_ROUNDS_SANDBOXED=2 -DREADER_STOPPED_ROUNDS=1 -DREADER_IDLE_ROUNDS=1
%C%_guest_emit_LDADD = $(CMOCKA_LIBS) -lpthread

UNIT_TESTS += %D%/guest-real
%C%_guest_real_SOURCES = %D%/guest-real.c src/preload/real.c
%C%_guest_real_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_guest_real_LDFLAGS = $(AM_LDFLAGS) -Wl,--no-as-needed
%C%_guest_real_LDADD = $(CMOCKA_LIBS) -lstdc++

UNIT_TESTS += %D%/guest-count
%C%_guest_count_SOURCES = %D%/guest-count.c src/preload/count.c
%C%_guest_count_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_guest_count_LDADD = $(CMOCKA_LIBS)

UNIT_TESTS += %D%/preload-unwind
%C%_preload_unwind_SOURCES = %D%/preload-unwind.c src/preload/unwind.c src/preload/cfi.c src/cfi/cfi.c
%C%_preload_unwind_CPPFLAGS = $(UNIT_CPPFLAGS) $(LIBUNWIND_CFLAGS)
%C%_preload_unwind_LDADD = $(LIBUNWIND_LIBS) $(CMOCKA_LIBS)

# ELF and DWARF readers.
UNIT_TESTS += %D%/elf-die-scan
%C%_elf_die_scan_SOURCES = %D%/elf-die-scan.c
%C%_elf_die_scan_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_elf_die_scan_LDADD = $(ELF_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/elf-line-program
%C%_elf_line_program_SOURCES = %D%/elf-line-program.c
%C%_elf_line_program_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_elf_line_program_LDADD = $(ELF_LIBS) $(CMOCKA_LIBS)

# The planner, on itself.
UNIT_TESTS += %D%/probes-decode
%C%_probes_decode_SOURCES = %D%/probes-decode.c
%C%_probes_decode_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_probes_decode_LDADD = $(PROBES_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/probes-find
%C%_probes_find_SOURCES = %D%/probes-find.c
%C%_probes_find_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZYDIS_CFLAGS)
%C%_probes_find_CFLAGS = $(AM_CFLAGS) -g
%C%_probes_find_LDADD = $(PROBES_LIBS) $(CMOCKA_LIBS)

# Addresses to source. The lookup is done on the test itself, which needs its debug information.
UNIT_TESTS += %D%/symbols-demangle
%C%_symbols_demangle_SOURCES = %D%/symbols-demangle.c
%C%_symbols_demangle_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_symbols_demangle_LDADD = $(SYMBOLS_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/symbols-lookup
%C%_symbols_lookup_SOURCES = %D%/symbols-lookup.c
%C%_symbols_lookup_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_symbols_lookup_CFLAGS = $(AM_CFLAGS) -g
%C%_symbols_lookup_LDADD = $(SYMBOLS_LIBS) $(CMOCKA_LIBS)

# The command line.
UNIT_TESTS += %D%/cli-options
%C%_cli_options_SOURCES = %D%/cli-options.c
%C%_cli_options_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_cli_options_LDADD = src/cli/libcli.a src/harness/libharness.a src/base/libbase.a $(CURL_LIBS) $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/cli-suggest
%C%_cli_suggest_SOURCES = %D%/cli-suggest.c
%C%_cli_suggest_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_cli_suggest_LDADD = src/cli/libcli.a $(CMOCKA_LIBS)

UNIT_TESTS += %D%/cli-next
%C%_cli_next_SOURCES = %D%/cli-next.c
%C%_cli_next_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_cli_next_LDADD = src/cli/libcli.a src/harness/libharness.a src/base/libbase.a $(CURL_LIBS) $(CMOCKA_LIBS) -lm

UNIT_TESTS += %D%/cli-merge
%C%_cli_merge_SOURCES = %D%/cli-merge.c
%C%_cli_merge_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_cli_merge_LDADD = src/cli/libcli.a src/collector/libcollector.a src/base/libbase.a $(CMOCKA_LIBS)

# The sampler: records in, stacks out.
SAMPLER_LIBS = src/sampler/libsampler.a src/cfi/libcfi.a src/collector/libcollector.a $(ELF_LIBS)
UNIT_TESTS += %D%/cfi
%C%_cfi_SOURCES = %D%/cfi.c %D%/mutate.h
%C%_cfi_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_cfi_LDADD = $(SAMPLER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/sampler-images
%C%_sampler_images_SOURCES = %D%/sampler-images.c
%C%_sampler_images_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_sampler_images_LDADD = $(SAMPLER_LIBS) $(CMOCKA_LIBS)

UNIT_TESTS += %D%/sampler-follow
%C%_sampler_follow_SOURCES = %D%/sampler-follow.c %D%/mutate.h
%C%_sampler_follow_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_sampler_follow_LDADD = $(SAMPLER_LIBS) $(CMOCKA_LIBS)

# The harness: real programs of tests/targets under it.
UNIT_TESTS += %D%/harness-find
%C%_harness_find_SOURCES = %D%/harness-find.c %D%/harness-program.c %D%/harness-program.h
%C%_harness_find_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_harness_find_LDADD = src/harness/libharness.a src/base/libbase.a $(CURL_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += %D%/harness-fire
%C%_harness_fire_SOURCES = %D%/harness-fire.c %D%/harness-program.c %D%/harness-program.h
%C%_harness_fire_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_harness_fire_LDADD = src/harness/libharness.a src/base/libbase.a $(CURL_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += %D%/harness-start
%C%_harness_start_SOURCES = %D%/harness-start.c %D%/harness-program.c %D%/harness-program.h
%C%_harness_start_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_harness_start_LDADD = src/harness/libharness.a src/base/libbase.a $(CURL_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += %D%/harness-stop
%C%_harness_stop_SOURCES = %D%/harness-stop.c %D%/harness-program.c %D%/harness-program.h
%C%_harness_stop_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_harness_stop_LDADD = src/harness/libharness.a src/base/libbase.a $(CURL_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS += %D%/harness-parse
%C%_harness_parse_SOURCES = %D%/harness-parse.c
%C%_harness_parse_CPPFLAGS = $(UNIT_CPPFLAGS)
%C%_harness_parse_LDADD = src/harness/libharness.a src/base/libbase.a $(CURL_LIBS) $(CMOCKA_LIBS)

endif
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
