"""A fresh Debian that boots on this machine, with its own processes and network."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

# What a small server has anyway: a service manager, and its bus.
INCLUDED = "systemd,systemd-sysv,dbus"
# Everything here takes seconds, on a busy machine a minute.
PATIENCE = 180


class Failed(Exception):
    """What does not hold."""


def until(what, holds):
    """Waits until `holds` gives something, and returns it."""
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        if time.monotonic() > end:
            raise Failed(f"still not: {what}")
        time.sleep(0.2)  # poll
    return found


def debian():
    words = dict(line.rstrip().split("=", 1) for line in open("/etc/os-release") if "=" in line)
    return words["VERSION_CODENAME"]


class Machine:
    def __init__(self, folder):
        self.root = folder / "root"
        # Of the same release as the machine that has built the package.
        make = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={INCLUDED}", debian(), self.root]
        subprocess.run(make, check=True)
        command = ["systemd-nspawn", "--quiet", "-D", self.root, "--machine", f"bouya-test-{os.getpid()}", "--register=no", "--keep-unit"]
        command += ["--private-network", "--console=pipe", "--boot"]
        self.log = (folder / "boot.log").open("wb")
        self.nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.leader = until("it boots", self.booted)
        until("its services run", lambda: self.asks("systemctl is-system-running") in ("running", "degraded"))

    def booted(self):
        if self.nspawn.poll() is not None:
            raise Failed(f"no machine boots: {Path(self.log.name).read_text(errors='replace')}")
        path = Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children")
        return (path.read_text().split() or [None])[0]

    def inside(self, command, user="root"):
        enter = ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd=/", "--"]
        # A login in the user's home, as one gets it from `su -`.
        return [*enter, "su", "-s", "/bin/sh", "-", user, "-c", command]

    def tries(self, command, user="root", quiet=False):
        """Runs a command and returns what it prints, with whether it went well."""
        if not quiet:
            print(f"{user}# {command}", flush=True)
        done = subprocess.run(self.inside(command, user), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        return done.stdout + done.stderr, done.returncode == 0

    def runs(self, command, user="root"):
        text, well = self.tries(command, user)
        if not well:
            raise Failed(f"{command}:\n{text}")
        return text

    def asks(self, command, user="root"):
        return self.tries(command, user, quiet=True)[0].strip()

    def holds(self, command, user="root"):
        return self.tries(command, user, quiet=True)[1]

    def takes(self, file, to="/root"):
        shutil.copy(file, self.root / to.lstrip("/"))
        return f"{to}/{file.name}"

    def ends(self):
        """Powers it off; the second signal does not wait."""
        for _ in range(2):
            if self.nspawn.poll() is None:
                self.nspawn.send_signal(signal.SIGTERM)
                try:
                    self.nspawn.wait(30)
                except subprocess.TimeoutExpired:
                    continue
        if self.nspawn.poll() is None:
            self.nspawn.kill()
            self.nspawn.wait()
        self.log.close()
