// SPDX-License-Identifier: GPL-2.0-or-later
/* Netlink messages: as they should be, nearly so, and not at all. */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "netlink.h"
#include "table.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

#define OPERATIONS (sizeof(operations) / sizeof(*operations))

/* How a message is made. */
enum care { VALID, NEARLY, GARBAGE };

struct message {
	union {
		struct nlmsghdr header;
		uint8_t bytes[32768];
	};
	size_t size;
	enum care care;
	bool relay;		/* path of a handoff */
	uint32_t whole;		/* an attribute in so many is left out */
	int fd;			/* that a handoff may consume, -1: none */
};

static struct nlattr *put(struct message *m, int type, const void *data,
			  size_t size)
{
	struct nlattr *attr = (void *)(m->bytes + m->size);

	if (m->size + NLA_HDRLEN + NLA_ALIGN(size) > sizeof(m->bytes))
		return NULL;
	memset(attr, 0, NLA_HDRLEN + NLA_ALIGN(size));
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	if (data)
		memcpy(attr + 1, data, size);
	m->size += NLA_ALIGN(attr->nla_len);
	return attr;
}

static uint64_t number(struct fuzz *f, const struct attribute *a,
		       struct message *m)
{
	static const uint64_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff,
		0xffff, 0x7fffffff, 0x80000000, 0xffffffff, ~0ull };
	uint64_t max = a->max ? a->max : 0xffff;

	if (!strcmp(a->name, "fd")) {
		m->fd = handle_any(f, m->relay);
		return m->fd >= 0 ? m->fd : 600 + below(f, 100);
	}
	if (m->care == GARBAGE || (m->care == NEARLY && chance(f, 4)))
		return chance(f, 2) ? pick(f) :
		       edges[below(f, sizeof(edges) / sizeof(*edges))];
	if (!strcmp(a->name, "id") && f->world->id_count)
		return f->world->ids[below(f, 32)];
	if (!strcmp(a->name, "port") && !chance(f, 4))
		return net_port(f->listener[below(f, 3)]);
	if (!strcmp(a->name, "close-reason"))
		return chance(f, 2) ? KTLSGATE_CLOSE_REASON_REFUSED :
		       KTLSGATE_CLOSE_REASON_KILLED;
	if (!strcmp(a->name, "state"))
		return chance(f, 8);
	if (!strcmp(a->name, "path"))
		return m->relay;
	if (!strcmp(a->name, "tls-version"))
		return f->version;
	if (!strcmp(a->name, "cipher-suite"))
		return chance(f, 8) ? 0x1301 + below(f, 4) : 0;
	return a->min + below(f, max - a->min + 1);
}

static void put_text(struct fuzz *f, struct message *m,
		     const struct attribute *a)
{
	static const char *const names[] = { "a", "b", "c", "d", "kafka" };
	char text[16384];
	size_t size, max = a->max ? a->max : 300;

	if (m->care == GARBAGE || (m->care == NEARLY && chance(f, 4))) {
		size = below(f, chance(f, 8) ? sizeof(text) : 64);
		fill(f, text, size);
		put(m, a->number, text, size);
		return;
	}
	if (!strcmp(a->name, "gate") || !strcmp(a->name, "name")) {
		snprintf(text, sizeof(text), "%s", names[below(f, 5)]);
	} else {
		size = 1 + below(f, chance(f, 50) ? max : max < 40 ? max : 40);
		memset(text, 'a' + below(f, 26), size);
		text[size] = '\0';
	}
	put(m, a->number, text, strlen(text) + 1);
}

static void put_bytes(struct fuzz *f, struct message *m,
		      const struct attribute *a)
{
	uint8_t bytes[8192];
	size_t size = a->exact;

	fill(f, bytes, sizeof(bytes));
	if (m->care == GARBAGE || (m->care == NEARLY && chance(f, 4))) {
		size = below(f, chance(f, 8) ? sizeof(bytes) : 64);
	} else if (strstr(a->name, "address")) {
		size = chance(f, 4) ? 16 : 4;
		memset(bytes, chance(f, 2) ? 0 : 0x7f, size);
		if (bytes[0])
			memcpy(bytes, "\x7f\0\0\1", 4);
	} else if (strstr(a->name, "secret")) {
		size = f->secret;
	} else if (!size) {
		size = 1 + below(f, 20);
	}
	put(m, a->number, bytes, size);
}

static void put_set(struct fuzz *f, struct message *m,
		    const struct attribute *set, uint64_t wanted);

