import { assert, describe, it } from "vitest"
import { Coverage } from "../src/Coverage.ts"
import { Fuzzer } from "../src/Fuzzer.ts"
import { countersName, instrument } from "../src/Instrument.ts"

/** A parser with a fault behind three comparisons, which chance alone finds once in 2^32 inputs. */
const parser = `
export const run = (input) => {
  if (input.length < 8) return
  if (input[0] !== 0x52) return
  if (input[1] !== 0xab) return
  const length = (input[2] << 8) | input[3]
  if (length !== 777) return
  for (const octet of input.subarray(4)) if (octet === 0) return
  throw new Error("found " + input.length)
}`

/** The text as a module, with its counters in scope. */
const load = async (code: string, coverage: Coverage): Promise<(input: Uint8Array) => unknown> => {
  const module = `export let ${countersName}; export const use = (counters) => { ${countersName} = counters };\n${code}`
  const loaded = (await import(`data:text/javascript,${encodeURIComponent(module)}`)) as {
    readonly use: (counters: Uint32Array) => void
    readonly run: (input: Uint8Array) => unknown
  }
  loaded.use(coverage.counters)
  return loaded.run
}

let loads = 0

const fuzzerOf = async (text: string, seed: number) => {
  const { code, counters, dictionary } = instrument(text)
  const coverage = new Coverage(counters)
  // The same text would be the same module, with the counters of the one before.
  const run = await load(`${code}\n// ${loads++}`, coverage)
  const target = { name: "planted", bytesMax: 64, seeds: () => [new Uint8Array(0)], run }
  const fuzzer = new Fuzzer({ target, coverage, dictionary, seed, now: () => 0 })
  fuzzer.begin([])
  return fuzzer
}

describe("Fuzzer", () => {
  it("is led by coverage to a fault that chance would not find, and makes it small", async () => {
    const fuzzer = await fuzzerOf(parser, 1)
    while (fuzzer.findings.size === 0 && fuzzer.runs < 2_000_000) fuzzer.step(() => {})
    const [finding] = fuzzer.findings.values()
    assert.match(finding!.stack, /found 8/)
    assert.deepStrictEqual([...finding!.input.subarray(0, 4)], [0x52, 0xab, 777 >> 8, 777 & 0xff])
    assert.strictEqual(finding!.input.length, 8)
  })

  it("tries the same inputs for the same seed", async () => {
    const [one, other] = [await fuzzerOf(parser, 7), await fuzzerOf(parser, 7)]
    for (let i = 0; i < 5_000; i++) {
      const tried: Array<Uint8Array> = []
      one.step((input) => tried.push(input))
      other.step((input) => assert.deepStrictEqual(input, tried[0]))
    }
  })

  it("counts inputs that fail for one reason once, and goes on", async () => {
    const text = `export const run = (input) => { if (input.length > 3) throw new Error("too long " + input.length) }`
    const fuzzer = await fuzzerOf(text, 3)
    for (let i = 0; i < 2_000; i++) fuzzer.step(() => {})
    assert.strictEqual(fuzzer.runs, 2_001)
    assert.deepStrictEqual(
      [...fuzzer.findings.values()].map(({ input }) => input.length),
      [4]
    )
  })
})

describe("instrument", () => {
  it("changes nothing of what the code does", async () => {
    const text = `
      const pick = (n) => n > 2 ? "many" : n === 1 || n === 2 ? "few" : n ?? "none"
      const sum = (ns) => { let all = 0; for (const n of ns) all += n; do all++; while (all < 0); return all }
      const kind = (n) => { switch (n) { case 1: return "one"; case 2: default: return "other" } }
      const caught = () => { try { throw 1 } catch { return "caught" } finally { void 0 } }
      class A { #x = 1; get x() { return this.#x } static of = () => ({ ...new A(), b: [..."ab"] }) }
      export const run = () =>
        JSON.stringify([pick(3), pick(1), pick(0), pick(null), sum([1, 2]), kind(1), kind(5), caught(), new A().x, A.of()])`
    const { code, counters } = instrument(text)
    const coverage = new Coverage(counters)
    const plain = await load(text, coverage)
    const counted = await load(code, coverage)
    const nothing = new Uint8Array(0)
    assert.strictEqual(counted(nothing), plain(nothing))
    assert.isTrue(coverage.merge())
    assert.isAbove(coverage.places, 10)
    coverage.clear()
    assert.isFalse(coverage.merge())
  })
})
