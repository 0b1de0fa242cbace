# What the reports print for the sessions of tests/unit/report-*.c, and the sources that those show.
EXTRA_DIST += \
	%D%/memory-profiler-original.txt \
	%D%/memory-profiler-loops.txt \
	%D%/source/app.py \
	%D%/source/loops.py \
	%D%/source/memory_profile.py
