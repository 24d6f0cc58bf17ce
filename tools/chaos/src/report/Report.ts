import type { InjectedFault, RecordedDevice } from "../record/Recording.ts"
import type { ChaosConfig, ChaosRun } from "../runChaos.ts"
import type { Verdict } from "../record/check.ts"
import { violationsOf } from "../record/check.ts"

/** A run for people and programs: what `--json` writes and the page shows. Times in milliseconds from the start. */
export interface Report {
  readonly startedAt: string
  readonly millis: number
  readonly command: string
  readonly config: Omit<ChaosConfig, "types"> & { readonly types: ReadonlyArray<string> }
  readonly passed: boolean
  readonly verdict: Verdict
  readonly faults: ReadonlyArray<InjectedFault>
  readonly series: Series
}

export interface Series {
  readonly binMillis: number
  /** Per bin. */
  readonly answered: ReadonlyArray<number>
  readonly refused: ReadonlyArray<number>
  readonly retransmitted: ReadonlyArray<number>
  readonly handshakes: ReadonlyArray<number>
  readonly devices: ReadonlyArray<RecordedDevice & { readonly waits: string }>
}

const binsMax = 900
const binMillisMin = 500

export const reportOf = ({ config, recording, verdict }: ChaosRun, command: string): Report => {
  const { endedAt, faults, startedAt } = recording
  return {
    startedAt: new Date(startedAt).toISOString(),
    millis: endedAt - startedAt,
    command,
    config: { ...config, types: config.types.map(({ group, kind }) => `${kind}:${group}`) },
    passed: violationsOf(verdict) === 0,
    verdict,
    faults: faults.map(({ at, endedAt, kind, target }) => ({
      kind,
      target,
      at: at - startedAt,
      endedAt: endedAt - startedAt
    })),
    series: seriesOf(recording)
  }
}

/**
 * `waits`: one digit per bin, how long the device has been without an answer to its request at most. It is 0 for one that came
 * promptly or nothing asked, n for up to 2^(n-1) s, 8 for longer.
 */
const seriesOf = ({ devices, endedAt, exchanges, handshakes, startedAt }: ChaosRun["recording"]): Series => {
  const millis = endedAt - startedAt
  const binMillis = Math.max(binMillisMin, Math.ceil(millis / binsMax))
  const bins = Math.ceil(millis / binMillis) + 1
  const binOf = (at: number): number => Math.max(0, Math.min(bins - 1, Math.floor((at - startedAt) / binMillis)))
  const zeros = () => Array.from({ length: bins }, () => 0)
  const [answered, refused, retransmitted, shaken] = [zeros(), zeros(), zeros(), zeros()]
  const waits = devices.map(() => new Uint8Array(bins))
  for (const { code, device, endedAt: at, sentAt } of exchanges) {
    if (sentAt.length === 0) continue
    if (at !== undefined) (code.startsWith("2.") ? answered : refused)[binOf(at)]!++
    for (const again of sentAt.slice(1)) retransmitted[binOf(again)]!++
    const until = at ?? endedAt
    const first = binOf(sentAt[0]!)
    for (let bin = first; bin <= binOf(until); bin++) {
      const waited = Math.min(until, startedAt + (bin + 1) * binMillis) - sentAt[0]!
      const row = waits[device]!
      row[bin] = Math.max(row[bin]!, gradeOf(waited))
    }
  }
  for (const { at } of handshakes) shaken[binOf(at)]!++
  return {
    binMillis,
    answered,
    refused,
    retransmitted,
    handshakes: shaken,
    devices: devices.map((device, i) => ({ ...device, waits: waits[i]!.join("") }))
  }
}

const gradeOf = (millis: number): number =>
  millis < 500 ? 0 : Math.min(8, 1 + Math.ceil(Math.log2(Math.max(1, millis / 1000))))
