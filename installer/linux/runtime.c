/* What an AppImage begins with: unpacks the squashfs behind it, once, and starts AppRun in it.
 *
 * It mounts nothing, so that it needs no FUSE, and what it started outlives it: the engine's host may go on
 * when the window that brought it has closed (docs/decisions/0014-appimage-unpacks.md). The tree lies in
 * ~/.cache/deskside/appimage/BUILD and is renamed there when it is whole; trees that were not started for
 * 30 days are deleted. Static, so that AppRun can say what is wrong with an old C library.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>
#include <zlib.h>
#include <squashfuse/squashfuse.h>

#define KEPT_S (30 * 24 * 3600)
#define LONGEST 4096

static char fresh[LONGEST]; /* the tree that is being unpacked */

static int delete_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about, (void)kind, (void)where;
    return remove(path);
}

static void delete_tree(const char *path) { nftw(path, delete_one, 16, FTW_DEPTH | FTW_PHYS); }

static void fail(const char *what, const char *path) {
    fprintf(stderr, "deskside: %s %s (%s). Free 250 MB there, or set XDG_CACHE_HOME to a folder that can be "
            "written, and start again.\n", what, path, strerror(errno));
    if (fresh[0]) delete_tree(fresh);
    exit(1);
}

/* Where the squashfs begins: behind the sections of this program. */
static size_t payload_offset(const char *self) {
    Elf64_Ehdr head;
    int file = open(self, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, &head, sizeof head) != sizeof head) fail("cannot read", self);
    close(file);
    return head.e_shoff + (size_t)head.e_shnum * head.e_shentsize;
}

/* Whether all of it arrived as it was made: what cannot be read would else be taken for a full disk. */
static void verify(const char *self) {
    static unsigned char piece[1 << 17];
    int file = open(self, O_RDONLY | O_CLOEXEC);
    unsigned long sum = crc32(0, NULL, 0);
    long left = PAYLOAD_SIZE;
    ssize_t size = 0;
    if (file < 0 || lseek(file, (off_t)payload_offset(self), SEEK_SET) < 0) fail("cannot read", self);
    while (left > 0 && (size = read(file, piece, left < (long)sizeof piece ? (size_t)left : sizeof piece)) > 0) {
        sum = crc32(sum, piece, (unsigned)size);
        left -= size;
    }
    if (size < 0) fail("cannot read", self);
    close(file);
    if (left == 0 && sum == PAYLOAD_CRC) return;
    fprintf(stderr, "deskside: %s is damaged: it was not fetched whole, or was changed since. Fetch it again.\n", self);
    exit(1);
}

static void make_folders(char *path) {
    for (char *end = path + 1; (end = strchr(end, '/')); *end++ = '/') {
        *end = 0;
        if (mkdir(path, 0700) && errno != EEXIST) fail("cannot make the folder", path);
    }
}

static void write_file(sqfs *fs, sqfs_inode *inode, const char *path) {
    static char piece[1 << 17];
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, inode->base.mode & 0777);
    if (file < 0) fail("cannot write", path);
    for (sqfs_off_t at = 0, size; at < (sqfs_off_t)inode->xtra.reg.file_size; at += size) {
        size = sizeof piece;
        errno = EIO; /* the AppImage is damaged, unless the disk says something else */
        if (sqfs_read_range(fs, inode, at, &size, piece) || size <= 0) fail("cannot unpack", path);
        for (sqfs_off_t done = 0, wrote; done < size; done += wrote)
            if ((wrote = write(file, piece + done, size - done)) <= 0) fail("cannot write", path);
    }
    if (close(file)) fail("cannot write", path);
}

static void unpack(const char *self, const char *folder) {
    sqfs fs;
    sqfs_traverse walk;
    sqfs_err trouble = SQFS_OK;
    errno = EIO;
    if (sqfs_open_image(&fs, self, payload_offset(self))) fail("cannot read", self);
    if (mkdir(folder, 0700)) fail("cannot make the folder", folder);
    if (sqfs_traverse_open(&walk, &fs, sqfs_inode_root(&fs))) fail("cannot read", self);
    while (sqfs_traverse_next(&walk, &trouble)) {
        sqfs_inode inode;
        char path[LONGEST], target[LONGEST];
        size_t room = sizeof target;
        if (walk.dir_end) continue;
        snprintf(path, sizeof path, "%s/%s", folder, walk.path);
        if (sqfs_inode_get(&fs, &inode, walk.entry.inode)) fail("cannot unpack", path);
        if (S_ISDIR(inode.base.mode)) {
            if (mkdir(path, 0700)) fail("cannot make the folder", path);
        } else if (S_ISLNK(inode.base.mode)) {
            if (sqfs_readlink(&fs, &inode, target, &room) || symlink(target, path)) fail("cannot write", path);
        } else {
            write_file(&fs, &inode, path);
        }
    }
    if (trouble) fail("cannot unpack", self);
    sync(); /* after a power cut the tree is whole or not there */
}

/* Trees that were not started for long, and what a start that was killed had unpacked: BUILD.PID. */
static void forget_old(const char *folder, const char *ours) {
    DIR *all = opendir(folder);
    struct dirent *entry;
    while (all && (entry = readdir(all))) {
        char path[LONGEST];
        struct stat about;
        const char *maker = strchr(entry->d_name, '.');
        snprintf(path, sizeof path, "%.3000s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || !strcmp(path, ours) || stat(path, &about)) continue;
        if (time(NULL) - about.st_mtime > KEPT_S || (maker && kill(atoi(maker + 1), 0) && errno == ESRCH))
            delete_tree(path);
    }
    if (all) closedir(all);
}

int main(int count, char **words) {
    static char self[LONGEST], folder[LONGEST], tree[LONGEST], run[LONGEST];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) fail("cannot find", words[0]);
    if (count > 1 && !strcmp(words[1], "--appimage-offset")) return printf("%zu\n", payload_offset(self)) < 0;
    if (count > 1 && !strcmp(words[1], "--appimage-extract")) return verify(self), unpack(self, "squashfs-root"), 0;
    if (cache && cache[0] == '/') snprintf(folder, sizeof folder, "%s/deskside/appimage", cache);
    else snprintf(folder, sizeof folder, "%s/.cache/deskside/appimage", home ? home : "/tmp");
    snprintf(tree, sizeof tree, "%.3000s/" BUILD, folder);
    make_folders(tree);
    if (access(tree, X_OK)) { /* its build is not there yet */
        snprintf(fresh, sizeof fresh, "%.3000s.%d", tree, getpid());
        verify(self);
        delete_tree(fresh); /* of a start that had our number and was killed */
        unpack(self, fresh);
        /* Another start may have been quicker. */
        if (rename(fresh, tree)) delete_tree(fresh);
        fresh[0] = 0;
        forget_old(folder, tree);
    }
    utimensat(AT_FDCWD, tree, NULL, 0);
    setenv("APPIMAGE", self, 1);
    setenv("APPDIR", tree, 1);
    snprintf(run, sizeof run, "%.3000s/AppRun", tree);
    execv(run, words);
    fail("cannot start", run);
}
