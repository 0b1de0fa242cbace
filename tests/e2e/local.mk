# End-to-end tests: POSIX shell over tests/lib.sh, each added to E2E_TESTS. `make check TESTS=tests/e2e/NAME.test` runs one.
TEST_LOG_COMPILER = $(SHELL)
E2E_TESTS =

E2E_TESTS += %D%/cli-doctor.test
E2E_TESTS += %D%/cli-kinds.test
E2E_TESTS += %D%/cli-output.test
E2E_TESTS += %D%/cli-requests.test
E2E_TESTS += %D%/cli-status.test
E2E_TESTS += %D%/cli-usage.test
E2E_TESTS += %D%/hooks-heap.test
E2E_TESTS += %D%/hooks-process.test
E2E_TESTS += %D%/hooks-session.test
E2E_TESTS += %D%/run-programs.test
E2E_TESTS += %D%/server-apache.test
E2E_TESTS += %D%/server-microhttpd.test
E2E_TESTS += %D%/server-python.test
E2E_TESTS += %D%/server-redis.test
E2E_TESTS += %D%/server-shapes.test
E2E_TESTS += %D%/server-nginx.test
E2E_TESTS += %D%/install.test
E2E_TESTS += %D%/lines-truth.test
E2E_TESTS += %D%/readme.test
EXTRA_DIST += %D%/hooks.sh %D%/programs.sh %D%/truth.sh

dist_check_SCRIPTS += $(E2E_TESTS)
EXTRA_DIST += tests/lib.sh %D%/cli-server.c
TESTS += $(E2E_TESTS)
