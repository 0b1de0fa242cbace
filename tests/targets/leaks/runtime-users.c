/* Data bases of users, groups, services and protocols. */
#include "leaks.h"
#include <grp.h>
#include <netdb.h>
#include <pwd.h>

int main(void)
{
    getpwnam("root");
    getpwuid(0);
    while (getpwent() != NULL)
        ;
    getgrnam("daemon");
    getgrgid(0);
    getservbyname("http", "tcp");
    getprotobyname("tcp");
    gid_t groups[100];
    int count = 100;
    getgrouplist("root", 0, groups, &count);
    scrub();
    return 0;
}
