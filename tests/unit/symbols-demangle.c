/* demangle: C++ symbols to the names that DWARF has. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "symbols/demangle.h"

static void demangle_leaves_the_qualified_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"_Z3foov", "foo"},
        {"_ZN2ns3mapIiE4findEv", "ns::map<int>::find"},
        {"_ZN2ns1fIiEEvT_", "ns::f<int>"},
        {"_ZNK1AcvbEv", "A::operator bool"},
        {"_ZNK1AcvSt6vectorIiSaIiEEEv", "A::operator std::vector<int, std::allocator<int> >"},
        {"_ZN1AclEi", "A::operator()"},
        {"_ZN1AltERKS_", "A::operator<"},
        {"_ZlsIcERSoS0_T_", "operator<< <char>"},
        {"_Znwm", "operator new"},
        {"_ZdaPv", "operator delete[]"},
        {"_ZN12_GLOBAL__N_11gEi", "(anonymous namespace)::g"},
        {"_ZN1AC2Ev", "A::A"},
        {"_ZN1AD0Ev", "A::~A"},
        {"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()"},
        {"_ZZL7lambdasvENKUlmE_clEm", "lambdas::{lambda(unsigned long)#1}::operator()"},
        {"_ZZN2ns3runEiEN5local1fEi", "ns::run::local::f"},
        {"_ZNSt8functionIFviEEC1Ev", "std::function<void (int)>::function"},
        {"_Z1fv.cold", "f"},
        {"_Z1fPFvvE", "f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = demangle(cases[i][0]);
        assert_non_null(name);
        assert_string_equal(name, cases[i][1]);
        free(name);
    }
}

static void demangle_knows_what_is_no_cxx_name(void **state)
{
    (void)state;
    static const char *const names[] = {"", "main", "_start", "_Z", "_Zzzz", "Z3foov", "_ZN"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(demangle(names[i]));
}

static void demangle_refuses_what_is_too_long(void **state)
{
    (void)state;
    const size_t length = 1 << 20;
    char *name = malloc(length + 1);
    assert_non_null(name);
    memset(name, 'P', length);
    memcpy(name, "_Z1f", 4);
    name[length] = '\0';
    assert_null(demangle(name));
    free(name);
}

static void cut_signature_takes_any_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "(",     ")",        "<",          ">",         "()",
                                        "a(", "a<(",   "operator", "operator(",  "operator<", " ",
                                        "  ", "a b c", "::",       "(anonymous", "[clone]"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = strdup(texts[i]);
        assert_non_null(text);
        demangle_cut_signature(text);
        assert_true(strlen(text) <= strlen(texts[i]));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demangle_leaves_the_qualified_name),
        cmocka_unit_test(demangle_knows_what_is_no_cxx_name),
        cmocka_unit_test(demangle_refuses_what_is_too_long),
        cmocka_unit_test(cut_signature_takes_any_text),
    };
    return cmocka_run_group_tests_name("symbols-demangle", tests, NULL, NULL);
}
