/* SPDX-License-Identifier: MIT
 *
 * cli/privileges.c - users, groups and capabilities
 */
#include "cli/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* ---- who ------------------------------------------------------------------------------------- */

static void take(struct privileges *p, const struct passwd *entry, uid_t uid)
{
    *p = (struct privileges){.uid = uid, .gid = entry ? entry->pw_gid : (gid_t)uid};
    if (entry) snprintf(p->name, sizeof p->name, "%s", entry->pw_name);
    else snprintf(p->name, sizeof p->name, "%u", (unsigned)uid);
    p->changes = uid != geteuid();
}

/* A name, or a number that need not have one. */
static int find(struct privileges *p, const char *user)
{
    const struct passwd *entry = getpwnam(user);
    if (entry) {
        take(p, entry, entry->pw_uid);
        return 0;
    }
    char *end;
    errno = 0;
    unsigned long number = strtoul(user, &end, 10);
    if (errno || *end || *user < '0' || *user > '9' || number >= (uid_t)-1) return -ENOENT;
    take(p, getpwuid((uid_t)number), (uid_t)number);
    return 0;
}

/* In a sticky directory who removes a file has to own it, and root made it. */
static bool closed_to_others(const struct stat *st, mode_t wanted)
{
    return (st->st_mode & wanted) != wanted || ((wanted & S_IWOTH) && (st->st_mode & S_ISVTX));
}

static void find_for(struct privileges *p, const struct privileges_place *places, size_t n)
{
    struct stat st;
    if (find(p, "nobody") < 0) take(p, NULL, NOBODY);
    for (size_t i = 0; i < n; i++)
        if (stat(places[i].path, &st) == 0 && closed_to_others(&st, places[i].others))
            return take(p, getpwuid(st.st_uid), st.st_uid);
}

int privileges_choose(struct privileges *p, const char *user, const struct privileges_place *places,
                      size_t n)
{
    bool root = geteuid() == 0;
    if (user) {
        int r = find(p, user);
        return r < 0 ? r : p->changes && !root ? -EPERM : 0;
    }
    if (root) find_for(p, places, n);
    else take(p, getpwuid(geteuid()), geteuid());
    return 0;
}

/* ---- capabilities ---------------------------------------------------------------------------- */

static struct __user_cap_header_struct self(void)
{
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

static uint64_t permitted(void)
{
    struct __user_cap_header_struct header = self();
    struct __user_cap_data_struct data[2] = {0};
    if (syscall(SYS_capget, &header, data) < 0) return 0;
    return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

static int set_capabilities(uint64_t may, uint64_t does)
{
    struct __user_cap_header_struct header = self();
    struct __user_cap_data_struct data[2] = {
        {.permitted = (uint32_t)may, .effective = (uint32_t)does},
        {.permitted = (uint32_t)(may >> 32), .effective = (uint32_t)(does >> 32)},
    };
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* What lets one read any file, of what there is: containers often have the second only. */
static uint64_t reading(void)
{
    uint64_t all = permitted(), read = 1ull << CAP_DAC_READ_SEARCH, any = 1ull << CAP_DAC_OVERRIDE;
    return all & read ? read : all & any;
}

/* What no program that is started could gain. Without CAP_SETPCAP it stays; none can be started. */
static void empty_bounding_set(void)
{
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int privileges_forget(void)
{
    empty_bounding_set();
    int r = set_capabilities(0, 0);
    return r < 0 ? r : permitted() ? -EIO : 0;
}

void privileges_wake(void)
{
    uint64_t may = permitted();
    (void)set_capabilities(may, may);
}

void privileges_sleep(void)
{
    (void)set_capabilities(permitted(), 0);
}

/* ---- drop ------------------------------------------------------------------------------------ */

static int change_user(const struct privileges *p)
{
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -errno;
    bool known = getpwuid(p->uid) != NULL;
    if ((known ? initgroups(p->name, p->gid) : setgroups(0, NULL)) < 0 ||
        setresgid(p->gid, p->gid, p->gid) < 0 || setresuid(p->uid, p->uid, p->uid) < 0)
        return -errno;
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    return 0;
}

static int verify(const struct privileges *p, uint64_t kept)
{
    uid_t u[3];
    gid_t g[3];
    if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0) return -errno;
    for (int i = 0; i < 3; i++)
        if (u[i] != p->uid || g[i] != p->gid) return -EIO;
    return permitted() == kept ? 0 : -EIO;
}

int privileges_drop(const struct privileges *p, bool keep_reading)
{
    empty_bounding_set();
    int r = p->changes ? change_user(p) : 0;
    if (r < 0) return r;
    uint64_t kept = keep_reading ? reading() : 0;
    r = set_capabilities(kept, 0);
    return r < 0 ? r : verify(p, kept);
}
