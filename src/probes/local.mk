noinst_LIBRARIES += %D%/libprobes.a
%C%_libprobes_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBDWARF_CFLAGS) $(ZYDIS_CFLAGS) $(ZLIB_CFLAGS)
%C%_libprobes_a_SOURCES = %D%/probes.h \
  %D%/constant-string.c \
  %D%/decode.h %D%/decode.c \
  %D%/encode.c %D%/find.c \
  %D%/globs.h %D%/globs.c \
  %D%/inspect.c \
  %D%/marks.h %D%/marks.c \
  %D%/notes.h %D%/notes.c \
  %D%/sites.h %D%/sites.c \
  %D%/symbol-functions.h %D%/symbol-functions.c

# What links libprobes.a links these as well, behind it.
PROBES_LIBS = src/probes/libprobes.a $(ELF_LIBS) $(ZYDIS_LIBS)

noinst_PROGRAMS += %D%/probes-dump
%C%_probes_dump_SOURCES = %D%/probes-dump.c
%C%_probes_dump_LDADD = $(PROBES_LIBS)