static void put_one(struct fuzz *f, struct message *m,
		    const struct attribute *a)
{
	struct nlattr *nest;
	uint64_t value;
	size_t from = m->size;
	int size = 0;

	switch (a->type) {
	case TYPE_NEST:
		nest = put(m, a->number | (m->care != VALID && chance(f, 8) ?
					   0 : NLA_F_NESTED), NULL, 0);
		put_set(f, m, a->nested, m->care == VALID ? 0x7ffe : pick(f));
		if (nest && m->size - from < 0x8000)
			nest->nla_len = m->size - from;
		return;
	case TYPE_STRING:
		put_text(f, m, a);
		return;
	case TYPE_BINARY:
		put_bytes(f, m, a);
		return;
	case TYPE_PAD:
	case TYPE_FLAG:
		break;
	case TYPE_U8:
		size = 1;
		break;
	case TYPE_U16:
		size = 2;
		break;
	case TYPE_U64:
		size = 8;
		break;
	default:
		size = 4;
	}
	value = size ? number(f, a, m) : 0;
	if (m->care == GARBAGE && chance(f, 4))
		size = below(f, 9);
	put(m, a->number, &value, size);
}

/* Of the attributes of a handoff that exclude each other, those of the path. */
static bool fits(const struct fuzz *f, const struct message *m,
		 const struct attribute *a)
{
	const struct genlmsghdr *genl = NLMSG_DATA(&m->header);

	if (genl->cmd != KTLSGATE_CMD_HANDOFF)
		return true;
	if (!strncmp(a->name, "secret-", 7))
		return !m->relay && f->secret;
	return m->relay || (strcmp(a->name, "relay-reason") &&
			    strncmp(a->name, "peer-", 5) &&
			    strncmp(a->name, "local-", 6));
}

static void put_set(struct fuzz *f, struct message *m,
		    const struct attribute *set, uint64_t wanted)
{
	int i;

	for (i = 0; set[i].name; i++) {
		bool in = wanted >> i & 1;

		if (m->care != VALID && chance(f, 10))
			in = !in;
		if (!in)
			continue;
		if (m->care == VALID &&
		    (chance(f, m->whole) || !fits(f, m, &set[i])))
			continue;
		put_one(f, m, &set[i]);
		if (m->care != VALID && chance(f, 30))
			put_one(f, m, &set[i]);
	}
}

/* Bytes of the attributes change, or their lengths lie. */
static void damage(struct fuzz *f, struct message *m)
{
	size_t first = NLMSG_HDRLEN + GENL_HDRLEN, n = 1 + below(f, 4);
	uint8_t junk[64];

	if (m->care == GARBAGE && chance(f, 2)) {
		fill(f, junk, sizeof(junk));
		put(m, pick(f), junk, below(f, sizeof(junk)));
	}
	if (!chance(f, m->care == GARBAGE ? 2 : 6) || m->size <= first)
		return;
	/* Not the number of the descriptor: it may be one that we need. */
	if (m->fd >= 0)
		first += NLA_HDRLEN + 4;
	while (n-- && m->size > first)
		m->bytes[first + below(f, m->size - first)] = pick(f);
	if (chance(f, 4) && m->size > first)
		m->size -= below(f, m->size - first);
}

