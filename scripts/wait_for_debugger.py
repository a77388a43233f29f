"""Wait until something listens on a port: `python -m scripts.wait_for_debugger PORT`.

VS Code runs this before it attaches to the server, which the extension starts at the same time.
"""

from __future__ import annotations

import socket
import sys
import time

PATIENCE = 60.0  # seconds


def is_taken(port: int) -> bool:
    """Return whether something listens, without connecting: a debugger accepts one connection."""
    with socket.socket() as probe:
        if sys.platform != "win32":  # where binding would succeed anyway
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def main() -> int:
    """Wait for the port on the command line."""
    port = int(sys.argv[1])
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if is_taken(port):
            return 0
        time.sleep(0.1)
    print(f"nothing listens on port {port} after {PATIENCE:.0f} s", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
