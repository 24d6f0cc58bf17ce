import type { CommandAnswer, CommandHandler, ReceivedCommand } from "@roost/device"
import { EnosCode } from "@roost/enos"

/** How the device answers commands. */
export const answerModes = ["apply", "echo", "refuse"] as const
export type AnswerMode = (typeof answerModes)[number]

/** Small enough to type, slow enough to look at. */
const temperatureMean = 21
const temperatureSwing = 3

/** A meter whose points can be set and asked for, and whose temperature drifts. */
export class Meter {
  readonly #settings = new Map<string, unknown>()
  readonly #mode: AnswerMode

  constructor(mode: AnswerMode) {
    this.#mode = mode
  }

  /** The measurement of report number `sent`, from 0. */
  points(sent: number): Readonly<Record<string, unknown>> {
    const temp = Math.round((temperatureMean + temperatureSwing * Math.sin(sent / 5)) * 10) / 10
    return { temp, ...Object.fromEntries(this.#settings) }
  }

  readonly execute: CommandHandler = (command) => {
    if (this.#mode === "refuse") return { code: EnosCode.handlerNotRegistered, message: "refused by --answer refuse" }
    if (command.method === "") return command.payload
    return this.#mode === "echo" ? { code: EnosCode.success, data: command.params } : this.#apply(command)
  }

  #apply({ method, params }: ReceivedCommand): CommandAnswer {
    if (method === "thing.service.measurepoint.set" && !Array.isArray(params)) {
      for (const [id, value] of Object.entries(params as object)) this.#settings.set(id, value)
      return { code: EnosCode.success }
    }
    if (method === "thing.service.measurepoint.get" && Array.isArray(params)) {
      const ids = params.filter((id): id is string => typeof id === "string")
      return { code: EnosCode.success, data: Object.fromEntries(ids.map((id) => [id, this.#settings.get(id) ?? null])) }
    }
    return { code: EnosCode.success, message: "done" }
  }
}
