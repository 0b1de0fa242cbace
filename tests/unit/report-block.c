/* report/lexer, block, source: where a function begins and ends. Each case is a source text in which the first line of
   the expected block is marked with <<, the line of the name with @@ and the last line with >>, in comments. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "report/source.h"

static char path[] = "/tmp/report-block-XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    return unlink(path);
}

static void open_text(const char *text, size_t length, struct source *source)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(source_open(path, source), 0);
}

static uint32_t line_of(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);
    assert_non_null(at);
    uint32_t line = 1;
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}

/* `last_code` is the highest line with code, counted from the name's: what debug information knows. */
static void check(const char *name, bool annotated, uint32_t last_code, const char *text)
{
    struct source source;
    open_text(text, strlen(text), &source);
    char own_name[128];
    snprintf(own_name, sizeof own_name, "%s", name);
    struct session_function function = {.name = own_name, .line = line_of(text, "@@"), .annotated = annotated};
    function.last_line = function.line + last_code;
    struct source_block block = source_find_block(&source, &function);
    assert_int_equal(block.first, line_of(text, "<<"));
    assert_int_equal(block.last, line_of(text, ">>"));
    source_close(&source);
}

static void the_block_reaches_from_the_annotation_to_the_closing_brace(void **state)
{
    check(
        "f", true, 2,
        "int g(void) { return 1; }\n\nSYSENG_MEM_PROFILE // <<\nint f(void) // @@\n{\n  return 0;\n} // >>\nint h;\n");
    check("f", true, 0, "int x;\nSYSENG_MEM_PROFILE int f(void) { return 0; } // << @@ >>\nint h(void) { }\n");
    check("ns::f(int)", true, 1,
          "template <class T>\nSYSENG_MEM_PROFILE // <<\n/* why { */\n[[nodiscard]] static\ninline T const &\n\nf(T t) "
          "// @@\n"
          "{\n return t;\n} // >>\n");
    check("f", true, 1,
          "struct s { int a; };\nSYSENG_MEM_PROFILE // <<\n__attribute__((cold,\n  section(\"};\")))\n"
          "struct s f(void) // @@\n{\n  return (struct s){ 1 };\n} // >>\n");
}

static void an_annotation_behind_a_macro_of_ones_own_counts_as_the_declaration(void **state)
{
    check("f", true, 1, "int x;\nPROFILE // <<\nint f(void) // @@\n{\n} // >>\n");
}

static void without_annotation_the_declaration_begins_the_block(void **state)
{
    check("f", false, 1, "int x;\n\nstatic int // <<\nf(void) // @@\n{\n} // >>\n");
    check("s::f()", false, 1, "struct s {\npublic:\n  int f() // << @@\n  {\n  } // >>\n};\n");
    check("ns::f()", false, 1, "namespace ns {\nvoid f() // << @@\n{\n} // >>\n}\n");
    check("f", false, 1, "#include <stdio.h>\nvoid f(void) // << @@\n{\n} // >>\n");
}

static void the_annotation_of_another_function_is_not_taken(void **state)
{
    check("f", true, 1, "SYSENG_MEM_PROFILE void g(void);\nvoid f(void) // << @@\n{\n} // >>\n");
    check("f", true, 1, "/* SYSENG_MEM_PROFILE */\n#define P SYSENG_MEM_PROFILE\nvoid f(void) // << @@\n{\n} // >>\n");
}

static void braces_in_strings_characters_and_comments_do_not_count(void **state)
{
    check("f", false, 1,
          "void f(void) // << @@\n{\n  puts(\"}\\\"}\"); putc('}'); putc('\\''); /* } \n } */ // } \\\n }\n"
          "  auto s = R\"x()\" } )x\"; int n = 1'000'000; u8R\"(})\";\n#define CLOSE } \\\n }\n#error don't }\n} // "
          ">>\n");
}

static void conditional_branches_count_once(void **state)
{
    check("f", false, 1,
          "void f(int a) // << @@\n{\n#if A\n if (a) {\n#elif B\n if (b) {\n#else\n {\n#endif\n }\n} // >>\nint z;\n");
    check("f", false, 1, "void f(int a) // << @@\n{\n#if 0\n } don't {{{ \"\n#else\n {\n#endif\n }\n} // >>\n");
    check("f", false, 3, "#ifdef A\nvoid f(int a)\n#else\nvoid f(long a) // << @@\n#endif\n{\n} // >>\nint y;\n");
    check("f", false, 3,
          "#ifdef A\nvoid f(int a) { // << @@\n#else\nvoid f(long a) {\n#endif\n  g();\n} // >>\nint y;\n");
}

static void braces_before_the_body_are_not_the_body(void **state)
{
    check("s::s(int)", false, 3,
          "s::s(int a = int{3}) // << @@\n  : b{1}, c<int>{2}, d(3),\n    e({4})\n{\n  g();\n} // >>\nint y;\n");
    check("s::s(int)", false, 1, "s::s(int a) : b{1} // << @@\n{\n} // >>\n");
    check("f<int>(int)", false, 1, "void f(T t) requires requires (T u) { u + 1; } // << @@\n{\n} // >>\n");
    check("f()", false, 1, "auto f() -> std::vector<int> // << @@\n{\n  return {1};\n} // >>\n");
    check("f", false, 3, "int f(a) // << @@\n int a;\n{\n  return a;\n} // >>\n");
}

