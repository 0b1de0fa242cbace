# Rules about the sources, kept by tests.
LINT_TESTS = %D%/headers-alone.test %D%/layering.test %D%/shellcheck.test %D%/cppcheck.test %D%/man.test \
	%D%/texts.test %D%/setup.test %D%/wire-format.test %D%/preload-imports.test
dist_check_SCRIPTS += $(LINT_TESTS)
TESTS += $(LINT_TESTS)
EXTRA_DIST += %D%/cppcheck.supp
