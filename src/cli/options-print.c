/* What is generated from the table: --help, the manual page's option list, completions of the shells. */

#include <string.h>

#include "cli/options-table.h"

#define HELP_COLUMN 26
#define HELP_WIDTH 80

static bool is_shown(const struct option *option, enum option_group group, unsigned command)
{
    return option->group == group && group != OPTION_GROUP_HIDDEN && (option->commands & command) != 0;
}

/* `text` in lines of at most HELP_WIDTH columns, of which the first begins at column `at`, further ones at `indent`. */
static void print_wrapped(FILE *out, const char *text, int at, int indent)
{
    int column = at;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > HELP_WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_help_option(FILE *out, const struct option *option)
{
    char left[64], letter[8] = "    ";
    if (option->letter != '\0')
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    int length = snprintf(left, sizeof left, "  %s--%s", letter, option->name);
    if (option->argument != NULL)
        length += snprintf(left + length, sizeof left - (size_t)length, "=%s", option->argument);
    if (length + 2 > HELP_COLUMN)
        fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
    else
        fprintf(out, "%-*s", HELP_COLUMN, left);
    print_wrapped(out, option->help, HELP_COLUMN, HELP_COLUMN);
}

static const struct option_command *command_of(unsigned command)
{
    for (size_t i = 0; i < option_command_count; i++)
        if (option_commands[i].command == command)
            return &option_commands[i];
    return NULL;
}

static void print_usage(FILE *out, unsigned command)
{
    const struct option_command *one = command_of(command);
    for (size_t i = 0; i < option_command_count; i++) {
        const struct option_command *shown = &option_commands[i];
        if (one != NULL && shown != one)
            continue;
        fprintf(out, "%s syseng-mem %s\n       ", i == 0 || one != NULL ? "usage:" : "\n      ", shown->synopsis);
        print_wrapped(out, shown->help, 7, 7);
    }
}

void options_print_help(FILE *out, unsigned command)
{
    print_usage(out, command);
    unsigned shown = command == 0 ? OPTIONS_ANY : command;
    if ((shown & OPTIONS_REQUESTING) != 0)
        fputs("\nA REQUEST is /path or 'METHOD /path'. Without one, the whole run is profiled.\n"
              "The first word after PROGRAM that is no request begins the program's own\n"
              "arguments, and so does --.\n",
              out);
    for (enum option_group group = 0; group < OPTION_GROUP_COUNT; group++) {
        bool titled = false;
        for (size_t i = 0; i < option_count; i++) {
            if (!is_shown(&option_table[i], group, shown))
                continue;
            if (!titled)
                fprintf(out, "\n%s:\n", option_group_titles[group]);
            titled = true;
            print_help_option(out, &option_table[i]);
        }
    }
    if (command == 0)
        fputs("\nExamples:\n"
              "  syseng-mem ./app /memory              one request to the server ./app\n"
              "  syseng-mem ./app 'POST /login' / -- --config app.conf\n"
              "  syseng-mem ./tool -v in.txt           the whole run of a program\n"
              "  syseng-mem --function 'parse_*' run ./tool in.txt\n"
              "  syseng-mem check ./app /memory /login leaks and limits, for CI\n"
              "  syseng-mem snapshot ./app / /memory   to be compared with later ones\n"
              "  syseng-mem compare                    what changed between the last two\n"
              "  syseng-mem doctor ./app\n",
              out);
    if (command == OPTIONS_COMPARE)
        fputs("\nExit status: 0 when nothing got worse, 1 when something did, 2 for wrong usage or a snapshot that\n"
              "cannot be read, 125 when syseng-mem itself failed.\n",
              out);
    else if (command == OPTIONS_REPORT)
        fputs("\nExit status: 0, 2 for wrong usage or a profile that cannot be read, 125 when syseng-mem itself\n"
              "failed.\n",
              out);
    else if (command == OPTIONS_CHECK)
        fputs("\nExit status: 0 without a finding, 1 with one, 2 for wrong usage or a file that cannot be\n"
              "read, 125 when syseng-mem itself failed, 126 when the program cannot be executed,\n"
              "127 when it is not found.\n",
              out);
    else if ((shown & OPTIONS_PROFILING) != 0)
        fputs("\nExit status: the program's own (128+N when signal N killed it; 0 for a server\n"
              "that syseng-mem ended); 125 when syseng-mem itself failed, 126 when the program\n"
              "cannot be executed, 127 when it is not found, 2 for wrong usage.\n",
              out);
    else
        fputs("\nExit status: 0 when the program can be profiled, 1 when not, 2 for wrong usage.\n", out);
}

/* Text in troff: a hyphen that is typed is \-, a backslash \e, and a line must not begin with a control character. */
static void print_troff(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '\'')
            fputs("\\(aq", out);
        else
            fputc(*text, out);
    }
}

