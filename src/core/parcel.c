/* parcel.c: see parcel.h. */
#include "core/parcel.h"

#include <stdalign.h>
#include <sys/socket.h>

/* A message of one byte that carries one descriptor. */
struct parcel {
    struct msghdr message;
    struct iovec content;
    char byte;
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void prepare(struct parcel *parcel)
{
    *parcel = (struct parcel) { .byte = 'c' };
    parcel->content = (struct iovec) { &parcel->byte, 1 };
    parcel->message = (struct msghdr) {
        .msg_iov = &parcel->content,
        .msg_iovlen = 1,
        .msg_control = parcel->control,
        .msg_controllen = sizeof parcel->control,
    };
}

bool parcel_send(int to, int descriptor)
{
    struct parcel parcel;

    prepare(&parcel);
    struct cmsghdr *header = CMSG_FIRSTHDR(&parcel.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(to, &parcel.message, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

int parcel_take(int from, bool *over_out)
{
    struct parcel parcel;
    int descriptor;

    prepare(&parcel);
    ssize_t got = recvmsg(from, &parcel.message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (over_out)
        *over_out = got == 0;
    const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&parcel.message) : NULL;
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return -1;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}
