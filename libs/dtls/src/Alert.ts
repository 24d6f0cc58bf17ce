/** RFC 5246 §7.2: the alerts that this library sends or tells apart. */
export const AlertLevel = { warning: 1, fatal: 2 } as const

export const AlertDescription = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  handshake_failure: 40,
  illegal_parameter: 47,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  internal_error: 80,
  user_canceled: 90,
  no_renegotiation: 100,
  unsupported_extension: 110,
  unknown_psk_identity: 115
} as const

export type AlertName = keyof typeof AlertDescription

export interface Alert {
  readonly level: number
  readonly description: number
}

export function fatalAlert(name: AlertName): Alert {
  return { level: AlertLevel.fatal, description: AlertDescription[name] }
}

export function warningAlert(name: AlertName): Alert {
  return { level: AlertLevel.warning, description: AlertDescription[name] }
}

export function encodeAlert(alert: Alert): Uint8Array {
  return Uint8Array.of(alert.level, alert.description)
}

/**
 * Undefined unless it is whole alerts: DTLS carries no fragments of one. Of several in a record, which RFC 5246 §6.2.1
 * allows, the first that ends the connection counts, else the first.
 */
export function decodeAlert(fragment: Uint8Array): Alert | undefined {
  if (fragment.length === 0 || fragment.length % 2 !== 0) return undefined
  let first: Alert | undefined
  for (let at = 0; at < fragment.length; at += 2) {
    const level = fragment[at]!
    if (level !== AlertLevel.warning && level !== AlertLevel.fatal) return undefined
    const alert = { level, description: fragment[at + 1]! }
    if (endsConnection(alert)) return alert
    first ??= alert
  }
  return first
}

/** RFC 5246 §7.2: a fatal one, or close_notify of any level. */
export function endsConnection(alert: Alert): boolean {
  return alert.level === AlertLevel.fatal || alert.description === AlertDescription.close_notify
}

const names = new Map<number, AlertName>(
  Object.entries(AlertDescription).map(([name, description]) => [description, name as AlertName])
)

/** The RFC's name, or the bare number of an alert that has none here. */
export function alertName(description: number): string {
  return names.get(description) ?? `alert_${description}`
}
