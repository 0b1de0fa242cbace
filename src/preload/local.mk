# The library that is loaded into the program; see docs/architecture.md for its rules. It has flags of its own: no
# sanitizer (an instrumented library cannot be preloaded), nothing that calls out of it unseen.
pkglib_LTLIBRARIES += %D%/libsyseng_mem_preload.la
%C%_libsyseng_mem_preload_la_SOURCES = \
	%D%/allocator.c %D%/allocator.h \
	%D%/bind-hooks.c \
	%D%/cfi.c %D%/cfi.h src/cfi/cfi.c src/cfi/cfi.h \
	%D%/count.c %D%/count.h \
	%D%/cxx-hooks.c \
	%D%/displace.c %D%/displace.h \
	%D%/emit.c \
	%D%/events.c %D%/events.h \
	%D%/environment.c %D%/environment.h \
	%D%/exec-hooks.c %D%/exec-hooks.h \
	%D%/exec-target.c %D%/exec-target.h \
	%D%/exit-hooks.c %D%/exit-hooks.h \
	%D%/guest.c %D%/guest.h \
	%D%/heap-hooks.c \
	%D%/init.c \
	%D%/jump-hooks.c \
	%D%/limit-hooks.c \
	%D%/look.c %D%/look.h \
	%D%/map-hooks.c \
	%D%/modules.c %D%/modules.h \
	%D%/net-hooks.c \
	%D%/pages.c %D%/pages.h \
	%D%/reader.c %D%/reader.h \
	%D%/real.c %D%/real.h \
	%D%/run-clock.c %D%/run-clock.h \
	%D%/sample.c %D%/sample.h \
	%D%/samples.c %D%/samples.h \
	%D%/sandbox-hooks.c \
	%D%/shell-hooks.c \
	%D%/signal-frame.c %D%/signal-frame.h \
	%D%/signal-hooks.c %D%/signals.h \
	%D%/status.c %D%/status.h \
	%D%/stops.c %D%/stops.h \
	%D%/syscalls.h \
	%D%/unwind.c %D%/unwind.h \
	%D%/words.h
%C%_libsyseng_mem_preload_la_CFLAGS = -std=gnu17 $(WARN_CFLAGS) -O2 -fexceptions -fvisibility=hidden -fno-builtin \
	-fno-stack-protector -fcf-protection=none -fno-plt -fomit-frame-pointer -mgeneral-regs-only -U_FORTIFY_SOURCE
%C%_libsyseng_mem_preload_la_LDFLAGS = -module -avoid-version -shared -Wl,-z,initfirst -Wl,-z,now -Wl,-z,relro \
	-Wl,--no-undefined -Wl,--version-script=$(srcdir)/%D%/preload.map
%C%_libsyseng_mem_preload_la_DEPENDENCIES = %D%/preload.map
EXTRA_DIST += %D%/preload.map %D%/imports.txt
