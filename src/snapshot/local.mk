noinst_LIBRARIES += %D%/libsnapshot.a
%C%_libsnapshot_a_SOURCES = %D%/snapshot.h %D%/git.h %D%/git.c %D%/list.c %D%/meta.h %D%/meta.c %D%/name.c %D%/writer.c
%C%_libsnapshot_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
