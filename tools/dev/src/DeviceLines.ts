import type { Line } from "./LiveView.ts"

/** Lines of devices that one second shows at most; the rest is counted. */
export const linesPerSecondMax = 20

/**
 * Selects the lines of devices. A load test brings thousands a second, and the terminal is for people. Pure: the time comes with
 * each call, in milliseconds.
 */
export class DeviceLines {
  /** The beginning of the device's name in a line, such as `demo/`; undefined: any; null: none is shown. */
  readonly #only: string | undefined | null
  #second = -Infinity
  #shown = 0
  readonly #leftOut = new Map<Line["kind"], number>()
  readonly #devices = new Set<string>()

  constructor(only: string | undefined | null) {
    this.#only = only
  }

  /** Whether to show this line. */
  take(now: number, line: Line): boolean {
    // Of Roost itself: such as a full stream.
    if (line.device !== "roost" && (this.#only === null || !line.device.startsWith(this.#only ?? ""))) return false
    if (now - this.#second >= 1_000 && this.#leftOut.size === 0) {
      this.#second = now
      this.#shown = 0
    }
    if (this.#shown < linesPerSecondMax) {
      this.#shown++
      return true
    }
    this.#leftOut.set(line.kind, (this.#leftOut.get(line.kind) ?? 0) + 1)
    if (this.#devices.size < devicesCountedMax) this.#devices.add(line.device)
    return false
  }

  /** Of what was left out since the last call; undefined if nothing was. To be asked once a second. */
  summary(now: number): string | undefined {
    if (this.#leftOut.size === 0) return undefined
    const kinds = [...this.#leftOut].map(([kind, count]) => `${count} ${kind}`).join(", ")
    const devices = `${this.#devices.size}${this.#devices.size === devicesCountedMax ? " or more" : ""}`
    this.#leftOut.clear()
    this.#devices.clear()
    this.#second = now
    this.#shown = 0
    return `  … ${kinds} more, of ${devices} devices (npm start -- --device KEY/ or --quiet shows less)`
  }
}

const devicesCountedMax = 10_000