/* "Of the default form, run and check only." */
static void print_man_commands(FILE *out, unsigned commands)
{
    size_t left = 0;
    for (size_t i = 0; i < option_command_count; i++)
        left += (commands & option_commands[i].command) != 0;
    fputs("Of ", out);
    for (size_t i = 0; i < option_command_count; i++) {
        if ((commands & option_commands[i].command) == 0)
            continue;
        const char *name = option_commands[i].name;
        left--;
        fprintf(out, "%s%s%s%s", name != NULL ? "\\fB" : "", name != NULL ? name : "the default form",
                name != NULL ? "\\fR" : "", left > 1 ? ", " : left == 1 ? " and " : "");
    }
    fputs(" only.\n", out);
}

static void print_man_option(FILE *out, const struct option *option)
{
    fputs(".TP\n", out);
    if (option->letter != '\0')
        fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", out);
    print_troff(out, option->name);
    fputs("\\fR", out);
    if (option->argument != NULL) {
        fputs("=\\fI", out);
        print_troff(out, option->argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    print_troff(out, option->help);
    fputs(".\n", out);
    if (option->commands != OPTIONS_ANY)
        print_man_commands(out, option->commands);
}

static void print_man(FILE *out)
{
    for (enum option_group group = 0; group < OPTION_GROUP_HIDDEN; group++) {
        fprintf(out, ".SS %s\n", option_group_titles[group]);
        for (size_t i = 0; i < option_count; i++)
            if (is_shown(&option_table[i], group, OPTIONS_ANY))
                print_man_option(out, &option_table[i]);
    }
}

static void print_choices(FILE *out, const struct option *option)
{
    for (size_t i = 0; option->choices[i] != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? "" : " ", option->choices[i]);
}

/* The words that complete a bash option's value, or nothing. */
static void print_bash_value(FILE *out, const struct option *option)
{
    if (option->kind == OPTION_FLAG || option->group == OPTION_GROUP_HIDDEN)
        return;
    fprintf(out, "    --%s", option->name);
    if (option->letter != '\0')
        fprintf(out, " | -%c", option->letter);
    fputs(")\n        ", out);
    if (option->choices != NULL) {
        fputs("mapfile -t COMPREPLY < <(compgen -W '", out);
        print_choices(out, option);
        fputs("' -- \"$word\")", out);
    } else if (option->completes == OPTION_COMPLETES_FILE) {
        fputs("mapfile -t COMPREPLY < <(compgen -f -- \"$word\")", out);
    } else {
        fputs("COMPREPLY=()", out);
    }
    fputs("\n        return\n        ;;\n", out);
}

static void print_bash(FILE *out)
{
    fputs("# bash completion for syseng-mem; generated by syseng-mem --print-options=bash\n"
          "_syseng_mem()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=''\n"
          "    COMPREPLY=()\n"
          "    # With \"--name=value\", bash makes \"=\" a word of its own.\n"
          "    [[ $word == = ]] && word=''\n"
          "    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    case $before in\n",
          out);
    for (size_t i = 0; i < option_count; i++)
        print_bash_value(out, &option_table[i]);
    fputs("    esac\n"
          "    case $word in\n"
          "    -*)\n"
          "        words='",
          out);
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].group != OPTION_GROUP_HIDDEN)
            fprintf(out, "%s--%s", i == 0 ? "" : " ", option_table[i].name);
    fputs("'\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "        ;;\n"
          "    *)\n"
          "        [[ $COMP_CWORD -eq 1 ]] && words='",
          out);
    for (size_t i = 1; i < option_command_count; i++)
        fprintf(out, "%s%s", i == 1 ? "" : " ", option_commands[i].name);
    fputs("'\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\"; compgen -f -c -- \"$word\")\n"
          "        ;;\n"
          "    esac\n"
          "}\n"
          "complete -o filenames -F _syseng_mem syseng-mem\n",
          out);
}

