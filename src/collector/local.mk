noinst_LIBRARIES += %D%/libcollector.a
# The figures are what a program says that may lie: their differences and sums wrap.
%C%_libcollector_a_CFLAGS = $(AM_CFLAGS) -fwrapv
%C%_libcollector_a_SOURCES = \
	%D%/address-space.h %D%/address-space.c \
	%D%/blocks.h %D%/blocks.c \
	%D%/budget.h %D%/budget.c \
	%D%/collector.h %D%/collector.c \
	%D%/futex.h \
	%D%/halt.h %D%/halt.c \
	%D%/heap.h %D%/heap.c \
	%D%/kernel-held.h %D%/kernel-held.c \
	%D%/lines.h %D%/lines.c \
	%D%/look.h %D%/look.c \
	%D%/memory.h %D%/memory.c \
	%D%/paths.h %D%/paths.c \
	%D%/pid-namespace.h %D%/pid-namespace.c \
	%D%/places.h %D%/places.c \
	%D%/plans.h %D%/plans.c \
	%D%/process.h %D%/process.c \
	%D%/ranges.h %D%/ranges.c \
	%D%/reach.h %D%/reach.c \
	%D%/session.h %D%/session-free.c %D%/session-module.c %D%/session-site.c %D%/session-slice.c \
	%D%/sites.h %D%/sites.c \
	%D%/stream.h %D%/stream.c \
	%D%/table.h %D%/table.c \
	%D%/ticks.h \
	%D%/timeline.h %D%/timeline.c
