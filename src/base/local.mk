noinst_LIBRARIES += %D%/libbase.a
%C%_libbase_a_SOURCES = %D%/err.h %D%/err.c
