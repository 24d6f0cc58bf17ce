import { nodeFfi } from "@roost/dtls-crypto"

/**
 * The calls of libc that node:dgram has nothing for, by node:ffi in the node binary itself. Undefined where node has no
 * node:ffi (`--no-experimental-ffi`, before Node 26.1, some platforms), and anywhere but on a little-endian 64-bit
 * Linux, whose structures DatagramBatches.ts lays out.
 */
export const libcSockets = (): LibcSockets | undefined => {
  const { arch, platform } = process
  if (platform !== "linux" || (arch !== "x64" && arch !== "arm64")) return undefined
  try {
    const ffi = nodeFfi()
    return ffi === undefined
      ? undefined
      : { ...ffi.dlopen(null, symbols).functions, addressOf: (memory) => ffi.getRawPointer(memory) }
  } catch {
    return undefined
  }
}

/** File descriptors and results are as in their manual pages; a failure is -1, and its `errno` is not to be had. */
export interface LibcSockets {
  recvmmsg(fd: number, messages: bigint, count: number, flags: number, timeout: bigint): number
  sendmmsg(fd: number, messages: bigint, count: number, flags: number): number
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: bigint, length: number): number
  getsockname(fd: number, address: bigint, length: bigint): number
  close(fd: number): number
  /** Where the memory lies; it must be kept for as long as the address is used. */
  addressOf(memory: ArrayBuffer): bigint
}

const symbols = {
  recvmmsg: { arguments: ["i32", "pointer", "u32", "i32", "pointer"], return: "i32" },
  sendmmsg: { arguments: ["i32", "pointer", "u32", "i32"], return: "i32" },
  socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
  bind: { arguments: ["i32", "pointer", "u32"], return: "i32" },
  getsockname: { arguments: ["i32", "pointer", "pointer"], return: "i32" },
  close: { arguments: ["i32"], return: "i32" }
} as const
