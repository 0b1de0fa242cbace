# The preload library with every walk compared: with a walk of our own from scratch, and with libunwind's. Loaded by
# tests/e2e/unwind-checked.test.
if TESTS_ENABLED
check_LTLIBRARIES += %D%/libchecker.la
%C%_libchecker_la_SOURCES = $(src_preload_libsyseng_mem_preload_la_SOURCES) %D%/checker.c %D%/results.h
%C%_libchecker_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBUNWIND_CFLAGS) -I$(srcdir)/%D%
%C%_libchecker_la_CFLAGS = $(src_preload_libsyseng_mem_preload_la_CFLAGS)
%C%_libchecker_la_LDFLAGS = $(src_preload_libsyseng_mem_preload_la_LDFLAGS) -rpath $(abs_builddir)/%D% \
	-Wl,--wrap=unwind_walk -Wl,--wrap=unwind_forget
check_PROGRAMS += %D%/show
%C%_show_SOURCES = %D%/show.c %D%/results.h
endif
