/** Where an operation stands among the commands, and how its request is written on a command line. */
export interface Placement {
  /** The command, such as `products create`. */
  readonly words: string
  /** Fields that are given without a flag, in this order, behind those of the path. */
  readonly positional?: ReadonlyArray<string>
  /** Fields of the body that have a flag; all if absent. A body that reading gives has many that nobody can change. */
  readonly changes?: ReadonlyArray<string>
  /** The device is named as `PRODUCT/DEVICE`, although the path has its product only. */
  readonly namesDevice?: true
  /** All words that are left: names of a list, `NAME=VALUE` of an object, or of the body itself (`into` is empty). */
  readonly rest?: { readonly into: string; readonly form: "list" | "pairs" }
  /** `POINT=VALUE`, several times: a request each. */
  readonly points?: true
  /** A file: the body in JSON, or, with `into`, a text of it. */
  readonly file?: { readonly into?: string }
  /** Answers with a page of `items`. */
  readonly list?: List
  /** Issues a command to a device: `--wait` waits for its end. */
  readonly issues?: true
  /** Its command is written by hand, elsewhere. */
  readonly byHand?: true
  /** Of `--help`: what stands behind `roost {words}`, and what it does. */
  readonly examples: ReadonlyArray<readonly [args: string, description: string]>
}

export interface List {
  readonly items: string
  /** Fields that name an item, in `--quiet`: several with a slash between. */
  readonly key: ReadonlyArray<string>
  /** Of the table. */
  readonly columns: ReadonlyArray<string>
  /** How many are listed unless `--limit` or `--all` says otherwise; absent: all. */
  readonly usual?: number
}

/** Of every list of events. */
export const eventColumns = ["at", "kind", "reason"]

/** By the id of the operation. */
export type Placements = Readonly<Record<string, Placement>>
