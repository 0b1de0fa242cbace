dist_noinst_SCRIPTS += %D%/setup %D%/build %D%/demo %D%/test
# Users copy or name these: see docs/push.md.
hooksdir = $(pkgdatadir)/git
dist_hooks_SCRIPTS = %D%/git/post-receive %D%/git/bisect-memory
EXTRA_DIST += .ci/run %D%/ci/github-actions.yml %D%/ci/gitlab-ci.yml %D%/ci/Jenkinsfile

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = %D%/syseng-mem-client.pc

# The example: built with the project but as a user would build it, never with sanitizers, and installed as source.
exampledir = $(docdir)/example
dist_example_DATA = %D%/example/app.h %D%/example/app.c %D%/example/main.c %D%/example/memory-client.c \
	%D%/example/example.mk
if HAVE_MICROHTTPD
noinst_PROGRAMS += %D%/example/app %D%/example/memory-client
endif
%C%_example_app_SOURCES = %D%/example/main.c %D%/example/app.c %D%/example/app.h
%C%_example_app_CFLAGS = -std=gnu17 $(WARN_CFLAGS) $(MICROHTTPD_CFLAGS)
%C%_example_app_LDFLAGS =
%C%_example_app_LDADD = $(MICROHTTPD_LIBS)
%C%_example_memory_client_SOURCES = %D%/example/memory-client.c %D%/example/app.c %D%/example/app.h
%C%_example_memory_client_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src/client
%C%_example_memory_client_CFLAGS = -std=gnu17 $(WARN_CFLAGS) $(MICROHTTPD_CFLAGS)
%C%_example_memory_client_LDFLAGS =
%C%_example_memory_client_LDADD = src/client/libsyseng_mem_client.a $(CURL_LIBS) $(MICROHTTPD_LIBS)
# CFLAGS comes last on the command line, so this is where -O0 has to stand.
$(%C%_example_app_OBJECTS) $(%C%_example_memory_client_OBJECTS): CFLAGS = -g -O0
