#!/usr/bin/env bash
# Builds the image in which `sam local invoke --skip-pull-image` runs python3.13 functions, where no image can be pulled.
#
#   lambda_base_image.sh             installs and starts what is missing; does nothing where engine and image are there
#   lambda_base_image.sh --rebuild   builds the image again
#
# Needs: Debian 12 or later on x86-64, root, apt and pip as the machine has them configured, and a CPython 3.13, which is
# copied into the image: $PYTHON, or else the one of .venv, or that `python3.13`, pyenv or uv finds.
#
# What sam puts on top (samcli/local/docker/lambda_image.py): it ADDs its own aws-lambda-rie to /var/rapid and the layers
# to /opt, mounts the built function at /var/task and starts /var/rapid/aws-lambda-rie, which runs /var/runtime/bootstrap.
# So the image has a shell with mv, chmod and cp, that bootstrap, CPython in /var/lang as in AWS, and no entry point.

set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
image=public.ecr.aws/lambda/python:3.13-x86_64
rapid_image=public.ecr.aws/lambda/python:3.13-rapid-x86_64   # sam's image for functions without layers; it never renews it
engine_log=/var/log/dockerd.log

say()  { echo "lambda_base_image: $*" >&2; }
fail() { say "$@"; exit 1; }

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

start_engine() {
    [ -z "${DOCKER_HOST:-}" ] || fail "no Docker engine answers at DOCKER_HOST; unset it to have one started here"
    [ "$(id -u)" = 0 ] || fail "no Docker engine answers; run this as root to have one started"
    say "starting dockerd (log: $engine_log)"
    setsid dockerd >"$engine_log" 2>&1 </dev/null &
    local engine=$!
    for _ in $(seq 60); do
        ! engine_answers || return 0
        kill -0 "$engine" 2>/dev/null || break
        sleep 0.5
    done
    tail -n 15 "$engine_log" >&2
    fail "dockerd did not start: see the log above"
}

install_packages() {
    local missing=()
    command -v dockerd >/dev/null || engine_answers || missing+=(docker.io)
    command -v debootstrap >/dev/null || [ "$1" = engine-only ] || missing+=(debootstrap)
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "run this as root: it installs ${missing[*]}"
    command -v apt-get >/dev/null || fail "this machine has no apt-get; where images can be pulled, leave out --skip-pull-image"
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"; } \
        >"$log" 2>&1 </dev/null || { tail -n 15 "$log" >&2; fail "apt-get failed (whole log: $log)"; }
    rm -f "$log"
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" "$project/.venv/bin/python" python3.13 \
        "$(pyenv prefix 3.13 2>/dev/null)/bin/python3.13" "$(uv python find 3.13 2>/dev/null)" python3; do
        [ -n "$candidate" ] || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || continue
        "$candidate" -c 'import sys; print(f"{sys.base_prefix}/bin/python3.13")'
        return
    done
    fail "found no CPython 3.13; name one with PYTHON=/path/to/python3.13"
}

# Where apt gets this Debian's main packages, so that debootstrap asks the same mirror.
debian_mirror() {
    apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 'Component: main' \
        | awk -v suite="$1" '$2 == suite {print $1; exit}'
}

copy_python() {
    local python=$1 root=$2 prefix
    prefix=$(dirname "$(dirname "$python")")
    mkdir -p "$root/var/lang"
    # shellcheck disable=SC2046  # libpython is one file, several, or (linked statically) none
    tar -C "$prefix" -c --exclude='test' --exclude='idlelib' --exclude='*tkinter*' --exclude='turtledemo' \
        --exclude='ensurepip' --exclude='site-packages/*' --exclude='config-3.13*' --exclude='_test*.so' --exclude='*.opt-?.pyc' \
        bin/python3.13 lib/python3.13 $(cd "$prefix" && ls -d lib/libpython3*.so* 2>/dev/null) | tar -C "$root/var/lang" -x
    ln -s python3.13 "$root/var/lang/bin/python3"
    ln -s python3.13 "$root/var/lang/bin/python"

    # Libraries that this CPython links to and a minimal Debian lacks (OpenSSL, SQLite, libffi ...) go beside it.
    local name path
    find "$root/var/lang" -type f \( -name '*.so' -o -path '*/bin/python3.13' \) -exec ldd {} + |
        awk '/=>/ {print $1, $3}' | sort -u | while read -r name path; do
            [ ! -e "$root/lib/x86_64-linux-gnu/$name" ] && [ ! -e "$root/var/lang/lib/$name" ] || continue
            [ "$path" != not ] || fail "CPython at $prefix needs $name, which this machine lacks"
            cp -L "$path" "$root/var/lang/lib/"
        done
}

build_image() {
    [ "$(id -u)" = 0 ] || fail "run this as root: debootstrap needs it"
    [ "$(uname -m)" = x86_64 ] || fail "this builds the x86-64 image only"
    local python suite mirror
    python=$(find_python)
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mirror=$(debian_mirror "$suite")
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT   # global: the trap runs after this function

    say "building $image from Debian $suite and $python"
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 \
        || { tail -n 15 "$root.log" >&2; fail "debootstrap failed (whole log: $root.log)"; }
    rm -rf "$root.log" "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale,man}
    copy_python "$python" "$root"

    mkdir -p "$root/var/runtime" "$root/var/task" "$root/opt"
    "$python" -m pip install -q --disable-pip-version-check --root-user-action=ignore --only-binary=:all: \
        --target "$root/var/runtime" --require-hashes -r "$project/requirements/runtime.txt" \
        || fail "pip could not install awslambdaric and boto3"
    cat >"$root/var/runtime/bootstrap" <<'BOOTSTRAP'
#!/bin/sh
export PYTHONPATH=/opt/python/lib/python3.13/site-packages:/opt/python:/var/runtime
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
BOOTSTRAP
    chmod +x "$root/var/runtime/bootstrap"

    docker image rm --force "$image" "$rapid_image" >/dev/null 2>&1 || true
    tar -C "$root" -c . | docker import --platform linux/amd64 \
        --change 'ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin' \
        --change 'ENV LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task:/var/task/lib:/opt/lib' \
        --change 'ENV LANG=C.UTF-8' --change 'ENV TZ=:UTC' \
        --change 'ENV LAMBDA_TASK_ROOT=/var/task' --change 'ENV LAMBDA_RUNTIME_DIR=/var/runtime' \
        --change 'WORKDIR /var/task' - "$image" >/dev/null

    docker run --rm --network none --env PYTHONPATH=/var/runtime "$image" python3.13 -c \
        'import awslambdaric, boto3, bz2, ctypes, hashlib, lzma, sqlite3, ssl, uuid, zlib; boto3.client("s3", "us-east-1")' \
        || { docker image rm --force "$image" >/dev/null; fail "the image was built but its Python does not work"; }
}

case "${1:-}" in ''|--rebuild) ;; *) fail "usage: lambda_base_image.sh [--rebuild]" ;; esac

install_packages engine-only
engine_answers || start_engine
if [ "${1:-}" != --rebuild ] && docker image inspect "$image" >/dev/null 2>&1; then
    say "$image is there"
    exit
fi
install_packages all
build_image
say "built $image ($(docker image inspect --format '{{.Size}}' "$image" | numfmt --to=iec)B)"
