/* Streams, locales and facets of C++. */
#include "leaks.h"
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <locale>
#include <sstream>

int main()
{
    tm time = {};
    std::ios::sync_with_stdio(false);
    std::cout << std::setprecision(20) << 1.5 << std::endl;
    std::locale::global(std::locale("C.UTF-8"));
    std::cout.imbue(std::locale());
    std::wcout << L"wide" << std::endl;
    std::ostringstream text;
    text << std::put_time(&time, "%c");      // KEPT
    std::ifstream file("/proc/self/status"); // KEPT
    file.get();
    scrub();
}
