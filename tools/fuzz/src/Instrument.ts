import { type AnyNode, type Node, parse } from "acorn"
import { MagicString } from "magic-string"

export interface Instrumented {
  readonly code: string
  /** Counters that the code increments. */
  readonly counters: number
  /** Constants of the code that inputs may have to contain: strings, and numbers as one, two or four big-endian octets. */
  readonly dictionary: ReadonlyArray<Uint8Array>
}

/** The array of counters, as the instrumented code finds it. */
export const countersName = "__fuzzCounters"

/**
 * Puts a counter at each place where the control flow of `code` divides: bodies of functions, branches, loops, cases,
 * catches, arms of expressions. Branches are what tells inputs apart; statements in a row are not.
 */
export const instrument = (code: string): Instrumented => {
  const text = new MagicString(code)
  const words = new Set<string>()
  let counters = 0
  const count = () => `${countersName}[${counters++}]++`
  const statement = (node: Node) => {
    if (node.type === "BlockStatement") text.appendRight(node.start + 1, `${count()};`)
    else text.appendRight(node.start, `{${count()};`).appendLeft(node.end, "}")
  }
  const expression = (node: Node) => text.appendRight(node.start, `(${count()},`).appendLeft(node.end, ")")
  const visit = (node: AnyNode) => {
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        if (node.body.type === "BlockStatement") statement(node.body)
        else expression(node.body)
        break
      case "IfStatement":
        statement(node.consequent)
        if (node.alternate) statement(node.alternate)
        break
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
        statement(node.body)
        break
      case "SwitchCase":
        if (node.consequent[0]) text.appendRight(node.consequent[0].start, `${count()};`)
        break
      case "CatchClause":
        statement(node.body)
        break
      case "ConditionalExpression":
        expression(node.consequent)
        expression(node.alternate)
        break
      case "LogicalExpression":
        expression(node.right)
        break
      case "Literal":
        if (typeof node.value === "string" || typeof node.value === "number") words.add(JSON.stringify(node.value))
        break
    }
  }
  walk(parse(code, { ecmaVersion: "latest", sourceType: "module" }), visit)
  return { code: text.toString(), counters, dictionary: [...words].flatMap((word) => bytesOf(JSON.parse(word))) }
}

const walk = (node: AnyNode, visit: (node: AnyNode) => void): void => {
  visit(node)
  for (const value of Object.values(node) as ReadonlyArray<unknown>) {
    if (Array.isArray(value)) for (const each of value) if (isNode(each)) walk(each, visit)
    if (isNode(value)) walk(value, visit)
  }
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

const wordBytesMax = 32

const bytesOf = (word: string | number): ReadonlyArray<Uint8Array> => {
  if (typeof word === "string") {
    const bytes = new TextEncoder().encode(word)
    return bytes.length > 0 && bytes.length <= wordBytesMax ? [bytes] : []
  }
  if (!Number.isInteger(word) || word < 0 || word > 0xffff_ffff) return []
  if (word <= 0xff) return [Uint8Array.of(word)]
  if (word <= 0xffff) return [Uint8Array.of(word >> 8, word & 0xff)]
  return [Uint8Array.of(word >>> 24, (word >> 16) & 0xff, (word >> 8) & 0xff, word & 0xff)]
}
