noinst_LIBRARIES += %D%/libsymbols.a
%C%_libsymbols_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBDWARF_CFLAGS) $(LZMA_CFLAGS)
%C%_libsymbols_a_SOURCES = %D%/symbols.h %D%/symbols.c \
  %D%/chain.h %D%/chain.c \
  %D%/demangle.h %D%/demangle.c \
  %D%/mini-debug.h \
  %D%/object.h %D%/object.c \
  %D%/servers.h \
  %D%/symbol-table.h %D%/symbol-table.c \
  %D%/unit.h %D%/unit.c \
  %D%/units.h %D%/units.c
if HAVE_LZMA
%C%_libsymbols_a_SOURCES += %D%/mini-debug.c
EXTRA_DIST += %D%/mini-debug-none.c
else
%C%_libsymbols_a_SOURCES += %D%/mini-debug-none.c
EXTRA_DIST += %D%/mini-debug.c
endif
if HAVE_DEBUGINFOD
%C%_libsymbols_a_SOURCES += %D%/servers.c
EXTRA_DIST += %D%/servers-none.c
else
%C%_libsymbols_a_SOURCES += %D%/servers-none.c
EXTRA_DIST += %D%/servers.c
endif

# What links libsymbols.a links these as well, behind it. The C++ demangler is all that is taken of libsupc++.
SYMBOLS_LIBS = src/symbols/libsymbols.a $(ELF_LIBS) $(LZMA_LIBS) $(SUPCXX_LIBS)

noinst_PROGRAMS += %D%/symbols-dump
%C%_symbols_dump_SOURCES = %D%/symbols-dump.c
%C%_symbols_dump_LDADD = $(SYMBOLS_LIBS)
