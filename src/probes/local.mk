noinst_LIBRARIES += %D%/libprobes.a
%C%_libprobes_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBDWARF_CFLAGS) $(ZYDIS_CFLAGS) $(ZLIB_CFLAGS)
%C%_libprobes_a_SOURCES = %D%/probes.h \
  %D%/debug-file.h %D%/debug-file.c \
  %D%/debug-info.h %D%/debug-info.c \
  %D%/decode.h %D%/decode.c \
  %D%/dwarf-api.h \
  %D%/dwarf-lines.c %D%/dwarf-names.c %D%/dwarf-ranges.c %D%/dwarf-split.c \
  %D%/dwarf-reader.h %D%/dwarf-reader.c \
  %D%/elf-file.h %D%/elf-file.c \
  %D%/encode.c %D%/find.c \
  %D%/globs.h %D%/globs.c \
  %D%/inspect.c \
  %D%/marks.h %D%/marks.c \
  %D%/notes.h %D%/notes.c \
  %D%/ranges.h %D%/ranges.c \
  %D%/sites.h %D%/sites.c \
  %D%/strings.h %D%/strings.c \
  %D%/symbol-functions.h %D%/symbol-functions.c
if LIBDWARF_API_2021
%C%_libprobes_a_SOURCES += %D%/dwarf-api-2021.c
EXTRA_DIST += %D%/dwarf-api-0.c
else
%C%_libprobes_a_SOURCES += %D%/dwarf-api-0.c
EXTRA_DIST += %D%/dwarf-api-2021.c
endif

# What links libprobes.a links these as well, behind it.
PROBES_LIBS = src/probes/libprobes.a src/base/libbase.a $(LIBDWARF_LIBS) $(ZYDIS_LIBS) $(ZLIB_LIBS)

noinst_PROGRAMS += %D%/probes-dump
%C%_probes_dump_SOURCES = %D%/probes-dump.c
%C%_probes_dump_LDADD = $(PROBES_LIBS)
