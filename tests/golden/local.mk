# What the reports print for the sessions of tests/unit/report-*.c, and the sources that those show.
EXTRA_DIST += \
	%D%/memory-profiler-original.txt \
	%D%/memory-profiler-loops.txt \
	%D%/source/app.py \
	%D%/source/loops.py \
	%D%/source/memory_profile.py \
	%D%/formats-callstack.txt \
	%D%/formats-callstack-empty.txt \
	%D%/formats-pprof.txt \
	%D%/formats-request.massif \
	%D%/formats-run.massif \
	%D%/formats.dot \
	%D%/formats.folded \
	%D%/formats.kgrind \
	%D%/formats.speedscope.json \
	%D%/heap.txt \
	%D%/heap.json \
	%D%/heap-bare.txt \
	%D%/heap-deep.txt \
	%D%/heap-requests.txt \
	%D%/check-github.txt \
	%D%/check-gitlab.json \
	%D%/check-junit.xml \
	%D%/check-verbose.txt \
	%D%/check.json \
	%D%/check.sarif \
	%D%/check.txt \
	%D%/compare.folded \
	%D%/compare.json \
	%D%/compare.md \
	%D%/compare.txt \
	%D%/compare-no-source.txt \
	%D%/lines-classic-precision-9.txt \
	%D%/lines-classic.txt \
	%D%/lines-color.txt \
	%D%/lines-no-source.txt \
	%D%/lines-only-changed.txt \
	%D%/lines-precision-0.txt \
	%D%/lines-precision-9.txt \
	%D%/lines-time.txt \
	%D%/lines.txt \
	%D%/report-no-source.json \
	%D%/report.json \
	%D%/summary.txt \
	%D%/source/app.c \
	%D%/source/store.cpp

# For end-to-end tests: masks what differs from run to run.
dist_check_SCRIPTS += %D%/canonicalise %D%/canonicalise.test
TESTS += %D%/canonicalise.test
