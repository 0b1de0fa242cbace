noinst_LIBRARIES += %D%/libcollector.a
%C%_libcollector_a_SOURCES = %D%/collector.h
