/* A stand-in for VMware's disk library at its own binary interface, over one local file.
 *
 * It knows one user, one certificate and one disk, which the environment names: STAND_IN_DISK, _USER, _PASSWORD, _THUMBPRINT.
 * Names and layouts are those that nbdkit-vddk-plugin(1) and VMware's programming guide describe. Built with -DCRASHES it dies when it
 * is loaded, with -DLACKS_WAIT it lacks a function, with -DBREAKS_AT=n reading fails from that sector on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define OK 0
#define FAILED 1
#define NO_FILE 4
#define NOT_SUPPORTED 6
#define NO_LOGIN 18000
#define WRONG_THUMBPRINT 18049
#define BEGUN 25000

typedef uint64_t Error;
typedef void Say(const char *, va_list);
typedef void Finished(void *, Error);

struct Connect {
    char *vm, *server, *thumbprint;
    long reserved1;
    int kind; /* 1: user and password */
    union {
        struct { char *user, *password; } login;
        struct { char *cookie, *user, *key; } session;
        void *reserved2;
    } by;
    uint32_t port, data_port;
    char *reserved3;
    char reserved4[8];
    void *reserved5;
    char *object[3];
    int spec;
};

struct Shape { uint32_t cylinders, heads, sectors; };

struct Info {
    struct Shape bios, physical;
    uint64_t capacity; /* sectors */
    int adapter, links;
    char *parent, *uuid;
    uint32_t logical, real;
};

struct Block { uint64_t offset, length; };
struct Blocks { uint32_t count; struct Block block[1]; };
struct Disk { int file; uint64_t sectors; };

#ifdef CRASHES
__attribute__((constructor)) static void crash(void) { abort(); }
#endif

static int is(const char *given, const char *variable)
{
    const char *expected = getenv(variable);
    return given && expected && !strcmp(given, expected);
}

Error VixDiskLib_InitEx(uint32_t major, uint32_t minor, Say *log, Say *warn, Say *panic, const char *folder, const char *settings)
{
    return major >= 5 && folder ? OK : NOT_SUPPORTED;
}

void VixDiskLib_Exit(void) {}

const char *VixDiskLib_ListTransportModes(void) { return "file:nbdssl:nbd"; }

char *VixDiskLib_GetErrorText(Error error, const char *language)
{
    switch (error) {
    case NO_FILE: return strdup("A file was not found");
    case NO_LOGIN: return strdup("Cannot connect to host: incorrect user name or password");
    case WRONG_THUMBPRINT: return strdup("The SSL thumbprint is wrong");
    default: return strdup("Unknown error");
    }
}

void VixDiskLib_FreeErrorText(char *text) { free(text); }

struct Connect *VixDiskLib_AllocateConnectParams(void) { return calloc(1, sizeof(struct Connect)); }

void VixDiskLib_FreeConnectParams(struct Connect *connect) { free(connect); }

Error VixDiskLib_ConnectEx(const struct Connect *to, char readonly, const char *snapshot, const char *modes, void **connection)
{
    *connection = NULL;
    if (to->kind != 1 || !to->server || !to->vm || strncmp(to->vm, "moref=", 6) || !readonly || !snapshot)
        return FAILED;
    if (!is(to->thumbprint, "STAND_IN_THUMBPRINT"))
        return WRONG_THUMBPRINT;
    if (!is(to->by.login.user, "STAND_IN_USER") || !is(to->by.login.password, "STAND_IN_PASSWORD"))
        return NO_LOGIN;
    *connection = strdup(snapshot);
    return OK;
}

Error VixDiskLib_Disconnect(void *connection)
{
    free(connection);
    return OK;
}

Error VixDiskLib_Open(void *connection, const char *path, uint32_t flags, void **handle)
{
    struct stat status;
    struct Disk *disk = malloc(sizeof *disk);
    disk->file = path[0] == '[' ? open(getenv("STAND_IN_DISK"), O_RDONLY | O_CLOEXEC) : -1;
    if (disk->file < 0 || fstat(disk->file, &status)) {
        free(disk);
        return NO_FILE;
    }
    disk->sectors = status.st_size / SECTOR;
    *handle = disk;
    return OK;
}

Error VixDiskLib_Close(void *handle)
{
    close(((struct Disk *)handle)->file);
    free(handle);
    return OK;
}

const char *VixDiskLib_GetTransportMode(void *handle) { return "nbdssl"; }

Error VixDiskLib_GetInfo(void *handle, struct Info **info)
{
    *info = calloc(1, sizeof **info);
    (*info)->capacity = ((struct Disk *)handle)->sectors;
    (*info)->adapter = 3;
    (*info)->logical = (*info)->real = SECTOR;
    return OK;
}

void VixDiskLib_FreeInfo(struct Info *info) { free(info); }

Error VixDiskLib_Read(void *handle, uint64_t from, uint64_t count, unsigned char *into)
{
    struct Disk *disk = handle;
    ssize_t wanted = count * SECTOR;
#ifdef BREAKS_AT
    if (from + count > BREAKS_AT)
        return FAILED;
#endif
    return from + count <= disk->sectors && pread(disk->file, into, wanted, from * SECTOR) == wanted ? OK : FAILED;
}

Error VixDiskLib_Write(void *handle, uint64_t from, uint64_t count, const unsigned char *what) { return NOT_SUPPORTED; }

Error VixDiskLib_Create(void *connection, const char *path, const void *how, void *unused, void *unused_too) { return NOT_SUPPORTED; }

Error VixDiskLib_Flush(void *handle) { return OK; }

Error VixDiskLib_ReadAsync(void *handle, uint64_t from, uint64_t count, unsigned char *into, Finished *finished, void *data)
{
    finished(data, VixDiskLib_Read(handle, from, count, into));
    return BEGUN;
}

Error VixDiskLib_WriteAsync(void *handle, uint64_t from, uint64_t count, const unsigned char *what, Finished *finished, void *data)
{
    return NOT_SUPPORTED;
}

#ifndef LACKS_WAIT
Error VixDiskLib_Wait(void *handle) { return OK; }
#endif

/* Allocated is what the file has stored, in whole chunks; neighbours are told as one. */
Error VixDiskLib_QueryAllocatedBlocks(void *handle, uint64_t from, uint64_t count, uint64_t chunk, struct Blocks **found)
{
    struct Disk *disk = handle;
    struct Blocks *blocks = calloc(1, sizeof *blocks + (count / chunk + 1) * sizeof(struct Block));
    for (uint64_t at = from; at + chunk <= from + count && at + chunk <= disk->sectors; at += chunk) {
        off_t data = lseek(disk->file, at * SECTOR, SEEK_DATA);
        struct Block *last = blocks->block + blocks->count - 1;
        if (data < 0 || data >= (off_t)((at + chunk) * SECTOR))
            continue;
        if (blocks->count && last->offset + last->length == at)
            last->length += chunk;
        else
            blocks->block[blocks->count++] = (struct Block){at, chunk};
    }
    *found = blocks;
    return OK;
}

Error VixDiskLib_FreeBlockList(struct Blocks *blocks)
{
    free(blocks);
    return OK;
}
