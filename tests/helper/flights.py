# SPDX-License-Identifier: GPL-2.0-or-later
"""A TLS client of which every flight is bytes, to be sent as one likes."""
import socket
import ssl
import struct

PATIENCE = 120

options = None  # ca, cert, key and port, set by who imports this
opened = 0      # connections


def connect(source="127.0.0.3", buffer=None):
    global opened
    plain = socket.socket()
    if buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    plain.bind((source, 0))
    plain.settimeout(PATIENCE)
    plain.connect(("127.0.0.1", options.port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened += 1
    return plain


def send(plain, data):
    """What the other end does not want any more is not our concern."""
    try:
        plain.sendall(data)
    except OSError:
        pass


def await_end(plain):
    try:
        while plain.recv(65536):
            pass
    except ConnectionError:
        pass
    plain.close()


def finish(plain):
    """Our side ends, too, and theirs has to."""
    try:
        plain.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    await_end(plain)


def reset(plain):
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
    plain.close()


def record(kind, data, length=None):
    return struct.pack(">BHH", kind, 0x0303,
                       len(data) if length is None else length) + data


class Tls:
    """A client whose flights are bytes, to be sent as one likes."""

    def __init__(self, plain=None, version=None, certificate=True):
        context = ssl.create_default_context(cafile=options.ca)
        if version:
            context.minimum_version = context.maximum_version = version
        if certificate:
            context.load_cert_chain(options.cert, options.key)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname="localhost")
        self.plain = plain or connect()

    def hello(self):
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def next_flight(self):
        """Reads until there is something to be sent, or the handshake done."""
        while True:
            data = self.plain.recv(65536)
            if not data:
                raise ConnectionError("ended in the handshake")
            self.incoming.write(data)
            try:
                self.tls.do_handshake()
                return self.outgoing.read()
            except ssl.SSLWantReadError:
                pass
            data = self.outgoing.read()
            if data:
                return data

    def handshake(self):
        send(self.plain, self.hello())
        send(self.plain, self.next_flight())
        if self.tls.version() == "TLSv1.2":
            self.next_flight()
        return self

    def encrypt(self, data):
        self.tls.write(data)
        return self.outgoing.read()

    def echo(self, data=b"hello gate"):
        send(self.plain, self.encrypt(data))
        got = b""
        while len(got) < len(data):
            try:
                got += self.tls.read(65536)
            except ssl.SSLWantReadError:
                more = self.plain.recv(65536)
                if not more:
                    raise ConnectionError("ended in the echo") from None
                self.incoming.write(more)
        if got != data:
            raise ConnectionError("another echo")
        return self


def live_one():
    """Handed off: the agent has echoed."""
    return Tls().handshake().echo()
