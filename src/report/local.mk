noinst_LIBRARIES += %D%/libreport.a
%C%_libreport_a_SOURCES = %D%/report.h \
	%D%/lexer.h %D%/lexer.c \
	%D%/source.h %D%/source.c %D%/block.c \
	%D%/rows.h %D%/rows.c \
	%D%/describe.h %D%/describe.c \
	%D%/heap-stacks.h %D%/heap-stacks.c \
	%D%/heap-tables.h %D%/heap-tables.c \
	%D%/lines.c %D%/heap.c %D%/summary.c %D%/json.c
%C%_libreport_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
