noinst_LIBRARIES += %D%/libreport.a
%C%_libreport_a_SOURCES = %D%/report.h \
	%D%/lexer.h %D%/lexer.c \
	%D%/source.h %D%/source.c %D%/block.c \
	%D%/rows.h %D%/rows.c \
	%D%/describe.h %D%/describe.c \
	%D%/heap-stacks.h %D%/heap-stacks.c \
	%D%/stack-ends.h %D%/stack-ends.c \
	%D%/heap-tables.h %D%/heap-tables.c \
	%D%/model.h %D%/model.c \
	%D%/formats.h %D%/format-parts.h %D%/format-parts.c %D%/call-graph.h %D%/call-graph.c \
	%D%/callgrind.c %D%/callstack.c %D%/dot.c %D%/dot-render.c %D%/folded.c %D%/massif.c %D%/pprof.c %D%/speedscope.c \
	%D%/compare.h %D%/compare.c %D%/compare-work.h \
	%D%/compare-functions.c %D%/compare-limits.c %D%/compare-sites.c \
	%D%/compare-lines.h %D%/compare-lines.c \
	%D%/compare-paths.h %D%/compare-paths.c \
	%D%/compare-time.h %D%/compare-time.c \
	%D%/compare-print.h %D%/compare-print.c %D%/compare-text.c %D%/compare-markdown.c %D%/compare-folded.c \
	%D%/compare-data.h %D%/compare-json.c %D%/compare-html.c \
	%D%/check.h %D%/check.c \
	%D%/check-fingerprint.c \
	%D%/check-limits.h %D%/check-limits.c \
	%D%/check-print.h %D%/check-print.c \
	%D%/check-runtime.c \
	%D%/check-suppressions.h %D%/check-suppressions.c \
	%D%/check-annotations.c %D%/json-build.h %D%/json-build.c %D%/check-json.c %D%/check-junit.c %D%/check-sarif.c %D%/check-text.c \
	%D%/json-sources.h %D%/json-sources.c %D%/markdown.h %D%/markdown.c %D%/stored.h %D%/stored-parts.h %D%/stored.c %D%/stored-session.c \
	%D%/page.h %D%/page.c \
	%D%/page-assets.h \
	%D%/page-data.h %D%/page-data.c \
	%D%/page-html.h %D%/page-html.c \
	%D%/page-index.c \
	%D%/page-names.h %D%/page-names.c \
	%D%/page-stacks.h %D%/page-stacks.c \
	%D%/overhead.h %D%/overhead.c \
	%D%/allocator.c %D%/lines.c %D%/heap.c %D%/summary.c %D%/json.c
nodist_%C%_libreport_a_SOURCES = %D%/page-assets.c %D%/pprof.pb-c.h %D%/pprof.pb-c.c
%C%_libreport_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)/src $(JANSSON_CFLAGS) $(PROTOBUF_C_CFLAGS) $(ZLIB_CFLAGS)

# pprof's format: our description of it, and the code that protoc-c makes of that.
EXTRA_DIST += %D%/pprof.proto
BUILT_SOURCES += %D%/pprof.pb-c.h
CLEANFILES += %D%/pprof.pb-c.h %D%/pprof.pb-c.c
%D%/pprof.pb-c.c: %D%/pprof.proto
	$(AM_V_GEN)$(MKDIR_P) %D% && $(PROTOC_C) --proto_path=$(srcdir)/%D% --c_out=%D% $(srcdir)/%D%/pprof.proto
%D%/pprof.pb-c.h: %D%/pprof.pb-c.c
	@test -f $@ || { rm -f %D%/pprof.pb-c.c && $(MAKE) $(AM_MAKEFLAGS) %D%/pprof.pb-c.c; }
# Also when only a part is made, for which BUILT_SOURCES do not count.
%D%/libreport_a-pprof.$(OBJEXT) tests/unit/report_formats-report-formats.$(OBJEXT): %D%/pprof.pb-c.h

# What links libreport.a and writes formats links these as well, behind it.
REPORT_EXTERNAL_LIBS = $(JANSSON_LIBS) $(PROTOBUF_C_LIBS) $(ZLIB_LIBS) -lm
