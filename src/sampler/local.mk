# CPU time by samples of the program's threads.
noinst_LIBRARIES += %D%/libsampler.a
%C%_libsampler_a_SOURCES = \
	%D%/follow.h %D%/follow.c \
	%D%/images.h %D%/images.c \
	%D%/modules.h %D%/modules.c \
	%D%/records.h %D%/records.c \
	%D%/rings.h %D%/rings.c \
	%D%/sampler.h %D%/sampler.c \
	%D%/tally.h %D%/tally.c \
	%D%/walk.h %D%/walk.c
