import { assert, describe, it } from "vitest"
import { selectFaults } from "../src/faults/FaultType.ts"
import { findingKinds } from "../src/record/Finding.ts"
import { runChaos } from "../src/runChaos.ts"

// Short runs with real processes: long enough for each of these faults once, from seeds that are always the same.

const runs: ReadonlyArray<readonly [title: string, seed: number, faults: ReadonlyArray<string>]> = [
  ["SIGKILL of every app", 6, ["sigkill"]],
  ["a drain of every app", 4, ["drain"]]
]

describe("chaos", () => {
  for (const [title, seed, words] of runs) {
    it(`${title}: devices keep their sessions, nothing is lost or doubled (R1–R4, R6, R9)`, async () => {
      const types = selectFaults(words)
      if ("unknown" in types) throw new Error(types.unknown)
      const { verdict } = await runChaos(
        {
          seed,
          types,
          devices: 40,
          faultSeconds: 22,
          thinkMillis: 500,
          commandsPerSecond: 5,
          actors: 2,
          edges: 2,
          downlinks: 2,
          registries: 2,
          natsServers: 1
        },
        new AbortController().signal
      )
      const nothing = Object.fromEntries(findingKinds.map((kind) => [kind, 0]))
      assert.deepStrictEqual(verdict.counts, nothing, JSON.stringify(verdict.findings, null, 2))
      assert.isAbove(verdict.uplinksAcknowledged, 100)
      assert.isAbove(verdict.commandsIssued, 10)
      assert.isAtLeast(verdict.silences.faults.length, 4)
    }, 400_000)
  }
})
