const formats = new Map<string, Intl.DateTimeFormat>()

const format = (locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${locale} ${JSON.stringify(options)}`
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, options)
  formats.set(key, known)
  return known
}

/** With seconds and the zone: what a title shows. `at` in milliseconds since 1970, as everywhere here. */
export const fullTime = (at: number, locale: string): string =>
  format(locale, {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short"
  }).format(at)

/** Of a row: today's times without the day. */
export const rowTime = (at: number, locale: string, now: number = Date.now()): string => {
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString()
  return format(locale, sameDay ? time : { month: "short", day: "numeric", ...time }).format(at)
}

const units = [
  { unit: "second", millis: 1_000 },
  { unit: "minute", millis: 60_000 },
  { unit: "hour", millis: 3_600_000 },
  { unit: "day", millis: 86_400_000 }
] as const

/** `12 seconds ago`, `in 3 hours`; clocks of two machines differ, so that up to two seconds to come are now. */
export const agoText = (at: number, now: number, locale: string): string => {
  const distance = at - now > 0 && at - now < 2_000 ? 0 : at - now
  const { millis, unit } = units.findLast((each) => Math.abs(distance) >= each.millis) ?? units[0]
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" }).format(
    Math.trunc(distance / millis),
    unit
  )
}

/** `1 h 5 min`, the two largest units of a span of milliseconds; less than a second in milliseconds. */
export const spanText = (span: number, locale: string): string => {
  const amount = (value: number, unit: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(value)
  if (Math.abs(span) < 1_000) return amount(Math.round(span), "millisecond")
  const at = units.findLastIndex(({ millis }) => Math.abs(span) >= millis)
  const large = units[at]!
  const whole = Math.trunc(span / large.millis)
  const small = units[at - 1]
  const rest = small === undefined ? 0 : Math.trunc((span - whole * large.millis) / small.millis)
  return rest === 0 ? amount(whole, large.unit) : `${amount(whole, large.unit)} ${amount(rest, small!.unit)}`
}
