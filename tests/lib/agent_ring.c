// SPDX-License-Identifier: GPL-2.0-or-later
/* What an agent asks of io_uring at random. Its requests hold the socket when its
 * descriptor is closed, until they are cancelled or the ring goes.
 */
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"

#define ENTRIES 32
#define BUFFERS 16
#define BUFFER_SIZE (AGENT_BUFFER / BUFFERS)

/* What a completion is of. */
enum { OTHER, ACCEPTED, RECEIVED };

/* NULL when the kernel has not come to what it was asked before. */
static struct io_uring_sqe *request(struct agent *a, int kind)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&a->ring);

	if (sqe)
		sqe->user_data = kind;
	return sqe;
}

static void provide(struct agent *a, int first, int count)
{
	struct io_uring_sqe *sqe = request(a, OTHER);

	if (!sqe)
		return;
	io_uring_prep_provide_buffers(sqe, a->ring_buffer + first * BUFFER_SIZE,
				      BUFFER_SIZE, count, 0, first);
	sqe->user_data = OTHER;
}

/* A kernel may be without, or not let us. */
void agent_ring_open(struct agent *a)
{
	a->has_ring = !io_uring_queue_init(ENTRIES, &a->ring, 0);
	if (a->has_ring)
		provide(a, 0, BUFFERS);
}

static void reap(struct agent *a)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&a->ring, &cqe)) {
		if (cqe->user_data == ACCEPTED && cqe->res >= 0)
			close(cqe->res);
		if (cqe->user_data == RECEIVED &&
		    cqe->flags & IORING_CQE_F_BUFFER)
			provide(a, cqe->flags >> IORING_CQE_BUFFER_SHIFT, 1);
		io_uring_cqe_seen(&a->ring, cqe);
	}
}

void agent_ring_close(struct agent *a)
{
	if (!a->has_ring)
		return;
	reap(a);
	io_uring_queue_exit(&a->ring);
}

static int prepare(struct agent *a, struct io_uring_sqe *sqe, int fd)
{
	size_t size = agent_pick(a, BUFFER_SIZE);

	switch (agent_pick(a, 12)) {
	case 0:
		io_uring_prep_multishot_accept(sqe, fd, NULL, NULL,
					       SOCK_CLOEXEC);
		return ACCEPTED;
	case 1 ... 2:
		io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
		sqe->flags |= IOSQE_BUFFER_SELECT;
		return RECEIVED;
	case 3:
		io_uring_prep_recv(sqe, fd, a->buffer, size,
				   agent_chance(a, 2) ? MSG_WAITALL : 0);
		break;
	case 4:
		io_uring_prep_send(sqe, fd, a->buffer, size, MSG_NOSIGNAL);
		break;
	case 5:
		io_uring_prep_send_zc(sqe, fd, a->buffer, size, MSG_NOSIGNAL, 0);
		break;
	case 6:
		io_uring_prep_poll_multishot(sqe, fd, POLLIN | POLLOUT);
		break;
	case 7:
		io_uring_prep_splice(sqe, fd, -1, a->pipe[1], -1, size,
				     SPLICE_F_NONBLOCK);
		break;
	case 8:
		if (agent_chance(a, 8)) {
			io_uring_prep_shutdown(sqe, fd, agent_pick(a, 3));
			break;
		}
		/* fall through */
	default:
		io_uring_prep_cancel_fd(sqe, fd, IORING_ASYNC_CANCEL_ALL);
	}
	return OTHER;
}

void agent_ring_acts(struct agent *a, int fd)
{
	struct io_uring_sqe *sqe;
	int kind;

	if (!a->has_ring)
		return;
	reap(a);
	sqe = request(a, OTHER);
	if (sqe) {
		kind = prepare(a, sqe, fd);
		sqe->user_data = kind;
	}
	io_uring_submit(&a->ring);
}