static void make(struct fuzz *f, struct message *m, const struct operation *op)
{
	struct genlmsghdr *genl = NLMSG_DATA(&m->header);

	memset(m->bytes, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	m->size = NLMSG_HDRLEN + GENL_HDRLEN;
	m->fd = -1;
	m->relay = chance(f, 8);
	/* Some attributes leave nothing for others: not all each time. */
	m->whole = chance(f, op->cmd == KTLSGATE_CMD_HANDOFF ? 10 : 3) ? 2 : 40;
	m->care = chance(f, 2) ? VALID : chance(f, 4) ? GARBAGE : NEARLY;
	m->header.nlmsg_type = f->family;
	m->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (op->dump && chance(f, 2))
		m->header.nlmsg_flags |= NLM_F_DUMP;
	if (m->care != VALID && chance(f, 10))
		m->header.nlmsg_flags |= pick(f) & 0xff00;
	genl->cmd = op->cmd;
	genl->version = m->care == VALID ? KTLSGATE_FAMILY_VERSION : pick(f);
	if (m->care == GARBAGE && chance(f, 20))
		genl->cmd = pick(f);
	put_set(f, m, op->attributes, op->request);
	if (m->care != VALID)
		damage(f, m);
	m->header.nlmsg_seq = ++f->seq;
	m->header.nlmsg_len = m->size;
}

static void keep_id(struct fuzz *f, const struct nlmsghdr *h)
{
	const struct genlmsghdr *genl = NLMSG_DATA(h);
	const struct nlattr *attr = (void *)((char *)genl + GENL_HDRLEN);

	/* It is the first attribute of both. */
	if (h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + 4 ||
	    (genl->cmd != KTLSGATE_CMD_HANDOFF &&
	     genl->cmd != KTLSGATE_CMD_CONN_GET))
		return;
	if (genl->cmd == KTLSGATE_CMD_HANDOFF &&
	    attr->nla_type == KTLSGATE_A_HANDOFF_FD) {
		close(*(const int *)(attr + 1));	/* given back */
		return;
	}
	memcpy(&f->world->ids[f->world->id_count++ % 32], attr + 1, 4);
}

/* An acknowledgement of an error has a sentence, but of these. */
static void check_sentence(struct fuzz *f, const struct nlmsghdr *h, int err)
{
	if (!err || err == -EPERM || err == -EOPNOTSUPP || err == -ENOMEM ||
	    h->nlmsg_flags & NLM_F_ACK_TLVS)
		return;
	wrong(f, h->nlmsg_type == NLMSG_DONE ? "a dump ends without a sentence" :
	      "an error without a sentence", err);
}

/* Reads to the end of the answer to the last request. */
static int receive(struct fuzz *f, int fd, bool first_only)
{
	static _Alignas(8) uint8_t bytes[65536];

	for (;;) {
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
		struct nlmsghdr *h = (void *)bytes;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (; NLMSG_OK(h, (unsigned int)got); h = NLMSG_NEXT(h, got)) {
			if (h->nlmsg_seq != f->seq)
				continue;
			if (h->nlmsg_type == NLMSG_ERROR ||
			    h->nlmsg_type == NLMSG_DONE) {
				int err = *(int *)NLMSG_DATA(h);

				check_sentence(f, h, err);
				return err;
			}
			keep_id(f, h);
		}
		if (first_only)
			return 0;
	}
}

static int open_socket(void)
{
	struct timeval tv = { .tv_sec = NET_DEADLINE_MS / 1000 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

int messages_open(struct fuzz *f)
{
	struct gate_nl nl;

	if (gate_open(&nl))
		return -1;
	f->family = nl.family;
	gate_close(&nl);
	f->netlink = open_socket();
	return f->netlink < 0 ? -1 : 0;
}

/* A dump that nobody reads to its end. */
static void walk_away(struct fuzz *f, struct message *m)
{
	int fd = open_socket();

	if (fd >= 0 && send(fd, m->bytes, m->size, 0) > 0 && chance(f, 2))
		receive(f, fd, true);
	if (fd >= 0)
		close(fd);
	count(f, "dump left", 0);
}

/* Handoffs more often than others, and not each gate gone before it is used. */
static const struct operation *any_operation(struct fuzz *f)
{
	const struct operation *op = &operations[below(f, OPERATIONS)];

	if (!chance(f, 4) && op->cmd != KTLSGATE_CMD_GATE_DEL)
		return op;
	if (op->cmd == KTLSGATE_CMD_GATE_DEL && chance(f, 4))
		return op;
	for (op = operations; op->cmd != KTLSGATE_CMD_HANDOFF; op++)
		;
	return op;
}

void messages_one(struct fuzz *f)
{
	const struct operation *op = any_operation(f);
	static struct message m;
	int err;

	make(f, &m, op);
	f->asked = op->name;
	if (m.header.nlmsg_flags & NLM_F_DUMP && chance(f, 8)) {
		walk_away(f, &m);
		return;
	}
	if (send(f->netlink, m.bytes, m.size, 0) < 0)
		err = -errno;
	else
		err = receive(f, f->netlink, false);
	if (err == -EAGAIN && op->cmd != KTLSGATE_CMD_HANDOFF)
		wrong(f, "no answer", err);
	if (!f->world->admin && op->admin && m.care != GARBAGE &&
	    err != -EPERM && err != -EOPNOTSUPP)
		wrong(f, op->name, err);
	/* Whether it was consumed is the module's to say, not ours to guess. */
	if (m.fd >= 0)
		close(m.fd);
	count(f, op->name, err);
}

int messages_sweep(struct fuzz *f)
{
	static const char *const names[] = { "a", "b", "c", "d", "kafka" };
	struct gate_stats stats;
	struct gate_nl nl;
	size_t i;
	int err;

	if (gate_open(&nl))
		return -EIO;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		gate_del(&nl, names[i]);
	err = gate_stats(&nl, &stats);
	gate_close(&nl);
	return err;
}
