include_HEADERS += %D%/syseng_mem.h

include %D%/base/local.mk
include %D%/wire/local.mk
include %D%/elf/local.mk
include %D%/cfi/local.mk
include %D%/sampler/local.mk
include %D%/probes/local.mk
include %D%/symbols/local.mk
include %D%/collector/local.mk
include %D%/harness/local.mk
include %D%/report/local.mk
include %D%/snapshot/local.mk
include %D%/web/local.mk
include %D%/client/local.mk
include %D%/preload/local.mk
include %D%/cli/local.mk
