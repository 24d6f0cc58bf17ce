/** A value that a statement takes or gives. */
export type Value = string | number | Uint8Array | null

export type Row = Readonly<Record<string, Value>>
