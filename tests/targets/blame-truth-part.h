/* Functions in a header, and code that looks generated. */

static NOINLINE void in_header(void)
{
    PLACE(60, "in_header", malloc(60000));
}

static INLINE void inlined_from_header(void)
{
    PLACE(61, "inlined_from_header", malloc(61000));
}

#line 500 "made-up/grammar.y"
static NOINLINE void generated(void)
{
    PLACE(62, "generated", malloc(62000));
#line 7 "other-rule.y"
    PLACE(63, "generated", malloc(63000));
}
