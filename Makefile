# SPDX-License-Identifier: GPL-2.0-or-later
# ktlsgate. See README.md; `make help` lists what there is.

tree := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

O ?= $(tree)/build/host
KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= all
ONLY ?=
MINUTES ?= 60
SEED ?=
RATE ?= 100
DESTDIR ?=
PREFIX ?= /usr

# Absolute for the sub-makes, which have folders of their own.
out := $(abspath $(O))
cache := $(or $(KTLSGATE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ktlsgate)

.PHONY: all help modules userspace install run test fuzz soak bench bench-check \
	bench-host clean distclean

all: modules userspace

help:
	@echo "make              module, helper, BPF objects and CLI for this host"
	@echo "make install      install them (DESTDIR, PREFIX=/usr)"
	@echo "make run          the main job in a virtual machine: Kafka behind a gate"
	@echo "make test         the tests (KERNEL=6.1|6.12|7|all|debug ONLY=<pattern>)"
	@echo "make fuzz         the parsers, a minute each (FUZZ_SECONDS=60 ONLY=<pattern>);"
	@echo "                  ONLY=netlink: the module (OPERATIONS=1000000 SEED= KERNEL=debug)"
	@echo "make soak         Kafka under load while everything goes wrong (MINUTES=60 SEED= RATE=100)"
	@echo "make bench        what it costs, beside what else could be run (ONLY=<pattern>)"
	@echo "make bench-check  our counted figures against tests/bench/baseline.json"
	@echo "make bench-host   times and throughput on this machine"
	@echo "make clean        remove build/"
	@echo "make distclean    also remove the cache of guests and downloads"

# The kernel's build would take our O= for its own.
kbuild = env -u MAKEFLAGS -u MAKEOVERRIDES $(MAKE) -j$(shell nproc) -C $(KDIR) \
	M=$(out)/modules

# The kernel builds beside the sources, so it gets a copy.
modules:
	@[ -e "$(KDIR)/Makefile" ] || { echo \
	"ktlsgate: $(KDIR) has no kernel build tree: apt install linux-headers-$$(uname -r), or say KDIR=" \
	>&2; exit 1; }
	@mkdir -p $(out)/modules
	@cp -dRu --preserve=mode,timestamps $(tree)/Kbuild $(tree)/kmod $(out)/modules/
	$(kbuild) modules

# What the programs of the other folders share is built once.
userspace:
	$(MAKE) -C $(tree)/bpf O=$(out)
	$(MAKE) -C $(tree)/userspace O=$(out)
	$(MAKE) -C $(tree)/tools O=$(out)

install: all
	$(kbuild) modules_install INSTALL_MOD_DIR=updates \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR))
	for dir in bpf userspace tools; do \
		$(MAKE) -C $(tree)/$$dir O=$(out) DESTDIR=$(DESTDIR) \
			PREFIX=$(PREFIX) install || exit 1; \
	done

run:
	$(tree)/tests/run-main-job

test:
	$(tree)/tests/run --kernel $(KERNEL) $(if $(ONLY),--only '$(value ONLY)')

# KERNEL=all is what make test has, and nothing to fuzz on.
fuzz:
	@KERNEL=$(filter-out all,$(KERNEL)) $(tree)/tests/fuzz/run $(if $(ONLY),'$(value ONLY)')

soak:
	$(tree)/tests/run-soak '$(MINUTES)' '$(SEED)' '$(RATE)'

bench:
	$(tree)/tests/bench/bench $(if $(ONLY),'$(value ONLY)')

bench-check:
	$(tree)/tests/bench/bench --check $(if $(ONLY),'$(value ONLY)')

bench-host:
	$(tree)/tests/bench/host $(if $(ONLY),'$(value ONLY)')

clean:
	@echo "removing $(tree)/build"
	rm -rf $(tree)/build

distclean: clean
	@echo "removing $(cache): guests, kernels and downloads"
	rm -rf "$(cache)"
