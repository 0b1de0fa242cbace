# Call frame information. The preload library compiles the same file with flags of its own.
noinst_LIBRARIES += %D%/libcfi.a
%C%_libcfi_a_SOURCES = %D%/cfi.h %D%/cfi.c
