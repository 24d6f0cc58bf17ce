import { NdjsonLines } from "../src/Ndjson.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const lineBytesMax = 64

export const fuzzTargets = [
  {
    name: "ndjson",
    bytesMax: 400,
    seeds: () => [`{"deviceKey":"a"}\n{"deviceKey":"b"}\r\n\n  \n{`, "\xff\n".repeat(3), "x".repeat(200)].map(bytes),
    /** However the body is cut into chunks, the lines are the same. */
    run: (input: Uint8Array) => {
      const whole = new NdjsonLines(lineBytesMax)
      const expected = [...whole.push(input), ...whole.end()]
      const cut = new NdjsonLines(lineBytesMax)
      const size = 1 + ((input[0] ?? 0) % 17)
      const lines: Array<unknown> = []
      for (let at = 0; at < input.length; at += size) lines.push(...cut.push(input.subarray(at, at + size)))
      lines.push(...cut.end())
      if (JSON.stringify(lines) !== JSON.stringify(expected)) throw new Error("the cut decides what is read")
    }
  }
]
