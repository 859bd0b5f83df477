// SPDX-License-Identifier: GPL-2.0-or-later
/* Lengths come from outside: everything is checked before it is read. */
#include "kernel/answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#ifndef NLMSGERR_ATTR_OFFS
#define NLMSGERR_ATTR_OFFS 2
#endif

static int find_offset(const struct nlattr *attr, void *data)
{
	uint32_t *offset = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS &&
	    mnl_attr_get_payload_len(attr) == sizeof(*offset))
		*offset = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static uint32_t error_offset(const struct nlmsghdr *message)
{
	unsigned payload = sizeof(struct nlmsgerr);
	uint32_t offset = 0;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;
	if (!(message->nlmsg_flags & NLM_F_CAPPED)) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

		payload += error->msg.nlmsg_len - (unsigned)sizeof(error->msg);
	}
	if (payload > mnl_nlmsg_get_payload_len(message))
		return 0;
	mnl_attr_parse(message, payload, find_offset, &offset);
	return offset;
}

#define ERRNO_MAX 4095 /* MAX_ERRNO of the kernel */

static int error_number(const struct nlmsgerr *error)
{
	return error->error <= 0 && error->error >= -ERRNO_MAX ? error->error : -EBADMSG;
}

bool answer_next(const char *buf, size_t len, size_t *offset, struct answer *ret)
{
	while (*offset + sizeof(struct nlmsghdr) <= len) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(buf + *offset);

		if (message->nlmsg_len < sizeof(*message) || message->nlmsg_len > len - *offset)
			return false;
		*offset += MNL_ALIGN(message->nlmsg_len);
		if (message->nlmsg_type == NLMSG_ERROR &&
		    mnl_nlmsg_get_payload_len(message) >= sizeof(struct nlmsgerr)) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

			*ret = (struct answer){
			        .seq = error->msg.nlmsg_seq,
			        .error = error_number(error),
			        .offset = error_offset(message),
			};
			return true;
		}
	}
	return false;
}

/* The place of the nth member of the set from index first on; hosts and wider members count apart. */
static loc_t member_loc(const struct nft_set *set, size_t first, size_t n)
{
	bool hosts = set->type == SET_HOSTS4 || set->type == SET_HOSTS6;
	const struct addr_set *addrs = set->addrs;

	if (set->type == SET_HOSTS4 || set->type == SET_NETS4) {
		for (size_t i = first; i < addrs->n4; i++)
			if ((addrs->v4[i].lo == addrs->v4[i].hi) == hosts && !n--)
				return addrs->v4[i].loc;
	} else {
		for (size_t i = first; i < addrs->n6; i++)
			if ((addrs->v6[i].lo == addrs->v6[i].hi) == hosts && !n--)
				return addrs->v6[i].loc;
	}
	return set->loc;
}

static loc_t origin_loc(const struct origin *origin, uint32_t offset)
{
	if (origin->elements && offset >= origin->offset)
		return member_loc(origin->elements, origin->first,
		                  (offset - origin->offset) / origin->stride);
	return origin->loc;
}

static const char *meaning(int err)
{
	switch (-err) {
	case EPERM:
		return "not permitted: CAP_NET_ADMIN is missing, or the table belongs to another process";
	case EEXIST:
	case ENOTEMPTY:
		return "it overlaps with what is there already";
	case ENOENT:
		return "something it refers to is gone, or this kernel lacks the expression";
	case EBUSY:
		return "it is still in use";
	case EOPNOTSUPP:
	case EINVAL:
		return "this kernel does not support it";
	case ENFILE:
		return "the set is full";
	default:
		return strerror(-err);
	}
}

int answer_tell(struct kernel *kernel, const struct answer *answer)
{
	const struct origin *origin = batch_find_origin(&kernel->batch, answer->seq);

	if (!origin)
		return kernel_fail(kernel, answer->error, "netfilter refused the change: %s",
		                   meaning(answer->error));
	kernel_fail(kernel, answer->error, "netfilter refused %s %s: %s (%s)", origin->what, origin->name,
	            meaning(answer->error), strerrorname_np(-answer->error));
	kernel->error_loc = origin_loc(origin, answer->offset);
	return answer->error;
}

/* Returns 1 to go on, 0 at the end, or -errno. */
static int dump_message(const struct nlmsghdr *message, const struct dump *dump, bool *interrupted)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		*interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_DONE:
		return 0;
	case NLMSG_ERROR:
		return mnl_nlmsg_get_payload_len(message) >= sizeof(*error) ? error_number(error) : -EBADMSG;
	case NLMSG_NOOP:
		return 1;
	default: {
		int err = dump->each ? dump->each(message, dump->data) : 0;

		return err < 0 ? err : 1;
	}
	}
}

int answer_dump(const char *buf, size_t len, uint32_t seq, const struct dump *dump, bool *interrupted)
{
	size_t offset = 0;

	while (offset + sizeof(struct nlmsghdr) <= len) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)(buf + offset);
		int more;

		if (message->nlmsg_len < sizeof(*message) || message->nlmsg_len > len - offset)
			return -EBADMSG;
		offset += MNL_ALIGN(message->nlmsg_len);
		if (message->nlmsg_seq != seq) /* the rest of a dump that was given up */
			continue;
		more = dump_message(message, dump, interrupted);
		if (more <= 0)
			return more;
	}
	return 1;
}
