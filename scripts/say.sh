# Sourced by the other scripts: what they tell the user, and packages of the system.

say() { echo "==> $*"; }

stop() { echo "error: $*" >&2; exit 1; }

# Installs packages where that is allowed, else says in one line what to install.
install_packages() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    stop "Missing: $*. Install them as root (Debian: apt-get install $*), then run make again."
  fi
  say "Installing with apt-get: $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
    { apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; } ||
    stop "apt-get could not install: $*. Install them by hand, then run make again."
}
