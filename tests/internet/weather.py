"""The internet between some machines: IP packets that take their time, come no faster than a line carries them, and get lost.

Each machine has a TUN device in its own network namespace. One process holds all of them, and hands each packet on to the machine with its
destination. Nothing leaves the process.
"""

import ctypes
import fcntl
import heapq
import ipaddress
import os
import random
import selectors
import struct
import threading
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
# Packets that wait on one line: about a third of a second at 10 Mbit/s, as routers have it. Others are dropped.
QUEUE_BYTES = 400_000
LIBC = ctypes.CDLL(None, use_errno=True)


def tun_in(keeper, name):
    """A TUN device in the network namespace of a process."""
    own, other = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/proc/{keeper.pid}/ns/net", os.O_RDONLY)
    try:
        if LIBC.setns(other, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    finally:
        LIBC.setns(own, CLONE_NEWNET)
        os.close(own)
        os.close(other)
    return device


class Weather(threading.Thread):
    """Hands packets on. `delay` is in seconds and one way, `rate` in bytes a second on each line and direction."""

    def __init__(self, delay, loss, rate, seed):
        super().__init__(daemon=True)
        self.delay, self.loss, self.rate = delay, loss, rate
        self.random, self.over = random.Random(seed), threading.Event()
        self.devices, self.lines, self.waiting, self.count = {}, selectors.DefaultSelector(), [], 0
        # When a machine's line is free again: up and down.
        self.free = {}
        self.sent = self.lost = 0

    def add(self, device, *addresses):
        self.lines.register(device, selectors.EVENT_READ)
        for address in addresses:
            self.devices[ipaddress.ip_address(address).packed] = device

    def move(self, old, new):
        """A machine's address changes."""
        self.devices[ipaddress.ip_address(new).packed] = self.devices.pop(ipaddress.ip_address(old).packed)

    def run(self):
        while not self.over.is_set():
            now = time.monotonic()
            wait = min(0.05, max(0, self.waiting[0][0] - now)) if self.waiting else 0.05
            for key, _ in self.lines.select(wait):
                self.read(key.fd)
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, _, device, packet = heapq.heappop(self.waiting)
                self.write(device, packet)

    def read(self, device):
        for _ in range(64):
            try:
                packet = os.read(device, 65_536)
            except BlockingIOError:
                return
            target = self.devices.get(packet[16:20] if packet[0] >> 4 == 4 else packet[24:40])
            if target is None:
                continue
            self.sent += 1
            at = self.through((device, "up"), time.monotonic(), len(packet))
            at = at and self.through((target, "down"), at + self.delay, len(packet))
            if at is None or self.random.random() < self.loss:
                self.lost += 1
                continue
            self.count += 1
            heapq.heappush(self.waiting, (at, self.count, target, packet))

    def through(self, line, now, size):
        """When a packet has passed a line; none if too many wait there already."""
        begin = max(now, self.free.get(line, 0))
        if (begin - now) * self.rate > QUEUE_BYTES:
            return None
        self.free[line] = begin + size / self.rate
        return self.free[line]

    def write(self, device, packet):
        try:
            os.write(device, packet)
        except OSError:
            self.lost += 1

    def end(self):
        self.over.set()
        self.join()
        for device in set(self.devices.values()):
            os.close(device)
