# otsd: Onetime Secret hand-offs. Plain GNU make; objects go to $(B), nothing else is written.
#
#   make            build everything          make deps       install what is missing (Debian, Fedora)
#   make demo       the story, told live      make check      all tests (TESTS="FILE..."  these)
#   make check-all  the same, without anything left out by rotation
#   make check-loaded  the same on a machine that is busy
#   make check-release RELEASE=trixie  deps, demo and check on a fresh Debian, in a folder
#   make lint       static analysis           make bench      measurements
#   make format     lays out the C files      make coverage   what the tests execute; coverage-unit: the unit tests alone
#   make fuzz SECONDS=60  every parser under libFuzzer, so long each
#   make SAN=1 ...  the same under AddressSanitizer and UndefinedBehaviorSanitizer, in build/asan
#   make SAN=thread ...  under ThreadSanitizer, in build/tsan; make tsan: what runs in threads

VERSION := $(shell sed -n 's/^.define OTSD_VERSION "\(.*\)"/\1/p' lib/otsd.h)
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
UNITDIR ?= $(PREFIX)/lib/systemd/system
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/otsd
SYSCONFDIR ?= /etc
STATEDIR ?= /var/lib/otsd
# libpam looks for modules here; the name has the multiarch triplet on Debian and lib64 on Fedora.
PAMDIR ?= $(firstword $(wildcard /lib/$(shell $(CC) -print-multiarch 2>/dev/null)/security /lib64/security /lib/security) /lib/security)
# Of the shadow file, where it has one of its own; otsd-sweep.service needs it. Empty: it has root's.
SHADOW_GROUP ?= $(filter-out root UNKNOWN,$(shell stat -L -c %G /etc/shadow 2>/dev/null))
DESTDIR ?=

# V=1 shows the commands.
Q := $(if $(V),,@)

comma := ,

CC ?= cc
PKG_CONFIG ?= pkg-config
SAN ?=
B ?= build$(if $(SAN),$(if $(filter thread,$(SAN)),/tsan,/asan))

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef \
        -Wdeclaration-after-statement
WERROR ?= -Werror
CFLAGS ?= -O2 -g
SANITIZERS := $(if $(filter thread,$(SAN)),thread,address$(comma)undefined)
ifeq ($(SAN),)
# What only some compilers or machines have: the flag where this one takes it; the level that this libc really gives.
has = $(shell echo 'int x;' | $(CC) -Werror $(1) -S -x c -o - - >/dev/null 2>&1 && echo '$(1)')
FORTIFY := $(shell echo __USE_FORTIFY_LEVEL | $(CC) -include features.h -O2 -D_FORTIFY_SOURCE=3 -E -P -x c - 2>/dev/null | tail -n 1)
CONTROL_FLOW := $(firstword $(call has,-fcf-protection=full) $(call has,-mbranch-protection=standard))
AUTO_INIT := $(call has,-ftrivial-auto-var-init=zero)
HARDEN := -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(if $(filter 3,$(FORTIFY)),3,2) \
          $(CONTROL_FLOW) $(AUTO_INIT)
else
HARDEN := -fsanitize=$(SANITIZERS) -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(WARN) $(WERROR) $(HARDEN) -fvisibility=hidden $(CFLAGS)
# A program knows its rooms by name: core/core.h is the library's, ledger/ledger.h the hook's.
INCLUDES := -Ilib -Iotsd-hook
# How "otsd-hook login" ends where what was typed is an overdue generated password: the module refuses on nothing else.
# Neither of sysexits.h nor of a shell.
EXIT_OVERDUE := 93
ALL_CPPFLAGS = $(INCLUDES) -DOTSD_STATE_DIR='"$(STATEDIR)"' -DOTSD_HOOK_PATH='"$(SBINDIR)/otsd-hook"' \
               -DOTSD_NET_PATH='"$(LIBEXECDIR)/otsd-net"' \
               -DOTSD_EXIT_OVERDUE=$(EXIT_OVERDUE) $(CPPFLAGS)
LD_HARDEN := -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
SO_LDFLAGS := -shared $(LD_HARDEN) $(if $(SAN),-fsanitize=$(SANITIZERS),-Wl$(comma)-z$(comma)defs) $(LDFLAGS)
EXE_LDFLAGS := -pie $(LD_HARDEN) $(if $(SAN),-fsanitize=$(SANITIZERS)) $(LDFLAGS)

