# Benchmarks report; they never decide whether a test passes. `make bench` runs them all.
BENCHES = %D%/cpu-time.bench %D%/line-stop.bench %D%/programs.bench %D%/replay.bench
EXTRA_PROGRAMS += %D%/cost %D%/line-stop %D%/replay %D%/work
CLEANFILES += %D%/cost %D%/line-stop %D%/replay %D%/work
%C%_line_stop_SOURCES = %D%/line-stop.c
%C%_line_stop_CFLAGS = -std=gnu17 $(WARN_CFLAGS) -g -O0
%C%_cost_SOURCES = %D%/cost.c
%C%_replay_SOURCES = %D%/replay.c
%C%_replay_LDADD = src/collector/libcollector.a src/base/libbase.a -lm
%C%_work_SOURCES = %D%/work.c
%C%_work_CFLAGS = -std=gnu17 $(WARN_CFLAGS) -g -O2
%C%_work_LDADD = -lpthread
dist_noinst_SCRIPTS += $(BENCHES)
EXTRA_DIST += %D%/memory-profiler.py %D%/usage.c

.PHONY: bench
bench: all %D%/cost %D%/line-stop %D%/replay %D%/work
	@for bench in $(BENCHES); do \
	    top_srcdir=$(top_srcdir) top_builddir=$(top_builddir) $(SHELL) $(srcdir)/$$bench || exit 1; \
	done

# What check, LeakSanitizer and valgrind find in the leak corpus: figures of findings, not of time, and it takes minutes.
dist_noinst_SCRIPTS += %D%/leak-corpus.bench
.PHONY: bench-leaks
bench-leaks: all
	@top_srcdir=$(top_srcdir) top_builddir=$(top_builddir) CC='$(CC)' CXX='$(CXX)' $(SHELL) $(srcdir)/%D%/leak-corpus.bench

# Which programs behave otherwise when they are watched, and by whom: no figures of time, and it takes half an hour.
dist_noinst_SCRIPTS += %D%/behaviour.bench
.PHONY: bench-behaviour
bench-behaviour: all
	@top_srcdir=$(top_srcdir) top_builddir=$(top_builddir) CC='$(CC)' CXX='$(CXX)' $(SHELL) $(srcdir)/%D%/behaviour.bench
