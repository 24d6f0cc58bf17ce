/** The values that a template's placeholders stand for. */
export interface TemplateValues {
  readonly productKey: string
  readonly deviceKey: string
  /** The device's number. */
  readonly number: number
  readonly lifetimeSeconds: number
}

/**
 * `{product}`, `{device}`, `{lifetime}` and `{n}`; `%d` and `%06d` are the device's number too, as in other load tools.
 * Other braces stay: payloads are JSON.
 */
export const fillTemplate = (template: string, values: TemplateValues): string =>
  template.replace(placeholders, (placeholder: string, width: string | undefined) => {
    switch (placeholder) {
      case "{product}":
        return values.productKey
      case "{device}":
        return values.deviceKey
      case "{lifetime}":
        return String(values.lifetimeSeconds)
      case "{n}":
        return String(values.number)
      default:
        return String(values.number).padStart(Number(width ?? 0), "0")
    }
  })

const placeholders = /\{product\}|\{device\}|\{lifetime\}|\{n\}|%(?:0(\d+))?d/g
