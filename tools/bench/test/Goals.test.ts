import { assert, it } from "vitest"
import type { Sample } from "../src/Figures.ts"
import { goalsOf } from "../src/Goals.ts"
import { partOf } from "../src/load/LoadGroup.ts"
import { Progress } from "../src/Progress.ts"
import { markdownOf } from "../src/report/Markdown.ts"
import { reportOf, sample } from "./support/givenReport.ts"

const goal = (samples: ReadonlyArray<Sample>, title: string, bound: string) =>
  goalsOf(reportOf(samples)).find((goal) => goal.title.startsWith(title) && goal.bound.includes(bound))!

it("compares medians at 5 000 devices, and nothing else", () => {
  const at = (devices: number, own: number) => [
    sample("californium", 40, { devices }),
    ...[own - 3, own, own + 50].map((value) => sample("roost", value, { devices }))
  ]
  assert.containSubset(goal(at(5000, 39), "CPU per uplink", "1 × Californium"), {
    figure: "0.97 × (39.0 ±128 % to 40.0 µs)",
    verdict: "kept"
  })
  assert.strictEqual(goal(at(5000, 41), "CPU per uplink", "1 × Californium").verdict, "not kept")
  assert.containSubset(goal(at(1000, 39), "CPU per uplink", "1 × Californium"), {
    figure: "",
    verdict: "not measured",
    measuredBy: "--rows traffic --devices 5000 --peers roost,californium"
  })
  assert.strictEqual(goal(at(5000, 39), "CPU per uplink", "libcoap").verdict, "not measured")
})

it("calls the cost flat if every size of the fleet is within 15 % of their middle, over the whole range", () => {
  const fleet = (...costs: ReadonlyArray<readonly [number, number]>) =>
    goal(
      costs.map(([devices, value]) => sample("roost", value, { quantity: "flatCpu", devices })),
      "CPU per uplink, the same",
      "15 %"
    )
  assert.containSubset(fleet([100, 86], [1000, 100], [100_000, 114]), { verdict: "kept" })
  assert.containSubset(fleet([100, 84], [1000, 100], [100_000, 116]), {
    figure: "± 16 % (84.0 µs at 100, 100 µs at 1000, 116 µs at 100000)",
    verdict: "not kept"
  })
  assert.strictEqual(fleet([100, 85], [10_000, 85]).verdict, "not measured")
})

it("judges memory at the largest fleet, and latency beside the floor at the same rate", () => {
  const samples = [
    sample("roost", 1400, { quantity: "liveMemory", devices: 1000 }),
    sample("roost", 1501, { quantity: "liveMemory", devices: 10_000 }),
    sample("roost", 4, { quantity: "p99" }),
    sample("roost", 1, { quantity: "floorP99" }),
    sample("floor", 30, { quantity: "p99", suite: "none" })
  ]
  assert.containSubset(goal(samples, "Memory in use", "1500"), { figure: "1501 B", verdict: "not kept" })
  assert.containSubset(goal(samples, "p99", "echo"), {
    figure: "4.00 ms (the bound is 4.00 ms, the echo's p99 1.00 ms)",
    verdict: "kept"
  })
})

it("judges npm start at each rate beside the least of two processes at the same rate", () => {
  const at = (rate: number, own: number, least: number) => [
    sample("started", own, { quantity: "rateCpu", rate }),
    sample("started", own / 2, { quantity: "rateCpu", rate, process: "registry" }),
    sample("floor-linked", least, { quantity: "rateCpu", rate, suite: "none" })
  ]
  const samples = [
    ...at(200, 1500, 1000),
    ...at(6000, 210, 200),
    sample("started", 13, { quantity: "rateP99", rate: 200 }),
    sample("floor-linked", 5, { quantity: "rateP99", rate: 200, suite: "none" })
  ]
  assert.containSubset(goal(samples, "CPU per uplink of npm start at 200/s", "1.5 ×"), {
    figure: "1.50 × (1500 to 1000 µs)",
    verdict: "kept"
  })
  assert.strictEqual(goal(samples, "CPU per uplink of npm start at 6000/s", "1 ×").verdict, "not kept")
  assert.containSubset(goal(samples, "p99 of npm start at 200/s", "3 ms"), {
    figure: "13.0 ms (the bound is 13.0 ms)",
    verdict: "kept"
  })
  assert.containSubset(goal(samples, "CPU per uplink of npm start at 1000/s", "1.4 ×"), {
    verdict: "not measured",
    measuredBy: "--rows rates --rates 1000 --peers roost,floor"
  })
})

it("is in the report, with the options that measure what this run did not", () => {
  const markdown = markdownOf(reportOf([sample("roost", 0.5, { quantity: "idleCpu", devices: 100_000 })]))
  assert.include(
    markdown,
    "| CPU of 100000 online devices that say nothing | ≤ 1 % of a core | 0.500 % of a core | **kept** |"
  )
  assert.include(markdown, "| not measured in this run: `--rows memory --peers roost` | – |")
})

it("deals devices to processes so that a fleet that grows takes none away", () => {
  for (let total = 1; total < 50; total++) {
    const parts = [0, 1, 2, 3, 4, 5, 6].map((i) => partOf(total, i, 7))
    assert.strictEqual(
      parts.reduce((sum, part) => sum + part),
      total
    )
    for (const [i, part] of parts.entries()) assert.isAtLeast(part, partOf(total - 1, i, 7))
  }
})

it("tells the time that is left from how wrong its guesses were", () => {
  let now = 0
  let said = ""
  const progress = new Progress(
    (text) => (said += text),
    () => now
  )
  const task = (title: string, seconds: number) => ({ title, seconds })
  progress.begin([task("one", 60), task("two", 120)])
  progress.next()
  now = 30_000
  progress.step("uplinks")
  now = 90_000
  progress.next()
  assert.deepStrictEqual(said.split("\n"), [
    "[1/2, about 3.0 min left] one",
    "    0:30  uplinks",
    "[2/2, about 3.0 min left] two",
    ""
  ])
})
