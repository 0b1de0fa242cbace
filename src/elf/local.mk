# ELF files and their DWARF: what probes and symbols share.
noinst_LIBRARIES += %D%/libelf-files.a
%C%_libelf_files_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBDWARF_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
%C%_libelf_files_a_SOURCES = \
  %D%/cursor.h \
  %D%/debug-file.h %D%/debug-file.c \
  %D%/debug-info.h %D%/debug-info.c \
  %D%/die-scan.h %D%/die-scan.c \
  %D%/dwarf-api.h %D%/dwarf-check.c \
  %D%/dwarf-lines.c %D%/dwarf-names.c %D%/dwarf-ranges.c %D%/dwarf-shared.c %D%/dwarf-split.c \
  %D%/dwarf-package.h %D%/dwarf-package.c \
  %D%/dwarf-reader.h %D%/dwarf-reader.c \
  %D%/dwarf-sections.h %D%/dwarf-sections.c \
  %D%/elf-file.h %D%/elf-file.c \
  %D%/line-program.h %D%/line-program.c \
  %D%/range-list.h %D%/range-list.c \
  %D%/ranges.h %D%/ranges.c \
  %D%/strings.h %D%/strings.c \
  %D%/unpack.h %D%/unpack-zlib.c
if LIBDWARF_API_2021
%C%_libelf_files_a_SOURCES += %D%/dwarf-api-2021.c
EXTRA_DIST += %D%/dwarf-api-0.c
else
%C%_libelf_files_a_SOURCES += %D%/dwarf-api-0.c
EXTRA_DIST += %D%/dwarf-api-2021.c
endif
if HAVE_ZSTD
%C%_libelf_files_a_SOURCES += %D%/unpack-zstd.c
EXTRA_DIST += %D%/unpack-zstd-none.c
else
%C%_libelf_files_a_SOURCES += %D%/unpack-zstd-none.c
EXTRA_DIST += %D%/unpack-zstd.c
endif

# What links libelf-files.a links these as well, behind it.
ELF_LIBS = src/elf/libelf-files.a src/base/libbase.a $(LIBDWARF_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS)
