import { fillTemplate, type TemplateValues } from "./Template.ts"

/** Digits of `{id}`: a request's number, always as wide, so that it can be written over the last one's. */
export const idDigits = 10

/** The payload of an uplink: a template with `{id}` and `{pad}`, and those of `Template`. */
export class Payload {
  readonly #template: string
  readonly #bytes: number
  /** The same for all devices but for the id; undefined if the template names the device. */
  readonly #shared: Compiled | undefined

  /** `bytes`: what `{pad}` fills the payload up to. */
  constructor(template: string, bytes: number) {
    this.#template = template
    this.#bytes = bytes
    const probe = (number: number) =>
      fillTemplate(template, { productKey: `${number}`, deviceKey: `${number}`, number, lifetimeSeconds: 0 })
    this.#shared = probe(1) === probe(2) ? compile(template, bytes) : undefined
  }

  get isShared(): boolean {
    return this.#shared !== undefined
  }

  /** Writes the payload of request `id` and returns the offset behind it. */
  writeInto(target: Uint8Array, offset: number, id: number, values: () => TemplateValues): number {
    const { bytes, idsAt } = this.#shared ?? compile(fillTemplate(this.#template, values()), this.#bytes)
    target.set(bytes, offset)
    for (let i = 0; i < idsAt.length; i++) writeDigits(target, offset + idsAt[i]!, id)
    return offset + bytes.length
  }

  bytesMax(values: TemplateValues): number {
    return compile(fillTemplate(this.#template, values), this.#bytes).bytes.length
  }
}

interface Compiled {
  readonly bytes: Uint8Array
  readonly idsAt: ReadonlyArray<number>
}

const compile = (template: string, bytesWanted: number): Compiled => {
  const unpadded = template.replaceAll("{id}", zeros).replaceAll("{pad}", "")
  const missing = Math.max(0, bytesWanted - Buffer.byteLength(unpadded))
  // The first takes it all; a second one would only repeat it.
  const text = template.replace("{pad}", "x".repeat(missing)).replaceAll("{pad}", "")
  const idsAt: Array<number> = []
  let from = 0
  for (let at = text.indexOf("{id}"); at !== -1; at = text.indexOf("{id}", from)) {
    idsAt.push(Buffer.byteLength(text.slice(0, at)) + idsAt.length * (idDigits - "{id}".length))
    from = at + "{id}".length
  }
  return { bytes: Buffer.from(text.replaceAll("{id}", zeros)), idsAt }
}

export const writeDigits = (target: Uint8Array, offset: number, value: number): void => {
  let rest = value
  for (let at = offset + idDigits - 1; at >= offset; at--) {
    const tenth = Math.floor(rest / 10)
    target[at] = 0x30 + rest - tenth * 10
    rest = tenth
  }
}

/** As `{id}` stands in the payload. */
export const idText = (id: number): string => String(id).padStart(idDigits, "0")

const zeros = "0".repeat(idDigits)
