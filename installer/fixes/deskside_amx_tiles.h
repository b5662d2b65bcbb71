/* Put before every C++ file of llama.cpp (see setup.sh).
 *
 * GCC's _tile_loadconfig (amxtileintrin.h, seen in GCC 12) tells the compiler that it reads 8 bytes
 * of the tile configuration, where the instruction reads 64. The stores to the other 56 are then
 * removed as dead, tiles have no rows, and the first tile load is an illegal instruction: llama.cpp
 * dies at the first prompt on every processor with AMX. Clang has an intrinsic that knows better. */
#if defined(__AMX_TILE__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
static inline __attribute__((always_inline)) void deskside_tile_loadconfig(const void * config) {
    __asm__ volatile("ldtilecfg\t%X0" : : "m"(*(const char (*)[64]) config));
}
#define _tile_loadconfig deskside_tile_loadconfig
#endif
