noinst_LIBRARIES += %D%/libharness.a
%C%_libharness_a_SOURCES = %D%/harness.h \
	%D%/candidates.h %D%/candidates.c \
	%D%/clock.h \
	%D%/endpoint.c \
	%D%/family.h %D%/family.c \
	%D%/http.h %D%/http.c \
	%D%/inherited.h %D%/inherited.c \
	%D%/listeners.h %D%/listeners.c \
	%D%/listeners-system.h %D%/listeners-netlink.c %D%/listeners-tables.c \
	%D%/parse-request.c \
	%D%/trial.h %D%/trial.c \
	%D%/proc.h %D%/proc.c \
	%D%/program.h %D%/program.c \
	%D%/quiet.c \
	%D%/request.c \
	%D%/signals.h %D%/signals.c \
	%D%/standard-input.h %D%/standard-input.c \
	%D%/start.c %D%/stop.c %D%/wait.c
%C%_libharness_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
