# shellcheck shell=bash disable=SC2034
# Sourced by contrib/demo/run and tests/run: what both need installed, and how both build.

# The web server's user must reach what root makes; secrets get modes of their own. The servers are in sbin, which
# isn't in the PATH after a plain su, nor in a user's.
umask 022
export PATH="$PATH:/usr/sbin:/sbin"

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
CACHE="${DOORWARD_CACHE:-$SOURCE/.cache}"

BUILD_PACKAGES=(autoconf automake make gcc libc6-dev pkg-config libfcgi-dev libssl-dev libjson-c-dev
    libmariadb-dev libscrypt-dev libcurl4-openssl-dev libidn2-dev libunistring-dev libcmocka-dev)
RUN_PACKAGES=(mariadb-server-core mariadb-client-core openssl python3 python3-aiosmtpd procps)

say() { printf '%s\n' "$*"; }

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# need PACKAGE...: installs those that are missing with apt. No service is started by that (policy-rc.d
# says no while apt runs), nor at the next boot; what was installed before stays as it was.
need() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "These packages are missing; as root: apt-get install ${missing[*]}"
    say "Installing ${missing[*]} ..."
    mkdir -p "$CACHE"
    local policy=/usr/sbin/policy-rc.d made=0 status=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made=1
    fi
    apt_install "${missing[@]}" >"$CACHE/apt.log" 2>&1 || status=1
    [ "$made" = 0 ] || rm -f "$policy"
    if [ "$status" != 0 ]; then
        tail -n 20 "$CACHE/apt.log" >&2
        die "apt couldn't install them; its words are in $CACHE/apt.log"
    fi
    stay_out_of_boot "${missing[@]}"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    local options=(-o DPkg::Lock::Timeout=300 -y --no-install-recommends)
    apt-get "${options[@]}" install "$@" || { apt-get update && apt-get "${options[@]}" install "$@"; }
}

# A web server that came with us must not start by itself when the machine boots.
stay_out_of_boot() {
    local package unit
    command -v systemctl >/dev/null || return 0
    for package in "$@"; do
        case "$package" in
            nginx-light) unit=nginx ;;
            lighttpd) unit=lighttpd ;;
            apache2) unit=apache2 ;;
            *) continue ;;
        esac
        systemctl disable --quiet "$unit" >/dev/null 2>&1 || true
    done
}

# build DIRECTORY [CONFIGURE-ARGUMENT...]: configures out of tree when that hasn't happened with these
# arguments, and builds what has changed. What the tools said is in DIRECTORY/build.log.
build() {
    local directory="$1"
    shift
    mkdir -p "$directory"
    if ! build_steps "$directory" "$@" >"$directory/build.log" 2>&1; then
        tail -n 40 "$directory/build.log" >&2
        die "The build failed; all of it is in $directory/build.log"
    fi
}

build_steps() {
    local directory="$1" source="$SOURCE" arguments
    shift
    if [ -e "$SOURCE/config.status" ]; then
        source="$directory/.source"
        copy_source "$source" || return 1
    fi
    [ -x "$source/configure" ] || (cd "$source" && autoreconf -fi) || return 1
    arguments="$source $*"
    if [ ! -f "$directory/Makefile" ] || [ "$arguments" != "$(cat "$directory/arguments" 2>/dev/null)" ]; then
        # Objects of other arguments or another source are none of this build.
        [ ! -f "$directory/arguments" ] || find "$directory" -name '*.o' -delete -o -name '*.Po' -delete
        (cd "$directory" && "$source/configure" "$@") || return 1
        printf '%s\n' "$arguments" >"$directory/arguments"
    fi
    make -C "$directory" -j"$(nproc)"
}

# A source that somebody configured in place can't be built elsewhere: configure refuses, and make would take the
# objects that lie there for its own. What it would ship is copied instead, with its times.
copy_source() { make -s -C "$SOURCE" distdir distdir="$1"; }

# node_ready: Node and npm, from wherever this machine has them.
node_ready() {
    command -v node >/dev/null || need nodejs
    command -v npm >/dev/null || need npm
}

# npm_packages PLACE: what a folder's package.json names, once; side by side with others.
npm_packages() {
    local place="$SOURCE/$1" status=0
    [ -f "$place/package.json" ] || return 0
    [ "$place/node_modules/.package-lock.json" -nt "$place/package.json" ] && return 0
    mkdir -p "$CACHE"
    say "Installing the npm packages of $1 ..."
    (cd "$place" && npm install --no-audit --no-fund --loglevel=error) >"$CACHE/npm.log" 2>&1 || status=1
    if [ "$status" != 0 ]; then
        tail -n 20 "$CACHE/npm.log" >&2
        die "npm couldn't install them; its words are in $CACHE/npm.log"
    fi
    touch "$place/node_modules/.package-lock.json"
}

# The directory of the demo: under /tmp, because the web server's own user must reach it and the path
# of a unix socket is short.
demo_directory() { printf '%s\n' "${DOORWARD_DEMO_DIR:-/tmp/doorward-demo-$(id -u)}"; }

# The demo's process when it runs, from the mark in its directory; its command line is checked, so that a
# number used again by somebody else is never taken for it.
demo_pid() {
    local directory="$1" pid
    pid="$(cat "$directory/.doorward-demo" 2>/dev/null)" || return 1
    [ -n "$pid" ] && { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -q 'demo/demo\.py' || return 1
    printf '%s\n' "$pid"
}
