noinst_LIBRARIES += %D%/libcollector.a
%C%_libcollector_a_SOURCES = \
	%D%/collector.h %D%/collector.c \
	%D%/futex.h \
	%D%/lines.h %D%/lines.c \
	%D%/memory.h %D%/memory.c \
	%D%/plans.h %D%/plans.c \
	%D%/process.h %D%/process.c \
	%D%/session.h %D%/session-free.c
