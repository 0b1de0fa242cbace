/* snapshot: names of folders, which snapshots there are and which is meant, writing that is seen whole or not at all,
   and what meta.json says. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "mutate.h"
#include "snapshot/snapshot.h"

/* --- Names --- */

static void assert_request_name(const char *method, const char *target, uint64_t ms, const char *expected)
{
    struct text name = TEXT_EMPTY;
    snapshot_add_request_name(&name, method, target, ms * 1000000);
    assert_string_equal(text_get(&name), expected);
    text_fini(&name);
}

static void requests_are_named_by_method_route_and_time(void **state)
{
    assert_request_name("GET", "/", 738, "GET.root.000738ms");
    assert_request_name("GET", "/user", 2123, "GET.user.002123ms");
    assert_request_name("GET", "/user/1", 0, "GET.user.1.000000ms");
    assert_request_name("POST", "/login?next=/a/b", 7, "POST.login.000007ms");
    assert_request_name("GET", "/?q=1", 7, "GET.root.000007ms");
    assert_request_name("GET", "//a//b//", 7, "GET.a..b.000007ms");
    assert_request_name("GET", "/a b%20\xc3\xa4:*", 7, "GET.a%20b%2520%C3%A4%3A%2A.000007ms");
    assert_request_name("GET", "/~me/x-y_z.txt", 1234567, "GET.~me.x-y_z.txt.1234567ms");
    assert_request_name("GET", "/..", 1, "GET....000001ms");
    assert_request_name(NULL, "./bin/my tool", 7, "RUN.my%20tool.000007ms");
    assert_request_name(NULL, "sqlite3", 7, "RUN.sqlite3.000007ms");
}

/* Half a millisecond is rounded up. */
static void times_are_rounded(void **state)
{
    struct text name = TEXT_EMPTY;
    snapshot_add_request_name(&name, "GET", "/", 1499999);
    snapshot_add_request_name(&name, "GET", "/", 1500000);
    assert_string_equal(text_get(&name), "GET.root.000001msGET.root.000002ms");
    text_fini(&name);
}

static void long_names_are_cut_and_stay_different(void **state)
{
    char a[1001], b[1001];
    struct text one = TEXT_EMPTY, other = TEXT_EMPTY;
    memset(a, 'x', sizeof a - 1);
    a[0] = '/';
    a[sizeof a - 1] = '\0';
    memcpy(b, a, sizeof b);
    b[sizeof b - 2] = 'y';
    snapshot_add_request_name(&one, "GET", a, 5000000);
    snapshot_add_request_name(&other, "GET", b, 5000000);
    assert_in_range(one.length, 200, 248);
    assert_string_not_equal(text_get(&one), text_get(&other));
    assert_string_equal(text_get(&one) + one.length - strlen(".000005ms"), ".000005ms");
    text_fini(&one);
    text_fini(&other);
}

static void assert_name(int64_t time_s, const char *expected)
{
    struct text name = TEXT_EMPTY;
    snapshot_add_name(&name, time_s);
    assert_string_equal(text_get(&name), expected);
    assert_true(snapshot_is_name(text_get(&name)));
    text_fini(&name);
}

