/*
 * A reader driver for tests: vpcd's, of which a copy called "vpcd.so" lies beside it, in a reader whose cable can be
 * pulled and that tells its properties. Files beside it say what it does: while "unplugged" exists, the reader does not
 * answer its driver; "properties" is the answer to FEATURE_GET_TLV_PROPERTIES. Each reader has a copy in its own folder.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long DWORD;
typedef long RESPONSECODE;

#define SUCCESS 0
#define COMMUNICATION_ERROR 612
#define NOT_SUPPORTED 614
#define GET_FEATURES 0x42000D48
#define GET_PROPERTIES 0x42330012

static char folder[3072];
static void *vpcd;

__attribute__((constructor)) static void find_vpcd(void)
{
    Dl_info own;
    char path[4096];
    char *slash;
    if (!dladdr((void *)find_vpcd, &own))
        return;
    snprintf(folder, sizeof folder, "%s", own.dli_fname);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        return;
    *slash = 0;
    snprintf(path, sizeof path, "%s/vpcd.so", folder);
    vpcd = dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static const char *beside(const char *name)
{
    static __thread char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int unplugged(void) { return vpcd == NULL || access(beside("unplugged"), F_OK) == 0; }

#define NEXT(name, type) ((type)dlsym(vpcd, name))

RESPONSECODE IFDHCreateChannelByName(DWORD lun, char *name)
{
    if (unplugged())
        return COMMUNICATION_ERROR;
    return NEXT("IFDHCreateChannelByName", RESPONSECODE (*)(DWORD, char *))(lun, name);
}

RESPONSECODE IFDHCreateChannel(DWORD lun, DWORD channel)
{
    if (unplugged())
        return COMMUNICATION_ERROR;
    return NEXT("IFDHCreateChannel", RESPONSECODE (*)(DWORD, DWORD))(lun, channel);
}

RESPONSECODE IFDHCloseChannel(DWORD lun) { return NEXT("IFDHCloseChannel", RESPONSECODE (*)(DWORD))(lun); }

RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, DWORD *size, unsigned char *value)
{
    return NEXT("IFDHGetCapabilities", RESPONSECODE (*)(DWORD, DWORD, DWORD *, unsigned char *))(lun, tag, size, value);
}

RESPONSECODE IFDHSetCapabilities(DWORD lun, DWORD tag, DWORD size, unsigned char *value)
{
    return NEXT("IFDHSetCapabilities", RESPONSECODE (*)(DWORD, DWORD, DWORD, unsigned char *))(lun, tag, size, value);
}

RESPONSECODE IFDHSetProtocolParameters(DWORD lun, DWORD protocol, unsigned char flags, unsigned char first,
                                       unsigned char second, unsigned char third)
{
    (void)lun, (void)protocol, (void)flags, (void)first, (void)second, (void)third;
    return SUCCESS;
}

RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, unsigned char *atr, DWORD *size)
{
    if (unplugged())
        return COMMUNICATION_ERROR;
    return NEXT("IFDHPowerICC", RESPONSECODE (*)(DWORD, DWORD, unsigned char *, DWORD *))(lun, action, atr, size);
}

typedef struct {
    DWORD protocol;
    DWORD length;
} HEADER;

RESPONSECODE IFDHTransmitToICC(DWORD lun, HEADER send, unsigned char *sent, DWORD sent_size, unsigned char *answer,
                               DWORD *answer_size, HEADER *received)
{
    if (unplugged()) {
        *answer_size = 0;
        return COMMUNICATION_ERROR;
    }
    return NEXT("IFDHTransmitToICC", RESPONSECODE (*)(DWORD, HEADER, unsigned char *, DWORD, unsigned char *, DWORD *,
                                                      HEADER *))(lun, send, sent, sent_size, answer, answer_size,
                                                                 received);
}

RESPONSECODE IFDHICCPresence(DWORD lun)
{
    if (unplugged())
        return COMMUNICATION_ERROR;
    return NEXT("IFDHICCPresence", RESPONSECODE (*)(DWORD))(lun);
}

RESPONSECODE IFDHControl(DWORD lun, DWORD code, unsigned char *sent, DWORD sent_size, unsigned char *answer,
                         DWORD room, DWORD *size)
{
    static const unsigned char features[] = {0x12, 4, 0x42, 0x33, 0x00, 0x12};
    FILE *file = fopen(beside("properties"), "rb");
    (void)lun, (void)sent, (void)sent_size;
    *size = 0;
    if (file == NULL)
        return NOT_SUPPORTED;
    if (code == GET_FEATURES && room >= sizeof features) {
        memcpy(answer, features, sizeof features);
        *size = sizeof features;
    } else if (code == GET_PROPERTIES) {
        *size = fread(answer, 1, room, file);
    }
    fclose(file);
    return *size > 0 ? SUCCESS : NOT_SUPPORTED;
}
