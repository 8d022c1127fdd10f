// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ktlsgate.h>

#include "channelhandoff.h"
#include "handoff.h"
#include "ktls.h"
#include "live.h"
#include "log.h"
#include "loopback.h"
#include "mem.h"
#include "peername.h"

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

/* An answer of the kernel about the agent is good for so long. */
#define ANSWER_NS 10000000ULL

/*
 * The kernel moves the connection's memory charge and can do so only while
 * less than a page is queued for sending: a ticket that was not acknowledged.
 */
bool handoff_settled(int fd)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size))
		return true;
	return info[SK_MEMINFO_WMEM_QUEUED] < (uint32_t)getpagesize();
}

static struct channel *channel_of(const struct handshake *handshake)
{
	return handshake->gate->ns->worker[handshake->worker->index];
}

static void refresh(struct handshake *handshake, struct gate_slot *slot)
{
	uint64_t now = now_ns();
	struct gate_status status;

	/* A first question is always asked: it decides on a handoff. */
	if (handshake->tries && now - slot->agent_asked < ANSWER_NS)
		return;
	slot->agent_asked = now;
	slot->agent_error = channel_gate_get(channel_of(handshake),
					     handshake->gate->cfg->name,
					     &status);
	if (slot->agent_error == -ENOENT &&
	    channel_resolve(channel_of(handshake)))
		slot->agent_error = channel_gate_get(channel_of(handshake),
						     handshake->gate->cfg->name,
						     &status);
	slot->agent_listener = status.listener;
	slot->agent_has_room = status.queue_length < status.queue_max;
}

/* Which kind of listener can take this socket. */
static uint32_t fitting(const struct handshake *handshake)
{
	if (handshake->family == AF_INET)
		return KTLSGATE_LISTENER_IPV4;
	return handshake->peer.family == AF_INET ?
	       KTLSGATE_LISTENER_DUAL_STACK : KTLSGATE_LISTENER_IPV6;
}

enum agent_answer handoff_ask(struct handshake *handshake)
{
	struct gate_slot *slot;

	slot = &handshake->gate->slot[handshake->worker->index];
	refresh(handshake, slot);
	if (slot->agent_error)
		return AGENT_NO_GATE;
	if (!slot->agent_listener)
		return AGENT_ABSENT;
	if (!(slot->agent_listener & fitting(handshake)))
		return AGENT_OTHER_FAMILY;
	return slot->agent_has_room ? AGENT_READY : AGENT_FULL;
}

const char *agent_answer_text(enum agent_answer answer)
{
	switch (answer) {
	case AGENT_ABSENT:
		return "the agent does not listen";
	case AGENT_FULL:
		return "the agent's accept queue is full";
	case AGENT_OTHER_FAMILY:
		return "the agent does not listen for this address family";
	case AGENT_NO_GATE:
		return "the kernel does not know the gate";
	default:
		return "the agent could not take it a moment ago";
	}
}

static void log_accepted(const struct handshake *handshake, uint64_t took)
{
	const struct identity *identity = &handshake->identity;
	char peer[ADDRESS_TEXT];
	struct log_fields fields = {
		.gate = handshake->gate->cfg->name, .peer = peer,
		.principal = identity->principal,
	};

	if (log_level() < LOG_DEBUG)
		return;
	address_print(&handshake->peer, handshake->peer_port, peer);
	log_with(LOG_DEBUG, &fields,
		 "gate %s: %s accepted: %s %s %s %s%s %llu.%llums%s%s",
		 fields.gate, peer, identity->principal,
		 ktls_version_name(identity->tls_version),
		 handshake->cipher, handshake->group,
		 identity->resumed ? " resumed" : "",
		 (unsigned long long)took / 1000000,
		 (unsigned long long)took / 100000 % 10,
		 handshake->obstacle ? " relayed: " : "",
		 handshake->obstacle ? handshake->obstacle : "");
}

static void explain(struct handshake *handshake, int error)
{
	struct channel *channel = channel_of(handshake);
	unsigned int code = KTLSGATE_REFUSAL_HANDOFF_FAILED;

	if (error == -ECONNREFUSED || error == -EAGAIN ||
	    error == -EAFNOSUPPORT || error == -ESHUTDOWN)
		code = KTLSGATE_REFUSAL_AGENT_UNAVAILABLE;
	if (error == -ENOTCONN)
		verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_CLIENT_GONE,
			    "the client reset the connection after its handshake");
	else
		verdict_set(&handshake->verdict, code,
			    "the kernel refused it: %s",
			    channel_message(channel));
	handshake->verdict.principal = xstrdup(handshake->identity.principal);
}

