import { Effect } from "effect"
import { ApiCode, type EnosFailure, failed } from "./EnosAnswer.ts"

/** Characters of an expression. */
const expressionLengthMax = 4096

/**
 * The part of EnOS's query language that Roost answers: `field = "value"` and `field in ("a", "b")`, joined by `and`. Gives
 * the allowed values by field. A field that is not among `fields`, or anything else, is an error that says so.
 */
export const parseExpression = (
  expression: string | undefined,
  fields: ReadonlyArray<string>
): Effect.Effect<ReadonlyMap<string, ReadonlySet<string>>, EnosFailure> =>
  Effect.suspend(() => {
    const found = new Map<string, ReadonlySet<string>>()
    if (expression === undefined || expression.trim() === "") return Effect.succeed(found)
    if (expression.length > expressionLengthMax) return unread(`at most ${expressionLengthMax} characters`)
    for (let rest = expression.trim(), first = true; rest !== ""; first = false) {
      const match = (first ? condition : nextCondition).exec(rest)
      if (match === null) return unread(`field = "value" or field in ("a", "b"), joined by and, at: ${rest}`)
      const [whole, field = "", single, list] = match
      if (!fields.includes(field)) return unread(`one of the fields ${fields.join(", ")}, not ${field}`)
      const values = new Set(list === undefined ? [unquote(single!)] : (list.match(value) ?? []).map(unquote))
      const before = found.get(field)
      found.set(field, before === undefined ? values : values.intersection(before))
      rest = rest.slice(whole.length).trimStart()
    }
    return Effect.succeed(found)
  })

const literal = `"[^"]*"|'[^']*'|[\\w.:-]+`
const value = new RegExp(literal, "g")
const body = `([A-Za-z.]+)\\s*(?:=\\s*(${literal})|\\s+in\\s*\\(\\s*((?:${literal})(?:\\s*,\\s*(?:${literal}))*)\\s*\\))`
const condition = new RegExp(`^${body}`, "i")
const nextCondition = new RegExp(`^and\\s+${body}`, "i")

const unquote = (text: string): string => (/^["']/.test(text) ? text.slice(1, -1) : text)

const unread = (expected: string) => Effect.fail(failed(ApiCode.invalidArgument, `expression: expected ${expected}`))
