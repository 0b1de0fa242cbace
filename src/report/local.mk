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
	%D%/check.h %D%/check.c \
	%D%/check-fingerprint.c \
	%D%/check-limits.h %D%/check-limits.c \
	%D%/check-print.h %D%/check-print.c \
	%D%/check-runtime.c \
	%D%/check-suppressions.h %D%/check-suppressions.c \
	%D%/check-annotations.c %D%/json-build.h %D%/json-build.c %D%/check-json.c %D%/check-junit.c %D%/check-sarif.c %D%/check-text.c \
	%D%/json-sources.h %D%/json-sources.c %D%/markdown.h %D%/markdown.c %D%/stored.h %D%/stored.c \
	%D%/page.h %D%/page.c \
	%D%/page-assets.h \
	%D%/page-data.h %D%/page-data.c \
	%D%/page-html.h %D%/page-html.c \
	%D%/page-index.c \
	%D%/page-names.h %D%/page-names.c \
	%D%/page-stacks.h %D%/page-stacks.c \
	%D%/allocator.c %D%/lines.c %D%/heap.c %D%/summary.c %D%/json.c
%C%_libreport_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
nodist_%C%_libreport_a_SOURCES = %D%/page-assets.c
