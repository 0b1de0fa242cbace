# Added to by the tests in this directory.

# The leak corpus: a directory of its own, compiled by its test.
EXTRA_DIST += %D%/leaks

# Servers for the harness.
check_PROGRAMS += %D%/server-places %D%/server-echo %D%/server-family %D%/server-several %D%/server-stdin %D%/surroundings
%C%_server_places_SOURCES = %D%/server-places.c %D%/server.h
%C%_server_echo_SOURCES = %D%/server-echo.c %D%/server.h
%C%_server_family_SOURCES = %D%/server-family.c %D%/server.h
%C%_server_family_LDADD = -lpthread
%C%_server_several_SOURCES = %D%/server-several.c %D%/server.h
%C%_server_stdin_SOURCES = %D%/server-stdin.c %D%/server.h
%C%_server_stdin_LDADD = -lpthread
%C%_surroundings_SOURCES = %D%/surroundings.c

# The preload library alone: a session without syseng-mem. What runs under the library is compiled by the tests that need
# it, for it must not be built with sanitizers.
check_PROGRAMS += %D%/session-dump
%C%_session_dump_SOURCES = %D%/session-dump.c
EXTRA_DIST += %D%/session-view.c %D%/session-view.h %D%/hooks-cxx.cc %D%/hooks-heap.c %D%/hooks-own.c \
	%D%/hooks-process.c %D%/hooks-module.c %D%/hooks-module-cxx.cc

# What programs do with processes, descriptors, environment and limits: likewise.
EXTRA_DIST += %D%/hostile-process.c %D%/hostile-process.h %D%/hostile-process-children.c %D%/hostile-process-limits.c \
	%D%/hostile-process-tty.c

# Line stops: compiled by the tests, with several compilers and options each.
EXTRA_DIST += %D%/truth.h %D%/lines-truth.c %D%/lines-truth-cxx.cc \
	%D%/stops-torture.c %D%/stops-torture-cxx.cc %D%/storm.h %D%/stops-stb.c %D%/stops-json.cc %D%/stops-gtest.cc \
	%D%/stops-signals.c %D%/lines-module.c %D%/lines-modules.c %D%/lines-own.c %D%/stops-sandbox.c

# Allocation sites: compiled by the tests, likewise.
EXTRA_DIST += %D%/heap-truth.c %D%/map-truth.c %D%/heap-truth-cxx.cc %D%/depth.c %D%/allocator.c %D%/kill-counter.c %D%/sampled.c %D%/server-versions.c

# What the formats have to get right: likewise.
EXTRA_DIST += %D%/formats.cc

# What we add to the program: likewise.
EXTRA_DIST += %D%/first-blocks.c

# A count of their own, to compare ours with: likewise.
EXTRA_DIST += %D%/counting.c

# Walks of the stack: likewise.
EXTRA_DIST += %D%/unwind-torture.cc %D%/unwind-module.c

# What check must find and must not: compiled by the tests.
EXTRA_DIST += %D%/server-leaky.c %D%/leave-ways.c %D%/stopped-calls.c %D%/leaks

# Who works against us: likewise.
EXTRA_DIST += %D%/scribble.c

# Who stops or kills us: likewise.
EXTRA_DIST += %D%/lose-reader.c

# What the tests with real programs need around them, and what they compile.
check_PROGRAMS += %D%/guard %D%/port
%C%_guard_SOURCES = %D%/guard.c
%C%_port_SOURCES = %D%/port.c %D%/server.h
EXTRA_DIST += %D%/exec-ways.c %D%/first-look.c %D%/server-annotated.c %D%/server-libevent.c \
	%D%/server-microhttpd.c

# Annotated functions of every shape, compiled by the matrix test.
EXTRA_DIST += %D%/annotate-c.c %D%/annotate-cxx.cc %D%/annotate-header.h %D%/annotate-header-a.cc \
	%D%/annotate-header-b.cc

# Places that know their line: compiled by the test, with several compilers and options each.
EXTRA_DIST += %D%/blame-truth.h %D%/blame-truth-bare.c %D%/blame-truth-part.h %D%/blame-truth.c \
	%D%/blame-truth-cxx.cc %D%/blame-truth-module.c %D%/blame-truth-dlclose.c
EXTRA_DIST += %D%/symbols-truth.h %D%/symbols-truth.c %D%/symbols-truth-cxx.cc

# Sample pages for a browser.
if TESTS_ENABLED
check_PROGRAMS += %D%/page-make
%C%_page_make_SOURCES = %D%/page-make.c tests/unit/page-session.c tests/unit/page-session.h tests/unit/compare-fake.c \
	tests/unit/compare-fake.h tests/unit/compare-world.c tests/unit/compare-world.h
%C%_page_make_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
%C%_page_make_LDADD = src/report/libreport.a src/base/libbase.a $(JANSSON_LIBS) $(CMOCKA_LIBS) -lm
endif

# CPU time.
check_PROGRAMS += %D%/deny-perf
%C%_deny_perf_SOURCES = %D%/deny-perf.c
EXTRA_DIST += %D%/time-truth.c %D%/time-library.c

# Programs that are hard to watch: compiled by the tests.
EXTRA_DIST += %D%/hostile.h %D%/hostile-heap.c %D%/hostile-life.c %D%/hostile-stacks.c \
	%D%/hostile-neighbours.c %D%/hostile-module.c %D%/hostile-wrapper.c %D%/hostile-audit.c %D%/hostile-own.c %D%/hostile-signals.c %D%/hostile-unwind.cc
