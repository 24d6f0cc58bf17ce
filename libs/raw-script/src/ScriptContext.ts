import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule
} from "quickjs-emscripten-core"
import {
  type Conversion,
  conversionBytesMax,
  type ConversionFailure,
  type Direction,
  type FailureReason,
  memoryBytesMax,
  stackBytesMax,
  stepsMax
} from "./Conversion.ts"

/** Loads QuickJS; its WebAssembly is a file of the package. */
export const loadQuickJs = (): Promise<QuickJSWASMModule> =>
  newQuickJSWASMModuleFromVariant(import("@jitl/quickjs-wasmfile-release-sync"))

/**
 * One script in a QuickJS of its own: no files, no network, no timers, nothing of Node. It lives on between conversions, and is thrown away
 * when it met a limit.
 */
export class ScriptContext {
  readonly #runtime: QuickJSRuntime
  readonly #context: QuickJSContext
  #steps = 0

  private constructor(quickJs: QuickJSWASMModule) {
    this.#runtime = quickJs.newRuntime({
      memoryLimitBytes: memoryBytesMax,
      maxStackSizeBytes: stackBytesMax,
      interruptHandler: () => ++this.#steps > stepsMax
    })
    this.#context = this.#runtime.newContext()
  }

  /** Runs the script's own text, which must define what is called in this direction; of a raw product's both functions. */
  static open(quickJs: QuickJSWASMModule, source: string, direction: Direction): ScriptContext | ConversionFailure {
    const made = new ScriptContext(quickJs)
    const needed = direction === "map" ? [nameOf.map] : [nameOf.up, nameOf.down]
    const failure =
      loadFailureOf(made.#evaluate(source, "script.js")) ?? made.#evaluate(entry, "roost.js") ?? made.#missing(needed)
    if (failure === undefined) return made
    made.close()
    return failure
  }

  /** `input`: bytes for `up`, UTF-8 of JSON else. */
  convert(direction: Direction, input: Uint8Array): Conversion {
    const context = this.#context
    const text = direction === "up" ? `[${input.join()}]` : utf8.decode(input)
    this.#steps = 0
    const argument = context.newString(text)
    const entryPoint = context.getProp(context.global, entryOf[direction])
    try {
      const result = context.callFunction(entryPoint, context.undefined, argument)
      if (result.error !== undefined) return this.#failureOf(result.error)
      const output = context.typeof(result.value) === "string" ? context.getString(result.value) : undefined
      result.value.dispose()
      if (output === undefined) return failed("BadResult", `${nameOf[direction]} gave no ${resultOf[direction]}`)
      return direction === "down" ? bytesResult(output) : textResult(output, nameOf[direction])
    } finally {
      entryPoint.dispose()
      argument.dispose()
    }
  }

  close(): void {
    this.#context.dispose()
    this.#runtime.dispose()
  }

  #evaluate(source: string, name: string): ConversionFailure | undefined {
    this.#steps = 0
    const result = this.#context.evalCode(source, name)
    if (result.error !== undefined) return this.#failureOf(result.error)
    result.value.dispose()
    return undefined
  }

  #missing(needed: ReadonlyArray<string>): ConversionFailure | undefined {
    for (const name of needed) {
      const result = this.#context.evalCode(`typeof ${name}`)
      const type = result.error === undefined ? this.#context.dump(result.value) : "error"
      result.dispose()
      if (type !== "function") return failed("NotDefined", `the script defines no function ${name}`)
    }
    return undefined
  }

  #failureOf(error: QuickJSHandle): ConversionFailure {
    const thrown: unknown = this.#context.dump(error)
    error.dispose()
    const { message, name, stack } =
      typeof thrown === "object" && thrown !== null ? (thrown as Record<string, unknown>) : { message: thrown }
    if (name === "InternalError" && message === "interrupted") {
      return failed("TimeLimit", `the script took more than ${stepsMax * 10_000} steps`)
    }
    if (name === "InternalError" && message === "out of memory") {
      return failed("MemoryLimit", `the script used more than ${memoryBytesMax / 1024 / 1024} MiB`)
    }
    const where = /script\.js:\d+(:\d+)?/.exec(String(stack))?.[0] ?? ""
    return failed("Threw", `${String(name ?? "Error")}: ${String(message)} ${where}`.trim().slice(0, 500))
  }
}

/** An exception of a script before it is given anything is no fault of its input. */
const loadFailureOf = (failure: ConversionFailure | undefined): ConversionFailure | undefined =>
  failure?.reason === "Threw" ? failed("NotLoaded", failure.message) : failure

const nameOf: Readonly<Record<Direction, string>> = { up: "rawDataToJsonStr", down: "jsonStrToRawData", map: "map" }
const entryOf: Readonly<Record<Direction, string>> = { up: "__roostUp", down: "__roostDown", map: "__roostMap" }
const resultOf: Readonly<Record<Direction, string>> = { up: "text", down: "bytes", map: "JSON" }

/** A script's calling convention: bytes go in as an array of 0–255, and come out of anything with a length. */
const entry = `
globalThis.__roostUp = (text) => {
  const result = rawDataToJsonStr(JSON.parse(text))
  return typeof result === "string" ? result : undefined
}
globalThis.__roostDown = (text) => {
  const result = jsonStrToRawData(text)
  return result === null || typeof result !== "object" ? undefined : Array.prototype.join.call(result)
}
globalThis.__roostMap = (text) => JSON.stringify(map(JSON.parse(text)) ?? null)`

const textResult = (output: string, from: string): Conversion => {
  const bytes = utf8Encoder.encode(output)
  if (bytes.length === 0) return failed("BadResult", `${from} gave an empty text`)
  return bytes.length > conversionBytesMax ? tooLarge : { _tag: "Converted", bytes }
}

const bytesResult = (output: string): Conversion => {
  const numbers = output === "" ? [] : output.split(",", conversionBytesMax + 1).map(Number)
  if (numbers.length === 0) return failed("BadResult", "jsonStrToRawData gave no bytes")
  if (numbers.length > conversionBytesMax) return tooLarge
  // Java's bytes are signed, and scripts for EnOS may have them so.
  if (!numbers.every((number) => Number.isInteger(number) && number >= -128 && number <= 255)) {
    return failed("BadResult", "jsonStrToRawData gave something else than bytes (-128 to 255)")
  }
  return { _tag: "Converted", bytes: Uint8Array.from(numbers, (number) => number & 0xff) }
}

export const failed = (reason: FailureReason, message: string): ConversionFailure => ({
  _tag: "Failed",
  reason,
  message
})

const tooLarge = failed("BadResult", `the result has more than ${conversionBytesMax} bytes`)
const utf8 = new TextDecoder()
const utf8Encoder = new TextEncoder()
