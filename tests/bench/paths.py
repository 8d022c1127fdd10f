# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways that a client's bytes can take to an agent: what is started for each,
configured as well as we know how. Each has one worker, TLS 1.3 and tickets, offers
the same certificate and groups and serves plaintext to the same agent, unless it
is the agent itself. The reasons are in Documentation/bench.rst."""
import os
import signal
import subprocess
import time

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", TREE + "/build/guest")
CGROUPS = "/sys/fs/cgroup/"
PORT = 9092
AGENT_PORT = 9000
GROUPS = "X25519MLKEM768:X25519:P-256"
# What a client's list of groups is that wants this one: OpenSSL 3.5's, Go's and
# browsers' have shares for both, so that a server without the hybrid one need not
# ask again.
CLIENT_GROUPS = {"X25519": "X25519", "X25519MLKEM768": "*X25519MLKEM768:*X25519"}
# Seconds of the guest until what hangs is ended. Under -icount its clock runs as
# its instructions do, and warps when it is idle.
LIMIT = 300
SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"


class Failure(Exception):
    pass


def wait_for(what, condition):
    until = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > until:
            raise Failure("not within its time: " + what)
        time.sleep(0.02)


def anonymous(pid):
    """KiB of memory of its own."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Anonymous:"):
                return int(line.split()[1])
    return 0


class Path:
    """One path, started: a cgroup of its own with all of the server's side."""
    tls = True

    def __init__(self, work):
        self.work = work
        self.processes = []
        self.cgroup = CGROUPS + "bench-" + self.name

    def run(self, *command, until=None, environment=()):
        """Starts a server; it is there when its log has the words."""
        os.makedirs(self.cgroup, exist_ok=True)
        log = f"{self.work}/{self.name}-{os.path.basename(command[0])}.log"

        def enter():
            with open(self.cgroup + "/cgroup.procs", "w") as procs:
                procs.write("0")
        with open(log, "w") as said:
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=said,
                    stderr=said, preexec_fn=enter,
                    env={**os.environ, **dict(environment)})
            except FileNotFoundError:
                raise Failure(f"{command[0]} is not installed") from None
        process.log = log
        self.processes.append(process)
        wait_for(command[0], lambda: self.alive() and (
            until is None or until in open(log).read()))
        return process

    def alive(self):
        """True, or the failure of the one that is not."""
        for process in self.processes:
            if process.poll() is not None:
                raise Failure(f"{process.args[0]} ended: " +
                              open(process.log).read()[-2000:])
        return True

    def anonymous(self):
        with open(self.cgroup + "/cgroup.procs") as procs:
            return sum(anonymous(int(pid)) for pid in procs)

    def write(self, name, text):
        with open(f"{self.work}/{name}", "w") as file:
            file.write(text)
        return f"{self.work}/{name}"

    def listening(self, port):
        found = subprocess.run(["ss", "-Hltn", f"sport = :{port}"],
                               capture_output=True, text=True, check=True)
        return bool(found.stdout.strip())

    def agent(self, port, *tls):
        self.run(BUILD + "/tests/bench/agent", str(port), *tls,
                 until="listening")

    def pem(self, certificate):
        """One file, the certificate first."""
        text = ""
        for ending in ".crt", ".key":
            text += open(f"{self.work}/{certificate}{ending}").read()
        return self.write(certificate + ".pem", text)

    def start(self, certificate="server", auth=True):
        raise NotImplementedError

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(self.end_by)
        for process in self.processes:
            try:
                process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                print(f"# {process.args[0]} does not end", flush=True)
                process.kill()
        # Children that outlive their parents.
        with open(self.cgroup + "/cgroup.kill", "w") as kill:
            kill.write("1")
        wait_for("an empty cgroup", lambda: not open(
            self.cgroup + "/cgroup.procs").read())
        for process in self.processes:
            process.wait()
        self.processes = []
        os.rmdir(self.cgroup)

    end_by = signal.SIGTERM


class Plaintext(Path):
    name = "plaintext"
    tls = False

    def start(self, certificate="server", auth=True):
        self.agent(PORT)


def unit_environment():
    """What the helper is started with as a service."""
    with open(TREE + "/userspace/systemd/ktlsgated.service") as unit:
        return [line.strip().split("=", 2)[1:] for line in unit
                if line.startswith("Environment=")]


class Gate(Path):
    name = "ktlsgate"

    def start(self, certificate="server", auth=True):
        self.agent(PORT)
        client_auth = (f"    client-auth: required\n"
                       f"    client-ca: {self.work}/ca.crt\n" if auth else
                       "    client-auth: none\n")
        config = self.write("gates.yaml", f"""\
log-level: info
workers: 1
gates:
  - name: kafka
    port: {PORT}
    certificate: {self.work}/{certificate}.crt
    private-key: {self.work}/{certificate}.key
{client_auth}""")
        self.helper = self.run(BUILD + "/userspace/ktlsgated", "-c", config,
                               until="serving", environment=unit_environment())

    def stop(self):
        super().stop()
        subprocess.run([BUILD + "/userspace/ktlsgated", "--detach"], check=True,
                       capture_output=True)


