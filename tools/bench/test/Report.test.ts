import { assert, describe, it } from "vitest"
import type { Sample } from "../src/Figures.ts"
import { htmlOf } from "../src/report/Html.ts"
import { markdownOf } from "../src/report/Markdown.ts"
import { rounded } from "../src/report/Round.ts"
import { tablesOf } from "../src/report/Table.ts"
import { reportOf, sample } from "./support/givenReport.ts"

const rounds = [
  ...[40, 42, 39].map((value) => sample("californium", value)),
  ...[60, 66, 64].map((value) => sample("roost", value)),
  ...[30, 31, 32].map((value) => sample("roost", value, { process: "session-actors" })),
  ...[5, 5, 5].map((value) => sample("floor", value, { suite: "none" })),
  sample("roost-2", 70),
  sample("roost", 0.8, { quantity: "idleCpu", devices: 20_000 })
]

describe("report", () => {
  it("shows medians with their spread and the ratio to the first server", () => {
    const [sideBySide] = tablesOf(reportOf(rounds))
    assert.deepStrictEqual(sideBySide!.columns, ["Californium", "Roost", "floor"])
    assert.deepStrictEqual(sideBySide!.rows, [
      {
        title: "CPU per uplink, µs (CCM_8, 1000 devices)",
        cells: [
          { value: "40.0", spread: "±5 %", ratio: "", verdict: undefined },
          { value: "64.0", spread: "±6 %", ratio: "1.60×", verdict: "worse" },
          { value: "5.00", spread: "±0 %", ratio: "0.13×", verdict: "better" }
        ]
      }
    ])
  })

  it("calls a difference within the spread of both none, and more of a rate better", () => {
    const verdicts = (quantity: Sample["quantity"], reference: number, own: number) =>
      tablesOf(
        reportOf([
          ...[0.95, 1, 1.05].map((f) => sample("californium", reference * f, { quantity })),
          ...[0.95, 1, 1.05].map((f) => sample("roost", own * f, { quantity }))
        ])
      )[0]!.rows[0]!.cells[1]!.verdict
    assert.strictEqual(verdicts("uplinkRate", 1000, 1090), "same")
    assert.strictEqual(verdicts("uplinkRate", 1000, 1200), "better")
    assert.strictEqual(verdicts("uplinkCpu", 1000, 1200), "worse")
  })

  it("says that it is noisy where other programs used the machine", () => {
    const othersBusy = (value: number) => markdownOf(reportOf([sample("roost", value, { quantity: "othersBusy" })]))
    assert.include(othersBusy(148), "NOISY: other programs used up to 148 % of a core")
    assert.notInclude(othersBusy(3), "NOISY")
  })

  it("gives no ratio of what is a condition and nobody's merit", () => {
    const [sideBySide] = tablesOf(
      reportOf(["californium", "roost"].map((server, i) => sample(server, i + 1, { quantity: "floorP99" })))
    )
    assert.deepStrictEqual(sideBySide!.rows[0]!.cells[1], { value: "2.00", spread: "", ratio: "", verdict: undefined })
  })

  it("splits Roost's cost by process, and sets several session-actors beside one", () => {
    const [, split, actors, alone] = tablesOf(reportOf(rounds))
    assert.containSubset(split, { columns: ["session-actors"], rows: [{ cells: [{ value: "31.0" }] }] })
    assert.containSubset(actors, {
      columns: ["Roost", "Roost, 2 session-actors"],
      rows: [{ cells: [{ value: "64.0" }, { value: "70.0", ratio: "1.09×" }] }]
    })
    assert.containSubset(alone!.rows, [
      { title: "idle CPU of online devices, % of a core (CCM_8, 20000 devices)", cells: [{ value: "0.800" }] }
    ])
  })

  it("sets fixed rates beside the least of two processes that stores, and splits npm start's cost by process", () => {
    const atRate = (server: string, rate: number, value: number, more: Partial<Sample> = {}) =>
      sample(server, value, { quantity: "rateCpu", rate, ...more })
    const tables = tablesOf(
      reportOf([
        ...[200, 1000].flatMap((rate) => [
          atRate("californium", rate, 300),
          atRate("started", rate, 1500),
          atRate("floor-linked", rate, 750, { suite: "none" }),
          atRate("floor", rate, 100, { suite: "none" }),
          atRate("started", rate, 600, { process: "nats-server" })
        ]),
        atRate("started", 200, 12, { quantity: "rateP99" })
      ])
    )
    assert.deepStrictEqual(
      tables.map(({ title }) => title),
      ["Uplinks at fixed rates, nothing pinned", "npm start's CPU at fixed rates, by process"]
    )
    const [beside, split] = tables
    assert.deepStrictEqual(beside!.columns, ["floor of two", "npm start", "Californium", "floor"])
    assert.deepStrictEqual(
      beside!.rows.map(({ cells, title }) => [title, cells.map((cell) => cell?.ratio)]),
      [
        ["CPU per uplink at 200/s, µs (1000 devices)", ["", "2.00×", "0.40×", "0.13×"]],
        ["CPU per uplink at 1000/s, µs (1000 devices)", ["", "2.00×", "0.40×", "0.13×"]],
        ["p99 at 200/s, ms (1000 devices)", [undefined, "", undefined, undefined]]
      ]
    )
    assert.containSubset(split, { columns: ["nats-server"], rows: [{ cells: [{ value: "600" }] }] })
  })

  it("shows what a server has no value for as a dash", () => {
    const markdown = markdownOf(reportOf([...rounds, sample("californium", 100, { quantity: "handshakeCpu" })]))
    assert.include(markdown, "| CPU per full handshake, µs (CCM_8, 1000 devices) | 100 | – | – |")
  })

  it("is Markdown with the conditions, the skipped peers and every table", () => {
    const markdown = markdownOf(reportOf(rounds))
    assert.include(
      markdown,
      "| CPU per uplink, µs (CCM_8, 1000 devices) | 40.0 ±5 % | 64.0 ±6 % **1.60×** | 5.00 ±0 % **0.13×** |"
    )
    assert.include(markdown, "- libcoap: skipped: `cc --version` does not work here")
    assert.include(markdown, "12.3 minutes")
    for (const { title } of tablesOf(reportOf(rounds))) assert.include(markdown, `## ${title}`)
  })

  it("is one HTML page that escapes foreign text and loads nothing", () => {
    const html = htmlOf(reportOf(rounds))
    assert.include(html, "A &lt;fast&gt; processor")
    assert.include(html, '<b class="bad">1.60×</b>')
    assert.notMatch(html, /src=|href=|@import|url\(/)
  })

  it.each([
    [0, "0.00"],
    [0.01234, "0.012"],
    [1.234, "1.23"],
    [12.34, "12.3"],
    [123.4, "123"],
    [123_456, "123456"],
    [Number.NaN, "–"]
  ])("rounds %d to %s", (value, text) => {
    assert.strictEqual(rounded(value), text)
  })
})
