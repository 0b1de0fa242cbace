/* What git says of the sources. */

#ifndef SNAPSHOT_GIT_H
#define SNAPSHOT_GIT_H

/* The commit that a revision of the repository in the current directory means, in hexadecimal; NULL when git is not
   there, or does not know it. The caller frees it. */
char *git_commit_of(const char *revision);

#endif
