noinst_LIBRARIES += %D%/libcollector.a
%C%_libcollector_a_SOURCES = \
	%D%/collector.h %D%/collector.c \
	%D%/futex.h \
	%D%/heap.h %D%/heap.c \
	%D%/lines.h %D%/lines.c \
	%D%/memory.h %D%/memory.c \
	%D%/plans.h %D%/plans.c \
	%D%/process.h %D%/process.c \
	%D%/session.h %D%/session-free.c \
	%D%/sites.h %D%/sites.c \
	%D%/stream.h %D%/stream.c
