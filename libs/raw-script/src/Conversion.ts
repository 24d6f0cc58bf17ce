/**
 * `up`: from the device, bytes to JSON. `down`: to the device, JSON to bytes (enos-protocol §5). `map`: an event to what a sink writes, JSON
 * both ways, by a script of its own.
 */
export type Direction = "up" | "down" | "map"

/** A version of a product's script, or of a sink's, whose id is `productKey` then. */
export interface Script {
  readonly productKey: string
  readonly version: number
  readonly source: string
}

/**
 * Why a script gave nothing. `Threw`, `BadResult`: it ran and could not convert what it was given. `TimeLimit`, `MemoryLimit`: it was ended.
 * `NotLoaded`: its own text can't be run; `NotDefined`: that lacks a function. `Busy`: too much of its product waits; `Suspended`: it met its
 * limits again and again.
 */
export type FailureReason =
  | "TimeLimit"
  | "MemoryLimit"
  | "Threw"
  | "NotLoaded"
  | "NotDefined"
  | "BadResult"
  | "Busy"
  | "Suspended"
  | "Crashed"

export interface ConversionFailure {
  readonly _tag: "Failed"
  readonly reason: FailureReason
  /** For the operator and who wrote the script. */
  readonly message: string
}

/** UTF-8 of what `up` or `map` gave, or the bytes of `down`. */
export type Conversion = { readonly _tag: "Converted"; readonly bytes: Uint8Array } | ConversionFailure

/** Bytes that a conversion takes and gives; a device's body has at most as many. */
export const conversionBytesMax = 64 * 1024
/** Steps of 10 000 bytecodes that one conversion may take; some 30 ms. Counted and not timed, so that a busy machine fails nobody. */
export const stepsMax = 400
/** Heap of one product's script, and its stack. */
export const memoryBytesMax = 16 * 1024 * 1024
export const stackBytesMax = 256 * 1024
