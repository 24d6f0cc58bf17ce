import { figuresOf, type Sample } from "../../src/Figures.ts"
import type { Report } from "../../src/report/Report.ts"

export const sample = (server: string, value: number, more: Partial<Sample> = {}): Sample => ({
  server,
  quantity: "uplinkCpu",
  suite: "CCM_8",
  devices: 1000,
  value,
  ...more
})

export const reportOf = (samples: ReadonlyArray<Sample>): Report => ({
  startedAt: "2026-11-24T02:00:00.000Z",
  minutes: 12.34,
  command: "npm run bench --",
  machine: {
    cpu: "A <fast> processor",
    cores: 2,
    memoryBytes: 24 * 2 ** 30,
    kernel: "Linux 6",
    node: "v26",
    natsServer: "v2.9.10",
    commit: "abc"
  },
  rounds: 3,
  seconds: 4,
  devices: 1000,
  underWay: 64,
  servers: [
    { key: "californium", name: "Californium", warmUp: "warm" },
    { key: "roost", name: "Roost", warmUp: "warm" },
    { key: "floor", name: "floor", warmUp: "warm" },
    { key: "roost-2", name: "Roost, 2 session-actors", warmUp: "warm" },
    { key: "floor-linked", name: "floor of two", warmUp: "warm" },
    { key: "started", name: "npm start", warmUp: "warm" }
  ],
  notes: ["libcoap: skipped: `cc --version` does not work here (Debian package build-essential)"],
  figures: figuresOf(samples)
})
