import { nodeFfi } from "./NodeFfi.ts"

/**
 * OpenSSL in the node binary itself, called through node:ffi.
 *
 * All arguments are declared as pointers and given as BigInts, the lengths among them too. So node:ffi calls such a function
 * straight from optimised code in 0.04 µs. One number among its arguments makes that 0.1 to 0.4 µs, for checks in
 * JavaScript and a copy of all arguments. A callee takes 32 bits in the place of a pointer where each argument has
 * a register or eight bytes of its own. So has each of up to six on x86-64 and AArch64.
 */
export interface OpenSsl {
  readonly functions: ReturnType<typeof functionsOf>
  /** Zeroed memory that stays where it is, and the address of its first byte. */
  allocate(bytes: number): { readonly memory: Buffer; readonly start: bigint }
}

/**
 * Undefined where node has no node:ffi (`--no-experimental-ffi`, before Node 26.1) or on other processors. Throws if its binary
 * does not export OpenSSL.
 */
export function openSsl(): OpenSsl | undefined {
  if (process.arch !== "x64" && process.arch !== "arm64") return undefined
  const ffi = nodeFfi()
  if (ffi === undefined) return undefined
  const functions = functionsOf(ffi)
  return {
    functions,
    allocate: (bytes) => {
      const memory = Buffer.allocUnsafeSlow(bytes).fill(0)
      return { memory, start: ffi.getRawPointer(memory) }
    }
  }
}

/** A length as an argument. A BigInt is an object: those of ordinary records are made once. */
export function sizeOf(length: number): bigint {
  return sizes[length] ?? BigInt(length)
}

export function expectOne(result: number): void {
  if (result !== 1) throw new Error(`OpenSSL answered ${result}`)
}

/** The null pointer. */
export const nothing = 0n

const functionsOf = (ffi: typeof import("node:ffi")) => ffi.dlopen(null, symbols).functions

const two = ["pointer", "pointer"] as const
const four = ["pointer", "pointer", "pointer", "pointer"] as const

const symbols = {
  EVP_CIPHER_CTX_new: { arguments: [], return: "pointer" },
  EVP_CIPHER_fetch: { arguments: ["pointer", "pointer", "pointer"], return: "pointer" },
  EVP_CipherInit_ex: { arguments: ["pointer", "pointer", ...four], return: "i32" },
  EVP_CIPHER_CTX_ctrl: { arguments: four, return: "i32" },
  EVP_CIPHER_CTX_set_padding: { arguments: two, return: "i32" },
  EVP_CipherUpdate: { arguments: ["pointer", ...four], return: "i32" },
  EVP_CipherFinal_ex: { arguments: ["pointer", "pointer", "pointer"], return: "i32" },
  ERR_clear_error: { arguments: [], return: "void" },
  SHA256_Init: { arguments: ["pointer"], return: "i32" },
  SHA256_Transform: { arguments: two, return: "void" },
  SHA256_Update: { arguments: ["pointer", "pointer", "pointer"], return: "i32" }
} as const

const sizes = Array.from({ length: 2048 }, (_, length) => BigInt(length))