static void given(struct handshake *handshake, const struct handoff *call)
{
	/* The others were judged by the new rules before this one. */
	if (atomic_load(&handshake->gate->replaced))
		live_review();
	log_accepted(handshake, call->handshake_time);
}

static enum agent_answer answer_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return AGENT_ABSENT;
	case EAGAIN:
		return AGENT_FULL;
	case EAFNOSUPPORT:
		return AGENT_OTHER_FAMILY;
	default:
		return AGENT_NO_GATE;
	}
}

enum handoff_result handoff(struct handshake *handshake,
			    enum agent_answer *why)
{
	struct handoff call = {
		.fd = handshake->fd,
		.gate = handshake->gate->cfg->name,
		.identity = &handshake->identity,
		.secrets = handshake->identity.tls_version == TLS1_3_VERSION ?
			   handshake->secrets : NULL,
		.handshake_time = now_ns() - handshake->began,
	};
	struct handed handed;
	int error;

	epoll_ctl(handshake->worker->epoll, EPOLL_CTL_DEL, handshake->fd, NULL);
	if (handshake->ssl)
		/* Its session is no bad one to be forgotten. */
		SSL_set_shutdown(handshake->ssl, SSL_SENT_SHUTDOWN |
				 SSL_RECEIVED_SHUTDOWN);
	/* Nothing may write to this number once it is another's. */
	SSL_free(handshake->ssl);
	handshake->ssl = NULL;
	error = channel_handoff(channel_of(handshake), &call, &handed);
	handshake->fd = handed.fd;
	if (!error && handed.fd < 0) {
		given(handshake, &call);
		return HANDOFF_DONE;
	}
	if (handed.fd >= 0 && !handshake_watch(handshake)) {
		verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_OVERLOAD,
			    "cannot watch the connection: %s", strerror(errno));
		return HANDOFF_REFUSED;
	}
	/* ENOENT: the module was loaded anew, the family has another number. */
	if (handed.fd >= 0 && (!error || error == -ENOENT)) {
		*why = answer_of(handed.error);
		return HANDOFF_WAIT;
	}
	explain(handshake, error);
	return HANDOFF_REFUSED;
}

/* The agent's end is of the same kind as the client's own would be. */
static bool connect_relay(struct handshake *handshake, int ends[2])
{
	const struct netns *ns = handshake->gate->ns;
	enum loopback kind = LOOPBACK_IPV4;
	bool good;

	if (handshake->family == AF_INET6)
		kind = handshake->peer.family == AF_INET6 ? LOOPBACK_IPV6 :
		       LOOPBACK_MAPPED;
	good = netns_enter(ns);
	if (good) {
		good = loopback_pair(kind, ends);
		netns_leave(ns);
	}
	if (good)
		return true;
	verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_HANDOFF_FAILED,
		    "cannot relay: no connection over loopback to the agent: %s",
		    strerror(errno));
	return false;
}

static bool name_client(struct handshake *handshake, int fd)
{
	if (peername_set(fd, &handshake->peer, handshake->peer_port))
		return true;
	verdict_set(&handshake->verdict, KTLSGATE_REFUSAL_HANDOFF_FAILED,
		    "cannot relay: the kernel would not tell the agent the client's address, see the log of the start");
	return false;
}

static bool give_relayed(struct handshake *handshake, int fd)
{
	struct sockaddr_storage dialled = {};
	socklen_t size = sizeof(dialled);
	struct address local;
	struct relayed relayed = {
		.reason = handshake->obstacle,
		.peer = &handshake->peer,
		.peer_port = handshake->peer_port,
		.local = &local,
	};
	struct handoff call = {
		.fd = fd,
		.gate = handshake->gate->cfg->name,
		.identity = &handshake->identity,
		.relayed = &relayed,
		.handshake_time = now_ns() - handshake->began,
	};
	struct handed handed;
	int error;

	getsockname(handshake->fd, (struct sockaddr *)&dialled, &size);
	address_of(&dialled, &local, &relayed.local_port);
	error = channel_handoff(channel_of(handshake), &call, &handed);
	if (handed.fd >= 0)
		close(handed.fd);
	if (error)
		explain(handshake, error);
	else
		given(handshake, &call);
	return !error;
}

int handoff_relayed(struct handshake *handshake)
{
	int ends[2];

	if (!connect_relay(handshake, ends))
		return -1;
	if (!name_client(handshake, ends[0])) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (give_relayed(handshake, ends[0]))
		return ends[1];
	close(ends[1]);
	return -1;
}
