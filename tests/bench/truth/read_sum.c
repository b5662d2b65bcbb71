/* Sums an array over and over with some threads and prints the median rate of its passes in bytes
   per second: read_sum BYTES THREADS SECONDS. What the check's figure for memory is held against. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_THREADS = 1024, MOST_PASSES = 100000 };

static int64_t *numbers;
static size_t length;
static int threads;
static double deadline, started, rates[MOST_PASSES];
static int passes, over;
static pthread_barrier_t begin, end;
static volatile int64_t sink;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int64_t sum(const int64_t *part, size_t count) {
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) total += part[i];
    return total;
}

static void *reader(void *argument) {
    size_t index = (size_t)argument;
    size_t from = length * index / threads, to = length * (index + 1) / threads;
    for (size_t i = from; i < to; i++) numbers[i] = 1; /* each page near the thread that reads it */
    for (;;) {
        if (pthread_barrier_wait(&begin) == PTHREAD_BARRIER_SERIAL_THREAD) {
            over = passes >= 3 && (now() >= deadline || passes == MOST_PASSES);
            started = now();
        }
        pthread_barrier_wait(&end);
        if (over) return NULL;
        sink = sum(numbers + from, to - from);
        if (pthread_barrier_wait(&begin) == PTHREAD_BARRIER_SERIAL_THREAD)
            rates[passes++] = length * sizeof *numbers / (now() - started);
        pthread_barrier_wait(&end);
    }
}

static int ascending(const void *one, const void *other) {
    double first = *(const double *)one, second = *(const double *)other;
    return (first > second) - (first < second);
}

int main(int count, char **words) {
    if (count != 4) return 2;
    length = strtoull(words[1], NULL, 10) / sizeof *numbers;
    threads = atoi(words[2]);
    if (threads < 1 || threads > MOST_THREADS || !length) return 2;
    numbers = aligned_alloc(4096, (length * sizeof *numbers + 4095) / 4096 * 4096);
    if (!numbers) return 1;
    deadline = now() + atof(words[3]);
    pthread_t running[MOST_THREADS];
    pthread_barrier_init(&begin, NULL, threads);
    pthread_barrier_init(&end, NULL, threads);
    for (size_t i = 0; i < (size_t)threads; i++) pthread_create(&running[i], NULL, reader, (void *)i);
    for (int i = 0; i < threads; i++) pthread_join(running[i], NULL);
    qsort(rates, passes, sizeof *rates, ascending);
    printf("%.0f\n", rates[passes / 2]);
    return 0;
}
