# The test client: a header and a static library for users' programs. It stands alone.
include_HEADERS += %D%/syseng_mem_client.h
lib_LIBRARIES += %D%/libsyseng_mem_client.a
%C%_libsyseng_mem_client_a_SOURCES = %D%/syseng_mem_client.h %D%/client.c
# For other people's programs: never with sanitizers.
%C%_libsyseng_mem_client_a_CFLAGS = -std=gnu17 $(WARN_CFLAGS) $(CURL_CFLAGS)
