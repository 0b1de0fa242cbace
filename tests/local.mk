include %D%/unit/local.mk
include %D%/golden/local.mk
include %D%/targets/local.mk
include %D%/checker/local.mk
include %D%/e2e/local.mk
include %D%/lint/local.mk
include %D%/bench/local.mk
include %D%/fuzz/local.mk