static void snapshots_are_named_by_their_time(void **state)
{
    setenv("TZ", "UTC", 1);
    tzset();
    unsetenv("GITHUB_ACTIONS");
    assert_name(1392661237, "2014-02-17_18:20:37");
    setenv("GITHUB_ACTIONS", "true", 1);
    assert_name(1392661237, "2014-02-17_18-20-37");
    unsetenv("GITHUB_ACTIONS");
    assert_true(snapshot_is_name("2014-02-17_18:20:37.2"));
    static const char *const others[] = {"",
                                         "latest",
                                         ".tmp-x",
                                         "2014-02-17",
                                         "2014-02-17_18:20:3x",
                                         "2014-02-17_18:20:37.",
                                         "2014-02-17_18:20:37.x",
                                         "2014-02-17_18:20:37~",
                                         "2014-02-17 18:20:37"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(snapshot_is_name(others[i]));
}

/* --- What is there --- */

static char scratch[] = "/tmp/syseng-mem-snapshot-XXXXXX";

/* A directory of its own for a test. */
static void enter(const char *name)
{
    assert_int_equal(chdir(scratch), 0);
    assert_int_equal(mkdir(name, 0777), 0);
    assert_int_equal(chdir(name), 0);
}

static void assert_resolves(const char *word, const char *expected)
{
    char *path = NULL;
    struct err err = {""};
    int code = snapshot_resolve("profiling", word, &path, &err);
    if (code != 0)
        fail_msg("%s: %s", word, err.text);
    assert_string_equal(path, expected);
    free(path);
}

static void assert_does_not(const char *word, int expected, const char *because)
{
    char *path = NULL;
    struct err err = {""};
    assert_int_equal(snapshot_resolve("profiling", word, &path, &err), expected);
    if (strstr(err.text, because) == NULL)
        fail_msg("%s: '%s' does not say '%s'", word, err.text, because);
}

static struct snapshot_request requests[] = {
    {.folder = (char[]){"GET.root.000001ms"},
     .method = (char[]){"GET"},
     .target = (char[]){"/"},
     .status = 200,
     .ordinal = 1,
     .repeat_count = 1,
     .elapsed_ns = 1000000,
     .has_heap = true,
     .alloc_bytes = UINT64_C(1) << 40,
     .alloc_count = 7,
     .not_freed_bytes = 16,
     .not_freed_count = 1,
     .peak_bytes = 4096,
     .has_rss = true,
     .rss_bytes = -4096},
    {.folder = (char[]){"GET.root.000001ms.2"},
     .method = (char[]){"GET"},
     .target = (char[]){"/?\xff\"</script>"},
     .ordinal = 1,
     .repeat_count = 10,
     .has_cpu = true,
     .cpu_ns = 5},
};

static char *command[] = {(char[]){"syseng-mem"}, (char[]){"snapshot"}, NULL};

/* Write a snapshot of time `time_s`; its path is the caller's. */
static char *write_snapshot(int64_t time_s, const char *commit)
{
    struct snapshot_writer *writer;
    struct err err = {""};
    char *path = NULL, own[64] = "";
    const struct snapshot snapshot = {.time_s = time_s,
                                      .commit = commit != NULL ? strcpy(own, commit) : NULL,
                                      .is_dirty = true,
                                      .subject = (char[]){"a \"subject\""},
                                      .program = (char[]){"./app"},
                                      .tool = (char[]){PACKAGE_STRING},
                                      .command = command,
                                      .requests = requests,
                                      .request_count = 2};
    assert_int_equal(snapshot_begin("profiling", time_s, &writer, &err), 0);
    for (int i = 0; i < 2; i++) {
        const char *folder = snapshot_add_request(writer, "GET.root.000001ms", &err);
        assert_non_null(folder);
        assert_string_equal(strrchr(folder, '/') + 1, requests[i].folder);
    }
    assert_int_equal(snapshot_write_meta(writer, &snapshot, &err), 0);
    assert_int_equal(snapshot_commit(writer, &path, &err), 0);
    snapshot_end(writer);
    return path;
}

static void what_is_meant_is_found(void **state)
{
    enter("resolve");
    assert_does_not("latest", -ENOENT, "there is no snapshot");
    free(write_snapshot(1392661237, NULL));
    assert_resolves("latest", "profiling/2014-02-17_18:20:37");
    assert_does_not("latest~1", -ENOENT, "only one snapshot");
    free(write_snapshot(1392661237, NULL));
    free(write_snapshot(1392808460, NULL));
    assert_resolves("latest", "profiling/2014-02-19_11:14:20");
    assert_resolves("latest~1", "profiling/2014-02-17_18:20:37.2");
    assert_resolves("latest~2", "profiling/2014-02-17_18:20:37");
    assert_does_not("latest~3", -ENOENT, "only 3 snapshots");
    assert_resolves("2014-02-19", "profiling/2014-02-19_11:14:20");
    assert_resolves("2014-02-19_11-14", "profiling/2014-02-19_11:14:20");
    assert_does_not("2014-02-17", -EINVAL, "several snapshots");
    assert_does_not("2015", -ENOENT, "no such snapshot");
    assert_resolves("profiling/2014-02-17_18:20:37", "profiling/2014-02-17_18:20:37");
    assert_resolves("profiling/latest", "profiling/latest");
    assert_resolves("latest/GET.root.000001ms", "profiling/2014-02-19_11:14:20/GET.root.000001ms");
    assert_resolves("latest/GET.root.000001ms.", "profiling/2014-02-19_11:14:20/GET.root.000001ms.2");
    assert_does_not("latest/GET.ro", -EINVAL, "several requests");
    assert_does_not("latest/POST", -ENOENT, "no such request");
}

static void names_with_dashes_are_in_order_with_the_others(void **state)
{
    struct snapshot_names names;
    enter("order");
    free(write_snapshot(1392808460, NULL));
    setenv("GITHUB_ACTIONS", "true", 1);
    free(write_snapshot(1392661237, NULL));
    free(write_snapshot(1392808461, NULL));
    unsetenv("GITHUB_ACTIONS");
    assert_int_equal(snapshot_list("profiling", &names, NULL), 0);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.items[0], "2014-02-17_18-20-37");
    assert_string_equal(names.items[1], "2014-02-19_11:14:20");
    assert_string_equal(names.items[2], "2014-02-19_11-14-21");
    snapshot_names_free(&names);
    assert_int_equal(snapshot_list("nowhere", &names, NULL), 0);
    assert_int_equal(names.count, 0);
}