/* Text within single quotes of a shell; `special` are further characters that get a backslash. */
static void print_quoted(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr(special, *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void print_zsh_spec(FILE *out, const struct option *option, const char *name, const char *equals)
{
    fprintf(out, "    '%s%s%s[", option->kind == OPTION_LIST ? "*" : "", name, equals);
    print_quoted(out, option->help, "[]:\\");
    fputc(']', out);
    if (option->argument != NULL) {
        fputc(':', out);
        print_quoted(out, option->argument, ":\\");
        fputc(':', out);
        if (option->choices != NULL) {
            fputc('(', out);
            print_choices(out, option);
            fputc(')', out);
        } else if (option->completes == OPTION_COMPLETES_FILE) {
            fputs("_files", out);
        }
    }
    fputs("' \\\n", out);
}

static void print_zsh(FILE *out)
{
    fputs("#compdef syseng-mem\n"
          "# zsh completion for syseng-mem; generated by syseng-mem --print-options=zsh\n"
          "_arguments -S \\\n",
          out);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        if (option->group == OPTION_GROUP_HIDDEN)
            continue;
        char name[64];
        snprintf(name, sizeof name, "--%s", option->name);
        print_zsh_spec(out, option, name, option->argument != NULL ? "=" : "");
        snprintf(name, sizeof name, "-%c", option->letter);
        if (option->letter != '\0')
            print_zsh_spec(out, option, name, option->argument != NULL ? "+" : "");
    }
    fputs("    '1:program or command:{_alternative \"commands:command:(", out);
    for (size_t i = 1; i < option_command_count; i++)
        fprintf(out, "%s%s", i == 1 ? "" : " ", option_commands[i].name);
    fputs(")\" \"programs:program:_command_names -e\" \"files:file:_files\"}' \\\n"
          "    '*:program, request or argument:_files'\n",
          out);
}

static void print_fish(FILE *out)
{
    fputs("# fish completion for syseng-mem; generated by syseng-mem --print-options=fish\n", out);
    for (size_t i = 1; i < option_command_count; i++) {
        fprintf(out, "complete -c syseng-mem -n __fish_use_subcommand -a %s -d '", option_commands[i].name);
        print_quoted(out, option_commands[i].help, "");
        fputs("'\n", out);
    }
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        if (option->group == OPTION_GROUP_HIDDEN)
            continue;
        fprintf(out, "complete -c syseng-mem -l %s", option->name);
        if (option->letter != '\0')
            fprintf(out, " -s %c", option->letter);
        if (option->argument != NULL)
            fputs(option->completes == OPTION_COMPLETES_FILE ? " -r -F" : " -x", out);
        if (option->choices != NULL) {
            fputs(" -a '", out);
            print_choices(out, option);
            fputc('\'', out);
        }
        fputs(" -d '", out);
        print_quoted(out, option->help, "");
        fputs("'\n", out);
    }
}

void options_print(FILE *out, const char *format)
{
    static const struct {
        const char *name;
        void (*print)(FILE *out);
    } formats[] = {{"man", print_man}, {"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i].name) == 0)
            formats[i].print(out);
}
