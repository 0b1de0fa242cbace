/* C++ names as DWARF would write them. */

#ifndef SYMBOLS_DEMANGLE_H
#define SYMBOLS_DEMANGLE_H

/* "_ZN2ns3mapIiE4findEv" to "ns::map<int>::find": qualified, with template arguments, without return type and
   parameters. malloc'ed; NULL when `name` is no C++ name, or memory is out. */
char *demangle(const char *name);

/* Cut a demangled signature down to the qualified name, in place. */
void demangle_cut_signature(char *signature);

#endif
