import type { RequestFault } from "@roost/contracts"
import { nearestName } from "@roost/enos"
import { SchemaAST, SchemaIssue } from "effect"

/** Faults of one request that are told; a client that has more needs its specification. */
export const requestFaultsMax = 50
/** Faults that `detail` spells out; the others are in `errors`. */
const spelledOutMax = 5
/** Characters of a fault's message, and of what came within it. */
const messageLengthMax = 300
const shownLengthMax = 60

/** The faults at `at` of a request, each with its place, the expected and the received value. */
export const requestFaults = (at: ReadonlyArray<string>, issue: SchemaIssue.Issue): ReadonlyArray<RequestFault> =>
  faultsOf(issue, [])
    .take(requestFaultsMax + 1)
    .map((fault) => toldOf(at, fault))
    .toArray()

/** Of a part that the endpoint does not take at all. */
export const undeclaredFaults = (at: ReadonlyArray<string>, input: unknown): ReadonlyArray<RequestFault> => {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return [toldOf(at, { path: [], message: `unknown; nothing is taken here, got ${shown(input)}` })]
  }
  const names = Object.keys(input).slice(0, requestFaultsMax + 1)
  return names.map((name) => toldOf(at, { path: [name], message: unknownName(name, []) }))
}

const toldOf = (at: ReadonlyArray<string>, { message, path }: Fault): RequestFault => ({
  path: [...at, ...path.map((segment) => cut(String(segment), shownLengthMax))],
  message: cut(message, messageLengthMax)
})

/** The faults as a sentence for whoever reads the answer in a terminal. */
export const spelledOut = (faults: ReadonlyArray<RequestFault>): string => {
  const told = faults
    .slice(0, spelledOutMax)
    .map(({ message, path }) => [path.join("."), message].filter(Boolean).join(": "))
  return `${told.join("; ")}${faults.length > told.length ? "; and more, in errors" : ""}`
}

interface Fault {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
  /** A name that is not known where it stands. */
  readonly unknown?: true
}

/** One after the other: a body may have a hundred thousand faults. */
const faultsOf = function* (issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>): Generator<Fault> {
  switch (issue._tag) {
    case "Pointer":
      return yield* faultsOf(issue.issue, [...path, ...issue.path])
    case "Encoding":
      return yield* faultsOf(issue.issue, path)
    case "Composite":
      for (const inner of issue.issues) yield* faultsOf(inner, path)
      return
    case "AnyOf": {
      if (issue.issues.length === 0) return yield faultOf(issue, path)
      // Of several forms, the one that was probably meant: it knows most of what came.
      const forms = issue.issues.map((inner) =>
        faultsOf(inner, path)
          .take(requestFaultsMax + 1)
          .toArray()
      )
      const unknownTo = (form: ReadonlyArray<Fault>) =>
        form.filter((fault) => fault.unknown === true && fault.path.length === path.length + 1).length
      return yield* forms.reduce((a, b) => (unknownTo(b) < unknownTo(a) ? b : a))
    }
    case "MissingKey":
      return yield { path, message: "missing" }
    case "UnexpectedKey":
      return yield { path, message: unknownName(String(path.at(-1)), namesOf(issue.ast)), unknown: true }
    default:
      return yield faultOf(issue, path)
  }
}

const unknownName = (name: string, known: ReadonlyArray<string>): string => {
  const nearest = nearestName(name, known)
  if (nearest !== undefined) return `unknown; did you mean ${nearest}?`
  return known.length === 0 ? "unknown; nothing is taken here" : `unknown; known are ${known.join(", ")}`
}

const namesOf = (ast: SchemaAST.AST): ReadonlyArray<string> =>
  SchemaAST.isObjects(ast) ? ast.propertySignatures.map(({ name }) => String(name)) : []

const faultOf = (issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>): Fault => {
  const [first] = format(withoutInput(issue)).issues
  const message = expectedOf(issue) ?? first?.message ?? "expected another value"
  const got = SchemaIssue.hasInput(issue) && !isSecret(path) ? `, got ${shown(issue.input)}` : ""
  return { path: [...path, ...(first?.path ?? []).map(segmentOf)], message: `${lowerFirst(message)}${got}` }
}

/** Effect would say a schema's name here, which means nothing to whoever does not know the code. */
const expectedOf = (issue: SchemaIssue.Issue): string | undefined => {
  if (issue._tag === "InvalidType" && SchemaAST.isObjects(issue.ast)) return "expected an object"
  if (issue._tag !== "AnyOf") return undefined
  const forms = formsOf(issue.ast)
  const tag = [...(forms[0]?.keys() ?? [])].find((key) => forms.every((form) => form.has(key)))
  if (tag === undefined) return undefined
  return `expected ${tag} to be one of ${[...new Set(forms.map((form) => form.get(tag)))].join(", ")}`
}

/** Of each form that a union has: the members with one value only, of which one tells the forms apart. */
const formsOf = (ast: SchemaAST.AST): ReadonlyArray<ReadonlyMap<string, string>> => {
  if (SchemaAST.isUnion(ast)) return ast.types.flatMap(formsOf)
  if (!SchemaAST.isObjects(ast)) return [new Map()]
  const literals = ast.propertySignatures.flatMap(({ name, type }) =>
    SchemaAST.isLiteral(type) ? [[String(name), String(type.literal)] as const] : []
  )
  return [new Map(literals)]
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Effect's own texts would end in the whole of what came. */
const withoutInput = (issue: SchemaIssue.Issue): SchemaIssue.Issue => {
  const bare: SchemaIssue.Issue = Object.create(Object.getPrototypeOf(issue), Object.getOwnPropertyDescriptors(issue))
  delete (bare as { input?: unknown }).input
  if (bare._tag === "Filter") Object.defineProperty(bare, "issue", { value: withoutInput(bare.issue) })
  return bare
}

const segmentOf = (segment: PropertyKey | { readonly key: PropertyKey }): PropertyKey =>
  typeof segment === "object" ? segment.key : segment

/** A secret of the wrong form may be a right one with a typing error: it stays out of answers, which get logged. */
const isSecret = (path: ReadonlyArray<PropertyKey>): boolean => /secret/i.test(String(path.at(-1)))

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value))
  return typeof value === "string" ? JSON.stringify(cut(text, shownLengthMax)) : cut(text, shownLengthMax)
}

const cut = (text: string, lengthMax: number): string =>
  text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)
