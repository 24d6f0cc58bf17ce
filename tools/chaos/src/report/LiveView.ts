import { LiveBlock, type Screen } from "@roost/tool-report"
import type { Recorder } from "../record/Recorder.ts"

/** One line of figures that is drawn over itself, and lines that stay above it. Without a terminal every tenth is written. */
export class LiveView {
  readonly #block: LiveBlock
  readonly #start = Date.now()
  #answered = 0
  #ticks = 0

  constructor(screen: Screen) {
    this.#block = new LiveBlock(screen)
  }

  say(text: string): void {
    this.#block.say(this.#timed(text))
  }

  /** Once a second. */
  tick(recorder: Recorder): void {
    const rate = recorder.answered - this.#answered
    this.#answered = recorder.answered
    const waiting = waitingOf(recorder)
    const again = recorder.handshakes.length - recorder.devices.length
    const text = [
      `${recorder.handshakes.length > recorder.devices.length ? recorder.devices.length : recorder.handshakes.length}/${recorder.devices.length} online`,
      `${rate} answers/s`,
      `${waiting.count} waiting, longest ${(waiting.longestMillis / 1000).toFixed(1)} s`,
      `${Math.max(0, again)} handshakes again`,
      `${recorder.commands.length} commands`,
      `${recorder.faults.length} faults`
    ].join("  ")
    if (this.#block.isLive) this.#block.draw([this.#timed(text)])
    else if (this.#ticks++ % 10 === 0) this.say(text)
  }

  #timed(text: string): string {
    return `${((Date.now() - this.#start) / 1000).toFixed(1).padStart(6)} s  ${text}`
  }
}

/** Requests that wait for a response now; of the latest ones, which is where they are. */
const waitingOf = ({ devices, exchanges }: Recorder): { readonly count: number; readonly longestMillis: number } => {
  let count = 0
  let longestMillis = 0
  const seen = new Set<number>()
  for (let i = exchanges.length - 1; i >= 0 && seen.size < devices.length; i--) {
    const { device, endedAt, sentAt } = exchanges[i]!
    if (seen.has(device)) continue
    seen.add(device)
    if (endedAt !== undefined || sentAt.length === 0) continue
    count++
    longestMillis = Math.max(longestMillis, Date.now() - sentAt[0]!)
  }
  return { count, longestMillis }
}
