import { isStorable, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { DeviceStatus } from "../Registry.ts"
import { textOf } from "../http/Texts.ts"
import { decodeToken, encodeToken } from "../SubjectToken.ts"
import { RegisteredDevice } from "./RegisteredDevice.ts"

/** A search says exactly how many devices it finds up to here, and `10000+` beyond. */
export const countedFoundMax = 10_000

/** Characters of a part that is searched for. */
export const searchedPartMax = 100

/** One of what a search finds: the device as reading it shows it, as far as the registry stores it, and its tags. */
export const DeviceSummary = Schema.Struct({
  ...RegisteredDevice.fields,
  tags: Schema.Record(Schema.String, Schema.String).annotate({ description: "By name." })
}).annotate({ identifier: "DeviceSummary" })
export type DeviceSummary = typeof DeviceSummary.Type

export const DeviceSort = Schema.Literals(["deviceKey", "-deviceKey", "lastSeen", "-lastSeen"])
export type DeviceSort = typeof DeviceSort.Type

const unitMillis: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `24h`, `7d`, or the same as ISO 8601 has it with one unit: `PT15M`, `P7D`. */
export const SilenceText = Schema.String.check(
  Schema.isPattern(/^([0-9]{1,6}[smhd]|PT[0-9]{1,6}[SMH]|P[0-9]{1,6}D)$/u, {
    message:
      "expected a number with s, m, h or d, such as 15m, 24h or 7d, or ISO 8601 with one unit, such as PT15M or P7D"
  })
)

/** Of a text that `SilenceText` takes, milliseconds. */
export const silenceMillis = (text: string): number => {
  const plain = text.replace(/^PT?/, "").toLowerCase()
  return Number(plain.slice(0, -1)) * unitMillis[plain.at(-1)!]!
}

/** A tag by its name, or by name and value with `=` between them. */
export const TagQuery = textOf(1, 301)

export interface TagFilter {
  readonly name: string
  readonly value?: string
}

export const tagFilter = (text: string): TagFilter => {
  const end = text.indexOf("=")
  return end === -1 ? { name: text } : { name: text.slice(0, end), value: text.slice(end + 1) }
}

/** Conditions on devices of all products; an absent one is no condition. */
export const deviceQuery = {
  q: Schema.optionalKey(
    textOf(1, searchedPartMax).annotate({
      description:
        "A part of the device's key, of its name, or of a tag's name or value, in upper or lower case. One or two characters have to be " +
        "its beginning."
    })
  ),
  productKey: Schema.optionalKey(ProductKey.annotate({ description: "Of this product." })),
  status: Schema.optionalKey(DeviceStatus),
  tag: Schema.optionalKey(
    TagQuery.annotate({ description: "With a tag of this name, or with this name and value: `site` or `site=north`." })
  ),
  silentFor: Schema.optionalKey(
    SilenceText.annotate({
      description:
        "Last heard of longer ago than this: `15m`, `24h`, `7d`, `PT15M`. Not those that were never heard of."
    })
  ),
  sort: Schema.optionalKey(
    DeviceSort.annotate({
      description: "`-` for descending. Those that were never heard of come after all others. `deviceKey` if absent."
    })
  )
}

/** Where a page of a search ended, and how many devices the search found when it began. */
export interface DeviceCursor {
  readonly productKey: string
  readonly deviceKey: string
  /** Milliseconds since 1970; undefined: never. */
  readonly lastSeenAt: number | undefined
  /** Up to `countedFoundMax + 1`, which is more. */
  readonly found: number
}

export const formatDeviceCursor = ({ deviceKey, found, lastSeenAt, productKey }: DeviceCursor): string =>
  [lastSeenAt ?? "", found, encodeToken(productKey), encodeToken(deviceKey)].join(".")

/** Of a text that `DeviceCursorText` takes. */
export const parseDeviceCursor = (text: string): DeviceCursor => {
  const [at = "", found, productToken = "", deviceToken = ""] = text.split(".")
  return {
    // A token that nobody made is a position, too.
    productKey: decodeToken(productToken) ?? productToken,
    deviceKey: decodeToken(deviceToken) ?? deviceToken,
    lastSeenAt: at === "" ? undefined : Number(at),
    found: Number(found)
  }
}

const expected = "expected the nextCursor of the page before"

export const DeviceCursorText = Schema.String.check(
  Schema.isPattern(/^[0-9]{0,15}\.[0-9]{1,5}\.[A-Za-z0-9_=-]{1,400}\.[A-Za-z0-9_=-]{1,400}$/u, { message: expected }),
  // `=00` is a token, of a key that no database holds.
  Schema.makeFilter((text: string) => {
    const { deviceKey, productKey } = parseDeviceCursor(text)
    return (isStorable(productKey) && isStorable(deviceKey)) || expected
  })
)

/** `123`, or `10000+`. */
export const Total = Schema.String.check(Schema.isPattern(/^([0-9]{1,5}|10000\+)$/u)).annotate({
  description: `How many there are: exact up to ${countedFoundMax}, then \`${countedFoundMax}+\`. On later pages as it was on the first.`,
  examples: ["123", "10000+"]
})

export const totalText = (found: number): string => (found > countedFoundMax ? `${countedFoundMax}+` : String(found))
