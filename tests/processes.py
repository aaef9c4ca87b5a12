"""Programs as processes, for the tests that are written in Python: got from Debian, started, waited for, and ended."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOUYA = str(Path(os.environ.get("BOUYA", ROOT / "target/debug/bouya")).resolve())
# Where Debian keeps servers; not all users look there.
os.environ["PATH"] += ":/usr/sbin"
# Nothing here takes this many seconds unless it hangs.
PATIENCE = 60
# All of a test takes less than a minute; nothing of it may hang a run.
LONGEST_SECONDS = 300


class Failed(Exception):
    """What does not hold."""


class Late(Failed):
    """What has not come about in time."""


def say(what):
    print(what, flush=True)


def same(what, found, meant):
    if found != meant:
        raise Failed(f"{what}: {found!r} instead of {meant!r}")


def until(what, holds):
    """Waits until `holds` gives something, and returns it."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        if time.monotonic() > end:
            raise Late(f"still not: {what}")
        time.sleep(0.05)  # poll
    return found


def install(packages):
    """Gets packages from Debian, without starting the services that come with them."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"installing {' '.join(packages)}")
    limits = ["Retries=2", "http::Timeout=15", "https::Timeout=15"]
    patient = ["-qq", *(f"-oAcquire::{limit}" for limit in limits)]
    # Packages ask this program before they start a service.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        for words in [["update"], ["install", "-y", "--no-install-recommends", *packages]]:
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            command = ["apt-get", *patient, *words]
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=300, check=True)
    except (subprocess.SubprocessError, OSError):
        say("that did not work; no network?")
    finally:
        if ours:
            policy.unlink()
    if shutil.which("systemctl"):
        for service in packages:
            # Not each of them has one.
            subprocess.run(["systemctl", "--quiet", "disable", service], stderr=subprocess.DEVNULL, check=False)


def free_port(above=0, count=1):
    """A port from the system. So many that count from it are free, and as many that count from `above` above it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                for number in range(1, count):
                    socket.create_server(("127.0.0.1", port + number)).close()
                for number in range(count if above else 0):
                    socket.create_server(("127.0.0.1", port + above + number)).close()
                return port
            except (OSError, OverflowError):
                continue


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(child):
    """Ends a process, the hard way if need be."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


class Bench:
    """A folder, and the processes that work in it; both go away at the end."""

    def __init__(self, stack):
        self.dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bouya-test-")))
        self.stack = stack
        self.children = []

    def start(self, name, *command):
        log = self.stack.enter_context((self.dir / f"{name}.log").open("ab"))
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir)
        self.children.append((name, child))
        self.stack.callback(stop, child)
        return child

    def until(self, what, holds):
        def alive():
            for name, child in self.children:
                if child.poll() not in (None, 0):
                    raise Failed(f"{name} ended: {(self.dir / f'{name}.log').read_text()}")
            return holds()

        return until(what, alive)

    def run(self, *command, **options):
        done = subprocess.run(command, cwd=self.dir, capture_output=True, text=True, timeout=PATIENCE, **options)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout


def main(name, programs, packages, test, usage):
    """What a test's program does: it gets what is missing if it is told so, and skips, or fails, if something still is."""
    words = sys.argv[1:]
    if unknown := set(words) - {"--install", "--require"}:
        sys.exit(f"unknown: {' '.join(unknown)}\n{usage}")
    missing = lambda: [program for program in programs if not shutil.which(program)]
    if "--install" in words and missing():
        install(packages)
    if lacking := missing():
        why = f"no {' and no '.join(lacking)} (Debian: apt-get install {' '.join(packages)})"
        if "--require" in words:
            sys.exit(f"{name} tests: {why}")
        say(f"{name} tests SKIPPED: {why}")
        return
    if "BOUYA" not in os.environ:
        build = ["cargo", "build", "--locked", "--quiet", "--manifest-path", str(ROOT / "Cargo.toml"), "--bin", "bouya"]
        subprocess.run(build, check=True)
    for ending in [signal.SIGTERM, signal.SIGHUP, signal.SIGALRM]:
        signal.signal(ending, lambda number, _: sys.exit(f"{name} tests: ended by {signal.Signals(number).name}"))
    signal.alarm(LONGEST_SECONDS)
    try:
        with ExitStack() as stack:
            test(Bench(stack))
    except Failed as why:
        sys.exit(f"{name} tests FAILED: {why}")
