dist_man_MANS += %D%/syseng-mem.1
dist_doc_DATA += %D%/architecture.md %D%/line-report.md %D%/heap-report.md %D%/json.md %D%/leaks.md %D%/leak-corpus.md %D%/snapshots.md %D%/glossary.md %D%/wire-format.md %D%/pages.md %D%/formats.md %D%/compare.md %D%/cpu-time.md %D%/push.md %D%/behaviour.md %D%/limits.md %D%/fuzzing.md %D%/security.md

# The page's list of options comes from the table that also parses them; tests/lint/man.test compares the two.
.PHONY: update-man
update-man: src/cli/syseng-mem
	$(AM_V_GEN)src/cli/syseng-mem --print-options=man >options.part && \
	sed -i -e '/^\.\\" options: begin/r options.part' -e '/^\.\\" options: begin/,/^\.\\" options: end/{/options: /!d}' \
	    $(srcdir)/docs/syseng-mem.1 && rm -f options.part