LIB_LIBS := -lcurl -lssl -lcrypto -ljson-c -lconfig
HOOK_LIBS := -lcrypt -ljson-c -lconfig -lpthread
NET_LIBS := $(LIB_LIBS) -lseccomp

LIB_SRC := $(sort $(wildcard lib/*/*.c))
# What needs neither libcurl nor JSON is compiled once and serves the library and the programs.
CORE_SRC := $(sort $(wildcard lib/core/*.c lib/conf/*.c lib/server/*.c))
BASE_SRC := $(sort $(wildcard otsd-hook/base/*.c))
OTSD_SRC := $(sort $(wildcard otsd-hook/otsd/*.c))
NET_SRC := $(sort $(wildcard otsd-hook/otsd-net/*.c))
HOOK_MAIN := otsd-hook/commands/main.c
HOOK_SRC := $(sort $(filter-out $(HOOK_MAIN) $(OTSD_SRC) $(NET_SRC),$(wildcard otsd-hook/*/*.c)))
PAM_SRC := $(sort $(wildcard pam_ots/*.c))
SANDBOX_SRC := $(sort $(wildcard tests/sandbox/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_HELP := $(sort $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*/*.c)))
CONF_SRC := $(sort $(wildcard tests/conformance/*.c))
PAMT_SRC := $(sort $(wildcard tests/pam/*.c))
E2ET_SRC := $(sort $(wildcard tests/e2e/*.c))
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
# Compiled by their tests only: against the installed library, and as libraries of a test world.
STRANGER_SRC := tests/api/stranger.c
TROUBLE_SRC := $(sort $(wildcard tests/e2e/trouble/*.c))
ALL_SRC := $(LIB_SRC) $(HOOK_MAIN) $(OTSD_SRC) $(NET_SRC) $(HOOK_SRC) $(PAM_SRC) $(SANDBOX_SRC) $(UNIT_SRC) $(UNIT_HELP) $(CONF_SRC) \
           $(PAMT_SRC) $(E2ET_SRC) $(BENCH_SRC)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

SONAME := libotsd.so.0
LIB := $(B)/$(SONAME)
PROGS := $(B)/otsd-hook $(B)/otsd
NET := $(B)/otsd-net
MODULE := $(B)/pam_ots.so
SANDBOX := $(B)/otsd-sandbox
UNIT := $(patsubst %.c,$(B)/%,$(UNIT_SRC))
CONF := $(patsubst %.c,$(B)/%,$(CONF_SRC))
TESTPROGS := $(UNIT) $(CONF) $(patsubst %.c,$(B)/%,$(PAMT_SRC) $(E2ET_SRC) $(BENCH_SRC))

.PHONY: all tests objects deps demo check lint format soak memcheck bench install uninstall clean distclean dist FORCE
.DEFAULT_GOAL := all
all: $(LIB) $(B)/libotsd.so $(B)/libotsd.pc $(PROGS) $(NET) $(B)/install/otsd $(MODULE) $(SANDBOX)
tests: all $(TESTPROGS)
objects: $(call obj,$(ALL_SRC))

# What was built with other settings is built anew: the file changes only where they do.
SETTINGS := $(CC)|$(ALL_CPPFLAGS)|$(ALL_CFLAGS)|$(EXE_LDFLAGS)|$(SO_LDFLAGS)|$(PREFIX)|$(LIBDIR)|$(INCLUDEDIR)|$(VERSION)
$(B)/settings: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','"'"',$(SETTINGS))' | cmp -s - $@ || printf '%s\n' '$(subst ','"'"',$(SETTINGS))' > $@
FORCE:

$(B)/obj/%.o: %.c Makefile $(B)/settings
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -MMD -MP -c $< -o $@

$(LIB): $(call obj,$(LIB_SRC)) lib/libotsd.map
	@echo "  LD   $@"
	$(Q)$(CC) $(SO_LDFLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=lib/libotsd.map -o $@ $(filter %.o,$^) $(LIB_LIBS)
$(B)/libotsd.so: $(LIB)
	ln -sf $(SONAME) $@
$(B)/libotsd.pc: lib/libotsd.pc.in Makefile $(B)/settings
	sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@LIBDIR@,$(LIBDIR),' -e 's,@INCLUDEDIR@,$(INCLUDEDIR),' -e 's,@VERSION@,$(VERSION),' $< > $@

# Of an archive a program gets what it calls.
$(B)/obj/core.a: $(call obj,$(CORE_SRC))
$(B)/obj/base.a: $(call obj,$(BASE_SRC))
$(B)/obj/%.a:
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# Of root's, and so without the library: it knows neither the network nor a server's language.
HOOK_OBJ := $(call obj,$(HOOK_MAIN) $(filter-out $(BASE_SRC),$(HOOK_SRC)))
$(B)/otsd-hook: $(HOOK_OBJ) $(B)/obj/base.a $(B)/obj/core.a
	@echo "  LD   $@"
	$(Q)$(CC) $(EXE_LDFLAGS) -o $@ $(filter %.o,$^) $(B)/obj/base.a $(B)/obj/core.a $(HOOK_LIBS)
# With the library inside: whose identity it has may not be let into the folder that the library is built in.
$(NET): $(call obj,$(NET_SRC) otsd-hook/net/wire.c otsd-hook/base/files.c $(LIB_SRC))
	@echo "  LD   $@"
	$(Q)$(CC) $(EXE_LDFLAGS) -o $@ $^ $(NET_LIBS)
# Twice: in $(B) it finds the library beside itself, in $(B)/install it has no run path, and is what gets installed.
OTSD_OBJ := $(call obj,$(OTSD_SRC))
HERE := -Wl,-rpath,'$$ORIGIN'
$(B)/otsd $(B)/install/otsd: $(OTSD_OBJ) $(B)/obj/base.a $(B)/obj/core.a $(B)/libotsd.so
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(EXE_LDFLAGS) $(if $(findstring /install/,$@),,$(HERE)) -o $@ $(filter %.o,$^) $(B)/obj/base.a -L$(B) -lotsd \
	  $(B)/obj/core.a -ljson-c
# No constructors, so no start files: loading the module is most of what it costs a login without a hand-off.
MODULE_LDFLAGS := -nostartfiles
$(MODULE): $(call obj,$(PAM_SRC)) pam_ots/pam_ots.map
	@echo "  LD   $@"
	$(Q)$(CC) $(SO_LDFLAGS) -Wl,--version-script=pam_ots/pam_ots.map $(MODULE_LDFLAGS) -o $@ $(filter %.o,$^) -lpam
$(B)/obj/tests/sandbox/%.o: CPPFLAGS += -DOTSD_VERSION='"$(VERSION)"'
$(SANDBOX): $(call obj,$(SANDBOX_SRC))
	@echo "  LD   $@"
	$(Q)$(CC) $(EXE_LDFLAGS) -o $@ $^ -lmicrohttpd -ljson-c -lpthread

# A unit test's child is a fork of the test: see tests/unit/hook/net_child.c.
UNIT_LDFLAGS := -Wl,--wrap=start_child,--wrap=confine
# Unit tests reach the private functions: they take the objects, not the library; of the client program all but its main. Of an
# archive each takes what it calls, for there are many, and in three builds.
$(B)/obj/unit.a: $(call obj,$(UNIT_HELP) $(LIB_SRC) $(HOOK_SRC) $(filter-out %/main.c,$(OTSD_SRC) $(NET_SRC)) pam_ots/text.c)
$(UNIT) $(CONF): $(B)/tests/%: $(B)/obj/tests/%.o $(B)/obj/unit.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(EXE_LDFLAGS) $(UNIT_LDFLAGS) -o $@ $^ $(NET_LIBS) $(HOOK_LIBS) -lcmocka -lpthread
$(patsubst %.c,$(B)/%,$(PAMT_SRC) $(E2ET_SRC) $(BENCH_SRC)): $(B)/tests/%: $(B)/obj/tests/%.o $(B)/libotsd.so
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(EXE_LDFLAGS) -Wl,-rpath,'$$ORIGIN/../..' -o $@ $(filter %.o,$^) -L$(B) -lotsd -lpam -lcmocka -ldl -lcrypt -lpthread $(TEST_LIBS)

$(B)/tests/bench/paced: $(call obj,otsd-hook/ledger/width.c)
$(B)/tests/e2e/inmate: $(call obj,otsd-hook/otsd-net/confine.c) $(B)/obj/core.a
$(B)/tests/e2e/inmate: TEST_LIBS := $(B)/obj/core.a -lseccomp

# Fuzz harnesses: each tests/fuzz/fuzz_NAME.c is a program NAME, and tests/fuzz/corpus/NAME its inputs. Here they are linked
# with a main that replays files, so that any compiler can run what is in the corpora; tests/fuzz/build takes libFuzzer.
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_HELP := $(sort $(filter-out $(FUZZ_SRC),$(wildcard tests/fuzz/*.c)))
ALL_SRC += $(FUZZ_SRC) $(FUZZ_HELP)
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,$(B)/tests/fuzz/%,$(FUZZ_SRC))
FUZZ_ENGINE ?= $(call obj,tests/fuzz/replay.c)
# What a harness answers in the place of the system: see tests/fuzz/stage.c.
FUZZ_WRAP := -Wl,--wrap=openat,--wrap=fopen,--wrap=fstatat,--wrap=geteuid
$(B)/obj/fuzz.a: $(call obj,$(filter-out tests/fuzz/replay.c,$(FUZZ_HELP)) $(LIB_SRC) $(HOOK_SRC) $(filter-out %/main.c,$(OTSD_SRC)) $(PAM_SRC))
$(FUZZ): $(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(call obj,tests/fuzz/replay.c tests/fuzz/stage.c) $(B)/obj/fuzz.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(EXE_LDFLAGS) $(FUZZ_WRAP) -o $@ $< $(FUZZ_ENGINE) $(call obj,tests/fuzz/stage.c) $(B)/obj/fuzz.a $(LIB_LIBS) $(HOOK_LIBS)
.PHONY: fuzz fuzz-programs fuzz-coverage
fuzz-programs: $(FUZZ)
tests: fuzz-programs
# Each for SECONDS; prints what was executed and reached. Then: which lines of what is under test do the corpora execute?
fuzz:
	tests/fuzz/run $(SECONDS) $(HARNESS)
fuzz-coverage:
	tests/fuzz/coverage $(HARNESS)

deps:
	tests/deps

# Of the tests' programs the demo needs one; whoever wants to see it need not wait for the others.
demo: all $(B)/tests/e2e/syslogd
	B=$(B) tests/demo

# Unit tests run twice: plain, and under the sanitizers. The rest runs the very files that get installed.
UNIT_TESTS := $(UNIT) $(filter-out %/record,$(CONF))
SCRIPT_TESTS := $(sort $(wildcard tests/unit/*.test tests/unit/*/*.test tests/fuzz/*.test tests/pam/*.test tests/conformance/*.test tests/lint/*.test tests/api/*.test tests/e2e/*.test tests/crash/*.test))
TESTS ?= $(UNIT_TESTS) $(patsubst $(B)/%,build/asan/%,$(UNIT)) $(THREADED) $(SCRIPT_TESTS)
# What runs in threads is watched in threads: a program for tests/e2e/threads.test, and the unit tests of these rooms.
.PHONY: threaded tsan
THREADED := $(patsubst %,build/tsan/tests/unit/%,hook/test_pipeline hook/test_progress lib/test_pool lib/test_settings)
threaded: $(B)/otsd-hook $(patsubst build/tsan/%,$(B)/%,$(THREADED))
tsan: tests
	$(MAKE) SAN=thread threaded
	tests/run $(THREADED) tests/e2e/threads.test
check: tests
	$(MAKE) SAN=1 tests
	$(MAKE) SAN=thread threaded
	B=$(B) tests/run -j 3 $(TESTS)

# The same, and all of what check takes by turns; of the server's releases four for each script, see tests/e2e/releases.sh.
.PHONY: check-all
check-all:
	ROWS=all OPERATIONS=all RELEASES=all $(MAKE) check

# The same beside four busy loops for each core: no test may depend on how busy a machine is. What is built is built before.
.PHONY: check-loaded
check-loaded: tests
	$(MAKE) SAN=1 tests
	$(MAKE) SAN=thread threaded
	tests/loaded $(MAKE) check

# The README's two commands on a fresh Debian each, in folders of build/release; an hour and a gigabyte or two for each.
.PHONY: check-release
RELEASE ?= bookworm trixie
check-release:
	for r in $(RELEASE); do tests/release $$r || exit 1; done

# Random operations, kills and faults for SECONDS; not part of check.
SECONDS ?= 300
soak: tests
	B=$(B) tests/crash/soak $(SECONDS)

# What the compiler initializes hides from valgrind what the source does not.
.PHONY: memcheck-run
memcheck:
	$(MAKE) B=build/memcheck HARDEN= memcheck-run
memcheck-run: $(UNIT)
	printf '%s\n' $(UNIT) | xargs -P 2 -I TEST sh -c 'valgrind -q --error-exitcode=99 --leak-check=full \
	  --child-silent-after-fork=yes TEST >TEST.log 2>&1 || { cat TEST.log; exit 255; }'
	@echo "memcheck: nothing found"

# Which lines, functions and branches do the tests execute? Optimization would blur it, and fortification needs optimization;
# what leaves a process in a way of its own is told to write its profile first. COVER chooses tests.
.PHONY: coverage coverage-unit coverage-build
COVER_BUILD ?= tests
COVER ?= $(patsubst $(B)/%,build/coverage/%,$(UNIT_TESTS)) $(filter-out tests/unit/% tests/lint/% tests/crash/% %/sanitized.test %/threads.test,$(SCRIPT_TESTS))
coverage: coverage-build
	tests/coverage/run build/coverage $(COVER)
coverage-unit: coverage-build
	tests/coverage/run build/coverage $(patsubst %.c,build/coverage/%,$(UNIT_SRC))
coverage-build:
	mkdir -p build/coverage
	gcc -O2 -g -fPIC -D_GNU_SOURCE -c tests/coverage/profile.c -o build/coverage/profile.o
	$(MAKE) CC=gcc SAN= B=build/coverage HARDEN= WARN= LDFLAGS='--coverage -Wl,--wrap=open build/coverage/profile.o' \
	  CFLAGS='-std=gnu11 -O0 -g --coverage -fprofile-update=atomic -include tests/coverage/profile.h' $(COVER_BUILD)

bench: tests
	B=$(B) tests/bench/run

format:
	tests/lint/format

LINT_C := $(ALL_SRC) $(STRANGER_SRC) $(TROUBLE_SRC) tests/coverage/profile.c
# tests/e2e/talk is expect, tests/e2e/next-steps is perl.
SHELL_FILES := .ci/run tests/run tests/loaded tests/release tests/booted tests/deps tests/demo $(wildcard tests/*/*.test tests/*/*.sh tests/bench/run tests/crash/soak \
               tests/coverage/run tests/coverage/show tests/fuzz/build tests/fuzz/run tests/fuzz/minimise tests/fuzz/coverage tests/fuzz/seeds tests/api/check $(wildcard tests/mutation/*) $(filter-out %.test,$(wildcard tests/lint/*)))
# readdir: each stream belongs to one thread, as POSIX asks; readdir_r is deprecated.
lint:
	$(MAKE) tests
	$(MAKE) CC=clang B=build/lint-clang objects
	tests/api/check . $(B)
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	  --suppress=missingIncludeSystem --suppress=readdirCalled -D_GNU_SOURCE -DOTSD_STATE_DIR='"/x"' -DOTSD_HOOK_PATH='"/x"' -DOTSD_NET_PATH='"/x"' \
	  -DOTSD_EXIT_OVERDUE=$(EXIT_OVERDUE) $(INCLUDES) -j 2 $(LINT_C)
	printf '%s\n' $(LINT_C) | xargs -P 2 -n 4 sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- -std=c11 \
	  -D_GNU_SOURCE $(INCLUDES) -DOTSD_STATE_DIR=\"/x\" -DOTSD_HOOK_PATH=\"/x\" -DOTSD_NET_PATH=\"/x\" -DOTSD_EXIT_OVERDUE=$(EXIT_OVERDUE)' tidy
	tests/lint/analyze
	shellcheck -S warning $(SHELL_FILES)
	tests/lint/rooms . $(B)
	tests/lint/dialect
	tests/lint/promises
	tests/lint/format --check
	@for f in $(MANPAGES); do mandoc -T lint -W warning $$f || exit 1; done
	@echo "lint: nothing found"

MANPAGES := $(sort $(wildcard lib/*.[1-8] otsd-hook/*.[1-8] otsd-hook/otsd/*.[1-8] pam_ots/*.[1-8] etc/*.[1-8] tests/sandbox/*.[1-8]))
UNITS := $(wildcard etc/systemd/otsd-*)
DROP_INS := etc/systemd/password-change.conf etc/systemd/password-command.conf
UNIT_SED = sed -e 's|@SBINDIR@|$(SBINDIR)|' -e 's|@LIBEXECDIR@|$(LIBEXECDIR)|' -e 's|@STATEDIR@|$(STATEDIR)|' \
  -e $(if $(SHADOW_GROUP),'s|@SHADOW_GROUP@|$(SHADOW_GROUP)|; s|@SHADOW_CAPABILITY@||','/@SHADOW_GROUP@/d; s|@SHADOW_CAPABILITY@|CAP_DAC_READ_SEARCH|')

# The configuration and the token are the administrator's: samples only, never overwritten.
install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) \
	  $(DESTDIR)$(PAMDIR) $(DESTDIR)$(DOCDIR) $(DESTDIR)$(SYSCONFDIR)
	install -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/otsd
	install -d -m 0700 $(DESTDIR)$(STATEDIR)
	install -m 0755 $(B)/otsd-hook $(DESTDIR)$(SBINDIR)/otsd-hook
	install -m 0755 $(NET) $(DESTDIR)$(LIBEXECDIR)/otsd-net
	install -m 0644 etc/sysusers/otsd.conf $(DESTDIR)$(SYSUSERSDIR)/otsd.conf
	install -m 0755 $(B)/install/otsd $(B)/otsd-sandbox $(DESTDIR)$(BINDIR)/
	install -m 0644 $(LIB) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libotsd.so
	install -m 0644 lib/otsd.h $(DESTDIR)$(INCLUDEDIR)/otsd.h
	install -m 0644 $(B)/libotsd.pc $(DESTDIR)$(LIBDIR)/pkgconfig/libotsd.pc
	install -m 0644 $(MODULE) $(DESTDIR)$(PAMDIR)/pam_ots.so
	install -m 0644 README.md LICENSE etc/otsd.conf $(DESTDIR)$(DOCDIR)/
	test -e $(DESTDIR)$(SYSCONFDIR)/otsd/otsd.conf || install -m 0644 etc/otsd.conf $(DESTDIR)$(SYSCONFDIR)/otsd/otsd.conf
	for f in $(MANPAGES); do \
	  d=$(DESTDIR)$(MANDIR)/man$${f##*.}; install -d "$$d" && install -m 0644 "$$f" "$$d/" || exit 1; done
	install -d $(DESTDIR)$(UNITDIR)
	for f in $(UNITS); do $(UNIT_SED) "$$f" > $(DESTDIR)$(UNITDIR)/$${f##*/} && \
	  chmod 0644 $(DESTDIR)$(UNITDIR)/$${f##*/} || exit 1; done
	install -d $(DESTDIR)$(DOCDIR)/examples
	for f in $(DROP_INS); do $(UNIT_SED) "$$f" > $(DESTDIR)$(DOCDIR)/examples/$${f##*/} && \
	  chmod 0644 $(DESTDIR)$(DOCDIR)/examples/$${f##*/} || exit 1; done
	if test -d /usr/share/pam-configs; then install -d $(DESTDIR)/usr/share/pam-configs && \
	  install -m 0644 etc/pam-configs/otsd $(DESTDIR)/usr/share/pam-configs/otsd; fi
	test -n "$(DESTDIR)" || { ldconfig && etc/sysusers/make; }

# Ledger, audit log and configuration stay: remove them by hand once no hand-off is open.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/otsd-hook $(DESTDIR)$(LIBEXECDIR)/otsd-net $(DESTDIR)$(SYSUSERSDIR)/otsd.conf $(DESTDIR)$(BINDIR)/otsd $(DESTDIR)$(BINDIR)/otsd-sandbox \
	  $(DESTDIR)$(LIBDIR)/$(SONAME) $(DESTDIR)$(LIBDIR)/libotsd.so $(DESTDIR)$(INCLUDEDIR)/otsd.h \
	  $(DESTDIR)$(LIBDIR)/pkgconfig/libotsd.pc $(DESTDIR)$(PAMDIR)/pam_ots.so $(DESTDIR)/usr/share/pam-configs/otsd
	for f in $(MANPAGES); do rm -f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}; done
	for f in $(UNITS); do rm -f $(DESTDIR)$(UNITDIR)/$${f##*/}; done
	rm -rf $(DESTDIR)$(DOCDIR)

# The servers that "make deps" unpacked stay; distclean removes them, too.
clean:
	test ! -d build || find build -mindepth 1 -maxdepth 1 ! -name sshd ! -name nginx -exec rm -rf {} +
distclean:
	rm -rf build

dist:
	@mkdir -p build
	git archive --prefix=otsd-$(VERSION)/ -o build/otsd-$(VERSION).tar.gz HEAD

-include $(patsubst %.o,%.d,$(call obj,$(ALL_SRC)))
