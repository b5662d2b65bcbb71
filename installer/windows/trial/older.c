/* Stands for an older version of the program. `deskside.exe --version` tells which; `deskside.exe wait` runs until it is
   ended, and is found by the installer as the real one is. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

int main(int count, char **words) {
    if (count > 1 && strcmp(words[1], "wait") == 0) {
        CreateMutexW(NULL, FALSE, L"Deskside.6E2B3F0C-6A0B-4B5E-9C57-6C1B6E2B7D11");
        puts("waiting");
        fflush(stdout);
        Sleep(INFINITE);
    }
    puts("deskside 0.0.9");
    return 0;
}
