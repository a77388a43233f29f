"""The emulator: KV over HTTP, for Workers (workerd's protocol), wrangler and the SDKs (REST)."""

from kvlens.emulator.server import Emulator, EmulatorError

__all__ = ["Emulator", "EmulatorError"]
