# Headers only: both halves compile them.
EXTRA_DIST += %D%/event.h %D%/session.h %D%/plan.h %D%/record.h
