# syseng-mem itself.
