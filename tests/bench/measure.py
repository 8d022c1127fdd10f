#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""usage: measure.py RESULT [ONLY]
Measures what matches ONLY on all paths and writes RESULT, for each figure its
values by path. What they are worth is judged by judge.py. The clock counts
instructions in a guest that is booted so; CLOCK=ns says that it does not."""
import ctypes
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

import paths

CLIENT = paths.BUILD + "/tests/bench/client"
MIB = 1 << 20
COUNT = os.environ.get("CLOCK", "instructions")
# What is for each connection is the same for few as for many: only where it is
# small does it take many to see it.
IDLE = int(os.environ.get("IDLE", 5000))
IDLE_FEW = min(IDLE, 500)
CONNECTIONS = int(os.environ.get("CONNECTIONS", 100))
# What TCP sends at once, and what in the client's time, when it acknowledges, depends
# on how both meet: a connection keeps to its way.
ROUNDS = 8


class Bench:
    def __init__(self, only, chosen):
        self.only = re.compile(only)
        self.chosen = re.compile(chosen)
        self.work = tempfile.mkdtemp()
        self.values = {}
        self.began = time.monotonic()

    def wanted(self, figure):
        return self.only.search(figure)

    def keep(self, figure, path, value, unit):
        self.values.setdefault(figure, {"unit": unit, "paths": {}})
        self.values[figure]["paths"][path] = value
        shown = "-" if value is None else f"{value:.4g}"
        print(f"{figure:<34} {path:<14} {shown:>10} {unit}", flush=True)

    def certificates(self):
        """The tests' own, and a server's certificate of the other kind."""
        subprocess.run(["bash", "-c", f"""
            . {paths.TREE}/tests/helper/lib.sh
            rm -rf "$work"; work={self.work}
            certificates
            ALGORITHM=rsa issue rsa /CN=localhost ca \
                subjectAltName=DNS:localhost,IP:127.0.0.1"""], check=True)

    def command(self, path, *arguments, suite="TLS_AES_128_GCM_SHA256",
                group="X25519", auth=True, warm=2):
        command = [CLIENT, "-p", str(paths.PORT), "-m", path.cgroup,
                   "-w", str(warm)]
        if path.tls:
            command += ["-a", self.work + "/ca.crt", "-s", suite,
                        "-g", paths.CLIENT_GROUPS[group]]
            if auth:
                command += ["-c", self.work + "/client.crt",
                            "-k", self.work + "/client.key"]
        if isinstance(path, paths.Gate):
            command += ["-t", str(path.helper.pid)]
        return command + [str(argument) for argument in arguments]

    def client(self, path, *arguments, **options):
        """Its report, or None when the path cannot do it."""
        wrong = None
        try:
            done = subprocess.run(self.command(path, *arguments, **options),
                                  capture_output=True, text=True,
                                  timeout=paths.LIMIT)
            if done.returncode:
                wrong = done.stderr.strip()
        except subprocess.TimeoutExpired:
            wrong = "no end"
        if wrong is None:
            return json.loads(done.stdout)
        print(f"# {path.name}: {' '.join(map(str, arguments))} {options}:"
              f" {wrong}", flush=True)
        return None

    def on_paths(self, figures, run, classes=paths.ALL, **how):
        """Starts each path and calls run(path), if any of the figures is wanted."""
        if not any(map(self.wanted, figures)):
            return
        for kind in classes:
            if not self.chosen.search(kind.name):
                continue
            path = kind(self.work)
            try:
                path.start(**how)
                run(path)
            except paths.Failure as failure:
                print(f"# {path.name}: {failure}", flush=True)
            finally:
                path.stop()

    # --- figures ------------------------------------------------------------

    def aead(self):
        if not self.wanted("aead"):
            return
        with open("/sys/kernel/debug/bench_aead") as file:
            for line in file:
                cipher, layout, seal, unseal, driver = line.split()
                self.keep(f"aead-seal {cipher}", layout, int(seal) / 16384,
                          f"{COUNT}/byte")
                self.keep(f"aead-open {cipher}", layout, int(unseal) / 16384,
                          f"{COUNT}/byte")

    def netlink(self):
        """What telling the kernel takes."""
        if self.wanted("netlink"):
            done = subprocess.run([paths.BUILD + "/tests/bench/netlink"],
                                  stdout=subprocess.PIPE, check=True)
            self.keep("netlink", "refused", float(done.stdout) / 1000,
                      f"1000 {COUNT}")

    def transfer(self):
        sizes = {"fetch-1M": ("fetch", MIB, 8), "produce-1M": ("produce", MIB, 8),
                 "produce-16K": ("produce", 16384, 128),
                 "request-1K": ("echo", 1024, 1000)}

        def run(path):
            for figure, (operation, size, count) in sizes.items():
                if self.wanted(figure):
                    self.one_transfer(path, figure, operation, size, count)
        self.on_paths(sizes, run)

    def one_transfer(self, path, figure, operation, size, count):
        warm = 20 if size < MIB else 3
        rounds = 1 if operation == "echo" else ROUNDS
        spent, wakeups = 0, []
        for _ in range(rounds):
            said = self.client(path, operation, size, count, warm=warm)
            if not said:
                self.keep(figure, path.name, None, f"{COUNT}/byte")
                return
            spent += said["server"] + said["kthreads"]
            wakeups.append(said["wakeups"])
        if operation == "echo":
            self.keep(figure, path.name, spent / count, COUNT)
            for percentile in "p50", "p99":
                self.keep(f"{figure}-{percentile}", path.name, said[percentile],
                          COUNT)
        else:
            self.keep(figure, path.name, spent / (size * count * rounds),
                      f"{COUNT}/byte")
        if isinstance(path, paths.Gate):
            # The least: what wakes up once a second is not in all of them.
            records = count * max(1, size // 16384)
            self.keep(f"wakeups {figure}", path.name, min(wakeups) / records,
                      "wakeups/record")

    def connections(self):
        for certificate, key in ("server", "P-256"), ("rsa", "RSA-2048"):
            for auth, kind in (True, "mTLS"), (False, "TLS"):
                figures = {}
                for group in "X25519", "X25519MLKEM768":
                    figures[f"full {kind} {key} {group}"] = ("full", group)
                    # The server's key has no part in a resumption.
                    if certificate == "server":
                        figures[f"resumed {kind} {group}"] = ("resumed", group)

                def run(path, figures=figures, auth=auth):
                    for figure, (how, group) in figures.items():
                        if self.wanted(figure):
                            self.one_connection(path, figure, how, group, auth)
                self.on_paths(figures, run, paths.ALL[1:],
                              certificate=certificate, auth=auth)

    def one_connection(self, path, figure, how, group, auth):
        said = self.client(path, how, CONNECTIONS, group=group, auth=auth)
        value = said and (said["server"] + said["kthreads"]) / CONNECTIONS / 1000
        self.keep(figure, path.name, value, f"1000 {COUNT}")

    def idle(self):
        little = (paths.Plaintext, paths.Gate, paths.OpensslPassed)

        def run(path):
            count = IDLE if isinstance(path, little) else IDLE_FEW
            command = self.command(path, "idle", count)
            with subprocess.Popen(command, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE) as client:
                limit = threading.Timer(paths.LIMIT, client.kill)
                limit.start()

                def snapshot(word):
                    if client.stdout.readline() != word + b"\n":
                        raise paths.Failure("the client ended")
                    return used() - paths.anonymous(client.pid), path.anonymous()
                try:
                    before = snapshot(b"begin")
                    client.stdin.write(b"\n")
                    client.stdin.flush()
                    after = snapshot(b"idle")
                finally:
                    limit.cancel()
                    client.stdin.close()
            for figure, was, now in zip(("idle", "idle-user"), before, after):
                self.keep(figure, path.name, (now - was) / count, "KiB")
        # The first one takes places that the boot has left in slabs: twice, then.
        self.on_paths(["idle"], run, [paths.Plaintext, *paths.ALL])

    def lowat(self):
        cases = [(mtu, mss, lowat) for mtu, mss in ((1500, 1448), (65536, 65483))
                 for lowat in (0, 16384)]
        names = {case: f"fetch-1M MSS {case[1]} lowat {case[2] or 'default'}"
                 for case in cases}

        def run(path):
            for case, figure in names.items():
                mtu, mss, lowat = case
                if not self.wanted(figure):
                    continue
                subprocess.run(["ip", "link", "set", "lo", "mtu", str(mtu)],
                               check=True)
                sysctl("net/ipv4/tcp_notsent_lowat", lowat or 4294967295)
                said = self.client(path, "fetch", MIB, 16)
                self.keep(figure, path.name,
                          said and 16 * MIB * 1000 / said["clock"],
                          f"bytes/1000 {COUNT}")
        try:
            self.on_paths(names.values(), run,
                          [paths.Plaintext, paths.Gate, paths.OpensslKtls])
        finally:
            sysctl("net/ipv4/tcp_notsent_lowat", 4294967295)
            subprocess.run(["ip", "link", "set", "lo", "mtu", "65536"], check=True)


def sysctl(name, value):
    with open("/proc/sys/" + name, "w") as file:
        file.write(str(value))


def load(module, path):
    if not os.path.exists("/sys/module/" + module):
        subprocess.run(["insmod", path], check=True)


def used():
    """KiB of memory that nobody could have back, once that stays the same: what was
    freed before comes back behind RCU's grace period, and slabs keep places of what is
    gone."""
    before = 0
    for _ in range(100):
        os.sync()
        sysctl("vm/drop_caches", 3)
        wait_for_rcu()
        for slab in glob.glob("/sys/kernel/slab/*/shrink"):
            with open(slab, "w") as file:
                file.write("1")
        now = in_use()
        if abs(now - before) < 64:
            return now
        before = now
    raise paths.Failure("memory in use does not come to rest")


def wait_for_rcu():
    """membarrier(2) with MEMBARRIER_CMD_GLOBAL is the kernel's synchronize_rcu()."""
    if ctypes.CDLL(None, use_errno=True).syscall(324, 1, 0, 0):
        raise OSError(ctypes.get_errno(), "membarrier")


def in_use():
    meminfo = {}
    with open("/proc/meminfo") as file:
        for line in file:
            key, value = line.split()[:2]
            meminfo[key[:-1]] = int(value)
    return (meminfo["MemTotal"] - meminfo["MemFree"] - meminfo["Buffers"] -
            meminfo["Cached"])


def main():
    bench = Bench(sys.argv[2] if len(sys.argv) > 2 else "",
                  os.environ.get("PATHS", ""))
    bench.certificates()
    load("ktlsgate", os.environ["KMOD"])
    load("bench_aead", os.environ.get("AEAD_KMOD", os.path.dirname(
        os.environ["KMOD"]) + "/../bench/bench_aead.ko"))
    sysctl("net/core/somaxconn", 4096)
    sysctl("net/ipv4/ip_local_port_range", "10000 65000")
    parts = os.environ.get("PARTS",
                           "aead netlink lowat transfer connections idle")
    for part in parts.split():
        getattr(bench, part)()
        with open(sys.argv[1], "w") as file:
            json.dump(bench.values, file, indent=1)
    print(f"guest time {time.monotonic() - bench.began:.0f} s")


if __name__ == "__main__":
    main()