static void handlers_belong_to_a_function_try_block(void **state)
{
    check("s::s()", false, 2,
          "s::s() // << @@\ntry : a{1} {\n  g();\n} catch (int e) {\n  h();\n}\ncatch (...) { } // >>\nint y;\n");
}

static void lambdas_and_operators_are_found(void **state)
{
    check("main::{lambda(int)#1}::operator()(int) const", false, 1,
          "int main() {\n  auto f = [&](int x) { // << @@\n    return x;\n  }; // >>\n}\n");

    check("s::operator+(s const&) const", true, 1,
          "SYSENG_MEM_PROFILE // <<\ns s::operator+(const s &o) const // @@\n{\n} // >>\n");
}

static void a_declaration_without_body_does_not_take_the_next_one(void **state)
{
    check("s::s()", false, 0, "struct s {\n  s() = default; // << @@ >>\n  void f() {\n  }\n};\n");
}

static void the_block_holds_all_code_but_never_passes_the_end(void **state)
{
    check("f", false, 3, "DEFINE(f) // << @@\n a\n b\n c // >>\n");
    check("f", false, 900, "void f(void) // << @@\n{\n // >>");
    check("f", false, 1, "void f(void) // << @@\n{ { // >>\n\n");
}

static void a_source_that_cannot_be_read_gives_the_lines_with_code(void **state)
{
    struct source source;
    assert_int_equal(source_open("/nonexistent/x.c", &source), -ENOENT);
    struct session_function function = {.name = path, .line = 7, .last_line = 9};
    struct source_block block = source_find_block(&source, &function);
    assert_int_equal(block.first, 7);
    assert_int_equal(block.last, 9);
    size_t length;
    assert_null(source_line(&source, 7, &length));
    assert_true(source_open("/dev/null", &source) < 0);
    assert_true(source_open("/", &source) < 0);
}

static void lines_are_given_as_they_are(void **state)
{
    struct source source;
    static const char text[] = "a\t \n\nb\r\n\0c";
    open_text(text, sizeof text - 1, &source);
    size_t length;
    assert_int_equal(source.line_count, 4);
    assert_memory_equal(source_line(&source, 1, &length), "a\t ", 3);
    assert_int_equal(length, 3);
    source_line(&source, 2, &length);
    assert_int_equal(length, 0);
    source_line(&source, 3, &length);
    assert_int_equal(length, 2);
    assert_memory_equal(source_line(&source, 4, &length), "\0c", 2);
    assert_int_equal(length, 2);
    assert_null(source_line(&source, 5, &length));
    assert_null(source_line(&source, 0, &length));
    source_close(&source);
}

/* Any bytes at all: what is found does not matter, only that nothing breaks (run with --enable-sanitizers). */
static void no_text_breaks_the_search(void **state)
{
    static const char *const pieces[] = {"{",        "}",       "(",       ")",       "\"",
                                         "'",        "/*",      "*/",      "//",      "\n",
                                         "\\\n",     "#if 0\n", "#if X\n", "#else\n", "#endif\n",
                                         "R\"(",     ")\"",     "f",       "try",     "catch",
                                         "requires", ":",       "::",      ";",       "SYSENG_MEM_PROFILE",
                                         "#",        "\\",      " ",       "R\"",     "\xff",
                                         "1'",       "<",       ">"};
    uint32_t random = 1;
    for (int round = 0; round < 2000; round++) {
        char text[512];
        size_t length = 0;
        while (length < sizeof text - 32) {
            random = random * 1664525 + 1013904223;
            const char *piece = pieces[(random >> 16) % (sizeof pieces / sizeof pieces[0])];
            memcpy(text + length, piece, strlen(piece));
            length += strlen(piece);
        }
        struct source source;
        open_text(text, length, &source);
        char name[] = "f";
        for (uint32_t line = 0; line < source.line_count + 2; line++) {
            struct session_function function = {.name = name, .line = line, .last_line = line + round % 5};
            struct source_block block = source_find_block(&source, &function);
            assert_true(block.first <= function.line);
        }
        source_close(&source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_block_reaches_from_the_annotation_to_the_closing_brace),
        cmocka_unit_test(an_annotation_behind_a_macro_of_ones_own_counts_as_the_declaration),
        cmocka_unit_test(without_annotation_the_declaration_begins_the_block),
        cmocka_unit_test(the_annotation_of_another_function_is_not_taken),
        cmocka_unit_test(braces_in_strings_characters_and_comments_do_not_count),
        cmocka_unit_test(conditional_branches_count_once),
        cmocka_unit_test(braces_before_the_body_are_not_the_body),
        cmocka_unit_test(handlers_belong_to_a_function_try_block),
        cmocka_unit_test(lambdas_and_operators_are_found),
        cmocka_unit_test(a_declaration_without_body_does_not_take_the_next_one),
        cmocka_unit_test(the_block_holds_all_code_but_never_passes_the_end),
        cmocka_unit_test(a_source_that_cannot_be_read_gives_the_lines_with_code),
        cmocka_unit_test(lines_are_given_as_they_are),
        cmocka_unit_test(no_text_breaks_the_search),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