static int shell(const char *words)
{
    int status = system(words);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_revision_is_its_newest_snapshot(void **state)
{
    struct snapshot_version version;
    enter("revision");
    if (shell("git init -q . 2>/dev/null && git config user.email a@b && git config user.name a && "
              "git commit -q --allow-empty -m 'one thing' && git tag first && git commit -q --allow-empty -m two") != 0)
        skip();
    snapshot_find_version(&version);
    assert_string_equal(version.subject, "two");
    assert_int_equal(strlen(version.commit), 40);
    assert_false(version.is_dirty);
    free(write_snapshot(1392661237, version.commit));
    free(write_snapshot(1392661238, version.commit));
    snapshot_version_fini(&version);
    assert_resolves("HEAD", "profiling/2014-02-17_18:20:38");
    assert_resolves("HEAD/GET.root.000001ms", "profiling/2014-02-17_18:20:38/GET.root.000001ms");
    assert_does_not("first", -ENOENT, "has no snapshot of commit");
    assert_does_not("--all", -ENOENT, "no such snapshot");
    assert_int_equal(shell("echo x >f && git add f && git branch -q -m work"), 0);
    snapshot_find_version(&version);
    assert_true(version.is_dirty);
    assert_string_equal(version.branch, "work");
    snapshot_version_fini(&version);
}

/* --- Writing --- */

static void meta_json_says_what_was_written(void **state)
{
    struct snapshot *snapshot;
    struct err err = {""};
    enter("meta");
    char *path = write_snapshot(1392661237, "0123456789abcdef");
    assert_int_equal(snapshot_read(path, &snapshot, &err), 0);
    assert_string_equal(snapshot->name, "2014-02-17_18:20:37");
    assert_int_equal(snapshot->time_s, 1392661237);
    assert_string_equal(snapshot->commit, "0123456789abcdef");
    assert_string_equal(snapshot->subject, "a \"subject\"");
    assert_true(snapshot->is_dirty);
    assert_null(snapshot->branch);
    assert_string_equal(snapshot->command[1], "snapshot");
    assert_null(snapshot->command[2]);
    assert_int_equal(snapshot->request_count, 2);
    const struct snapshot_request *first = &snapshot->requests[0], *second = &snapshot->requests[1];
    assert_true(first->has_heap && first->has_rss && !first->has_cpu);
    assert_int_equal(first->alloc_bytes, UINT64_C(1) << 40);
    assert_int_equal(first->rss_bytes, -4096);
    assert_int_equal(first->peak_bytes, 4096);
    assert_string_equal(second->target, "/?\xef\xbf\xbd\"</script>");
    assert_true(!second->has_heap && second->has_cpu);
    assert_int_equal(second->repeat_count, 10);
    snapshot_free(snapshot);
    struct text folder = TEXT_EMPTY;
    text_addf(&folder, "%s/%s/", path, requests[1].folder);
    assert_int_equal(snapshot_read(text_get(&folder), &snapshot, &err), 0);
    assert_int_equal(snapshot->request_count, 1);
    assert_string_equal(snapshot->requests[0].folder, requests[1].folder);
    assert_string_equal(snapshot->name, requests[1].folder);
    snapshot_free(snapshot);
    text_fini(&folder);
    free(path);
}

static void refused(const char *meta, const char *because)
{
    struct snapshot *snapshot;
    struct err err = {""};
    FILE *file = fopen("meta.json", "w");
    assert_non_null(file);
    fputs(meta, file);
    fclose(file);
    assert_int_equal(snapshot_read(".", &snapshot, &err), -EINVAL);
    if (strstr(err.text, because) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, because);
}

static void a_damaged_one_is_refused_by_name(void **state)
{
    struct snapshot *snapshot;
    struct err err = {""};
    enter("damaged");
    assert_int_equal(snapshot_read(".", &snapshot, &err), -ENOENT);
    refused("", "./meta.json: damaged");
    refused("{}", "no snapshot of syseng-mem");
    refused("{\"format\": \"syseng-mem-snapshot\", \"version\": 2}", "use a newer syseng-mem");
    refused("{\"format\": \"syseng-mem-snapshot\", \"version\": 1, \"requests\": [{\"folder\": \"../x\", \"target\": "
            "\"/\"}]}",
            "a request has no folder");
    char meta[8192];
    uint32_t random = 1;
    free(write_snapshot(1392661237, NULL));
    FILE *good = fopen("profiling/latest/meta.json", "r");
    assert_non_null(good);
    size_t length = fread(meta, 1, sizeof meta - 65, good);
    fclose(good);
    for (int i = 0; i < 300; i++) {
        char changed[sizeof meta];
        memcpy(changed, meta, length);
        changed[length] = '\0';
        mutate(changed, sizeof changed, &random);
        FILE *file = fopen("meta.json", "w");
        assert_non_null(file);
        fputs(changed, file);
        fclose(file);
        if (snapshot_read(".", &snapshot, NULL) == 0)
            snapshot_free(snapshot);
    }
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void nobody_sees_it_before_it_is_whole(void **state)
{
    struct snapshot_writer *writer, *other;
    struct snapshot_names names;
    enter("whole");
    assert_int_equal(snapshot_begin("profiling", 1392661237, &writer, NULL), 0);
    assert_non_null(snapshot_add_request(writer, "GET.root.000001ms", NULL));
    assert_int_equal(snapshot_list("profiling", &names, NULL), 0);
    assert_int_equal(names.count, 0);
    assert_false(is_there("profiling/latest"));
    char *temporary = strdup(snapshot_temporary_path(writer));
    /* Another one, meanwhile, leaves it alone. */
    assert_int_equal(snapshot_begin("profiling", 1392661238, &other, NULL), 0);
    assert_true(is_there(temporary));
    snapshot_end(other);
    assert_true(is_there(temporary));
    snapshot_end(writer);
    assert_false(is_there(temporary));
    free(temporary);
}

static void what_a_killed_one_left_is_removed(void **state)
{
    struct snapshot_writer *writer;
    enter("killed");
    char *whole = write_snapshot(1392661237, NULL);
    pid_t child = fork();
    if (child == 0) {
        if (snapshot_begin("profiling", 1392661238, &writer, NULL) == 0 &&
            snapshot_add_request(writer, "GET.root.000001ms", NULL) != NULL)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(shell("ls -d profiling/.tmp-* >/dev/null"), 0);
    assert_int_equal(snapshot_begin("profiling", 1392661239, &writer, NULL), 0);
    snapshot_end(writer);
    assert_int_not_equal(shell("ls -d profiling/.tmp-* >/dev/null 2>&1"), 0);
    assert_true(is_there(whole));
    free(whole);
}

static void the_oldest_are_pruned(void **state)
{
    size_t removed;
    enter("prune");
    for (int i = 0; i < 5; i++)
        free(write_snapshot(1392661237 + i, NULL));
    assert_int_equal(snapshot_prune("profiling", 2, &removed, NULL), 0);
    assert_int_equal(removed, 3);
    assert_false(is_there("profiling/2014-02-17_18:20:39"));
    assert_true(is_there("profiling/2014-02-17_18:20:40"));
    assert_true(is_there("profiling/latest/meta.json"));
    assert_int_equal(snapshot_prune("profiling", 2, &removed, NULL), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(snapshot_prune("nowhere", 2, &removed, NULL), 0);
}

static void a_place_that_cannot_be_written_is_told(void **state)
{
    struct snapshot_writer *writer;
    struct err err = {""};
    enter("unwritable");
    fclose(fopen("file", "w"));
    assert_true(snapshot_begin("file", 0, &writer, &err) < 0);
    assert_non_null(strstr(err.text, "file: cannot be written"));
    assert_true(snapshot_begin("file/below", 0, &writer, &err) < 0);
    assert_int_equal(snapshot_begin("a/b/c", 0, &writer, &err), 0);
    snapshot_end(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_named_by_method_route_and_time),
        cmocka_unit_test(times_are_rounded),
        cmocka_unit_test(long_names_are_cut_and_stay_different),
        cmocka_unit_test(snapshots_are_named_by_their_time),
        cmocka_unit_test(what_is_meant_is_found),
        cmocka_unit_test(names_with_dashes_are_in_order_with_the_others),
        cmocka_unit_test(a_revision_is_its_newest_snapshot),
        cmocka_unit_test(meta_json_says_what_was_written),
        cmocka_unit_test(a_damaged_one_is_refused_by_name),
        cmocka_unit_test(nobody_sees_it_before_it_is_whole),
        cmocka_unit_test(what_a_killed_one_left_is_removed),
        cmocka_unit_test(the_oldest_are_pruned),
        cmocka_unit_test(a_place_that_cannot_be_written_is_told),
    };
    if (mkdtemp(scratch) == NULL)
        return 99;
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    struct text remove = TEXT_EMPTY;
    text_addf(&remove, "rm -rf %s", scratch);
    if (shell(text_get(&remove)) != 0)
        status = 99;
    text_fini(&remove);
    return status;
}
