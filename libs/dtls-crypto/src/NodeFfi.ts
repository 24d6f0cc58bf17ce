/**
 * node:ffi without its warning; undefined where node has none (`--no-experimental-ffi`, before Node 26.1). The warning is about what callers
 * try out on samples before they use any of it.
 */
export function nodeFfi(): typeof import("node:ffi") | undefined {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule("node:ffi") as typeof import("node:ffi") | undefined
  } finally {
    process.emitWarning = emitWarning
  }
}
