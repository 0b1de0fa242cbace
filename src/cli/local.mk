# syseng-mem itself. All but main.c is a library, so that unit tests can link it.
noinst_LIBRARIES += %D%/libcli.a
%C%_libcli_a_SOURCES = \
	%D%/cmd.h %D%/cmd-check.c %D%/cmd-compare.c %D%/cmd-doctor.c %D%/cmd-lines.c %D%/cmd-report.c %D%/cmd-run.c %D%/cmd-snapshot.c \
	%D%/formats.c %D%/formats.h \
	%D%/loader-list.c %D%/loader-list.h \
	%D%/merge.c %D%/merge.h %D%/merge-sites.c %D%/merge-sites.h \
	%D%/merge-times.c %D%/merge-times.h \
	%D%/message.c %D%/message.h \
	%D%/next.c %D%/next.h \
	%D%/options.c %D%/options.h \
	%D%/options-print.c \
	%D%/options-table.c %D%/options-table.h \
	%D%/output.c %D%/output.h \
	%D%/port-owner.c %D%/port-owner.h \
	%D%/preload-path.c %D%/preload-path.h \
	%D%/profile.c %D%/profile.h \
	%D%/program.c %D%/program.h \
	%D%/requests.c %D%/requests.h \
	%D%/rss-granularity.c %D%/rss-granularity.h \
	%D%/snapshot-files.c %D%/snapshot-files.h \
	%D%/snapshot-index.c %D%/snapshot-index.h \
	%D%/stored-profiles.c %D%/stored-profiles.h \
	%D%/suggest.c %D%/suggest.h \
	%D%/watch.c %D%/watch.h
%C%_libcli_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -DPKGLIBDIR='"$(pkglibdir)"'

# Every library below the command line, in an order that a single pass of the linker can resolve.
CLI_LIBS = %D%/libcli.a src/snapshot/libsnapshot.a src/report/libreport.a src/collector/libcollector.a src/sampler/libsampler.a src/cfi/libcfi.a \
	src/probes/libprobes.a src/symbols/libsymbols.a src/elf/libelf-files.a \
	src/harness/libharness.a src/base/libbase.a
CLI_EXTERNAL_LIBS = $(LIBDWARF_LIBS) $(ZYDIS_LIBS) $(CURL_LIBS) $(REPORT_EXTERNAL_LIBS) $(ZSTD_LIBS) $(JEMALLOC_LIBS) $(LZMA_LIBS) -lsupc++ -lm

bin_PROGRAMS += %D%/syseng-mem
%C%_syseng_mem_SOURCES = %D%/main.c
%C%_syseng_mem_LDADD = $(CLI_LIBS) $(CLI_EXTERNAL_LIBS)

# Completions come from the option table, so they are made once the program is.
completions = contrib/completions/syseng-mem.bash contrib/completions/_syseng-mem contrib/completions/syseng-mem.fish
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
fishcompdir = $(datadir)/fish/vendor_completions.d
noinst_DATA = $(completions)
CLEANFILES += $(completions)

contrib/completions/syseng-mem.bash: %D%/syseng-mem$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) contrib/completions && %D%/syseng-mem --print-options=bash >$@.tmp && mv $@.tmp $@
contrib/completions/_syseng-mem: %D%/syseng-mem$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) contrib/completions && %D%/syseng-mem --print-options=zsh >$@.tmp && mv $@.tmp $@
contrib/completions/syseng-mem.fish: %D%/syseng-mem$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) contrib/completions && %D%/syseng-mem --print-options=fish >$@.tmp && mv $@.tmp $@

install-data-local: $(completions)
	$(MKDIR_P) '$(DESTDIR)$(bashcompdir)' '$(DESTDIR)$(zshcompdir)' '$(DESTDIR)$(fishcompdir)'
	$(INSTALL_DATA) contrib/completions/syseng-mem.bash '$(DESTDIR)$(bashcompdir)/syseng-mem'
	$(INSTALL_DATA) contrib/completions/_syseng-mem '$(DESTDIR)$(zshcompdir)/_syseng-mem'
	$(INSTALL_DATA) contrib/completions/syseng-mem.fish '$(DESTDIR)$(fishcompdir)/syseng-mem.fish'
uninstall-local:
	rm -f '$(DESTDIR)$(bashcompdir)/syseng-mem' '$(DESTDIR)$(zshcompdir)/_syseng-mem' \
		'$(DESTDIR)$(fishcompdir)/syseng-mem.fish'
