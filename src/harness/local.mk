noinst_LIBRARIES += %D%/libharness.a
%C%_libharness_a_SOURCES = %D%/harness.h