class InProcess(Path):
    def start(self, certificate="server", auth=True):
        self.agent(PORT, self.way, f"{self.work}/{certificate}.crt",
                   f"{self.work}/{certificate}.key",
                   f"{self.work}/ca.crt" if auth else "-")


class OpensslKtls(InProcess):
    name = "openssl-ktls"
    way = "kernel"


class OpensslPassed(InProcess):
    name = "openssl-passed"
    way = "passed"


class Openssl(InProcess):
    name = "openssl"
    way = "user"


class Proxy(Path):
    """In front of the plaintext agent."""

    def start(self, certificate="server", auth=True):
        self.agent(AGENT_PORT)
        self.front(certificate, auth)
        wait_for(self.name, lambda: self.alive() and self.listening(PORT))


class Haproxy(Proxy):
    name = "haproxy"

    def front(self, certificate, auth):
        verify = f"ca-file {self.work}/ca.crt verify required" if auth else ""
        config = self.write("haproxy.cfg", f"""\
global
    nbthread 1
    maxconn 12000
    tune.bufsize 65536
    tune.ssl.default-dh-param 2048
defaults
    mode tcp
    option splice-auto
    timeout connect 1m
    timeout client 1h
    timeout server 1h
listen kafka
    bind :::{PORT} v4v6 backlog 4096 ssl crt {self.pem(certificate)} {verify} curves {GROUPS} ciphersuites {SUITES} ssl-min-ver TLSv1.3
    server agent 127.0.0.1:{AGENT_PORT}
""")
        self.run("haproxy", "-q", "-f", config)


class Nginx(Proxy):
    name = "nginx"
    ktls = ""

    def front(self, certificate, auth):
        verify = (f"ssl_client_certificate {self.work}/ca.crt; "
                  f"ssl_verify_client on;" if auth else "")
        config = self.write(self.name + ".conf", f"""\
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {self.work}/{self.name}.pid;
error_log stderr;
events {{ worker_connections 20000; }}
stream {{
    server {{
        listen [::]:{PORT} ssl ipv6only=off backlog=4096;
        proxy_pass 127.0.0.1:{AGENT_PORT};
        proxy_timeout 1h;
        proxy_buffer_size 64k;
        ssl_protocols TLSv1.3;
        ssl_certificate {self.work}/{certificate}.crt;
        ssl_certificate_key {self.work}/{certificate}.key;
        ssl_ecdh_curve {GROUPS};
        ssl_conf_command Ciphersuites {SUITES};
        {self.ktls}
        {verify}
    }}
}}
""")
        self.run("nginx", "-e", "stderr", "-c", config)


class NginxKtls(Nginx):
    name = "nginx-ktls"
    ktls = "ssl_conf_command Options KTLS;"


class Stunnel(Proxy):
    name = "stunnel"

    def front(self, certificate, auth):
        verify = f"CAfile = {self.work}/ca.crt\nverifyChain = yes\n" if auth else ""
        config = self.write("stunnel.conf", f"""\
foreground = yes
syslog = no
pid =
debug = warning
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[kafka]
accept = :::{PORT}
connect = 127.0.0.1:{AGENT_PORT}
cert = {self.work}/{certificate}.crt
key = {self.work}/{certificate}.key
sslVersion = TLSv1.3
curves = {GROUPS}
ciphersuites = {SUITES}
{verify}""")
        self.run("stunnel", config)


class Hitch(Proxy):
    name = "hitch"

    def front(self, certificate, auth):
        verify = (f'client-verify = required\nclient-verify-ca = "{self.work}/ca.crt"\n'
                  if auth else "")
        config = self.write("hitch.conf", f"""\
frontend = "[*]:{PORT}"
backend = "[127.0.0.1]:{AGENT_PORT}"
pem-file = "{self.pem(certificate)}"
workers = 1
backlog = 4096
daemon = off
user = "nobody"
group = "nogroup"
quiet = on
tls-protos = TLSv1.3
ecdh-curve = "{GROUPS}"
ciphersuites = "{SUITES}"
{verify}""")
        self.run("hitch", "--config=" + config)


class Go(Proxy):
    name = "go"

    def front(self, certificate, auth):
        self.run(BUILD + "/tests/proxy", str(PORT), str(AGENT_PORT),
                 f"{self.work}/{certificate}.crt",
                 f"{self.work}/{certificate}.key",
                 *([f"{self.work}/ca.crt"] if auth else []))


ALL = [Plaintext, Gate, OpensslKtls, OpensslPassed, Openssl, Haproxy, Nginx, NginxKtls,
       Stunnel, Hitch, Go]
# What somebody would run instead of us.
PEERS = ["haproxy", "nginx", "nginx-ktls", "stunnel", "hitch", "go"]
