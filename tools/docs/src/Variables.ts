import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { apps, root } from "./Clone.ts"

interface Variable {
  readonly otherwise: string
  readonly meaning: string
  readonly apps: Array<string>
}

/** A line of `--help`: name, default, meaning. */
const variableLine = /^ {2}([A-Z][A-Z0-9_{}]+) {2,}(\S.*?) {2,}(\S.*)$/

/** The apps' answers to `--help`, which they make of the declarations that they read by. */
const readVariables = (): ReadonlyMap<string, Variable> => {
  const variables = new Map<string, Variable>()
  for (const app of apps) {
    const help = execFileSync(process.execPath, [join(root, "apps", app, "src/main.ts"), "--help"], {
      encoding: "utf8"
    })
    for (const line of help.split("\n")) {
      const [, name, otherwise, meaning] = variableLine.exec(line) ?? []
      if (name === undefined) continue
      // Required in one app, not so in another: each has a row.
      const key = `${name} ${otherwise} ${meaning}`
      const known = variables.get(key) ?? { otherwise: otherwise!, meaning: meaning!, apps: [] }
      known.apps.push(app)
      variables.set(key, known)
    }
  }
  return variables
}

/** The page of variables, as `npm run docs -- --write` makes it and a test compares it. */
export const variablesPage = (): string => {
  const rows = [...readVariables()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { apps: served, meaning, otherwise }]) => {
      const where = served.length === apps.length ? "all" : served.join(", ")
      return `| \`${key.split(" ")[0]}\` | ${where} | ${otherwise} | ${meaning} |`
    })
  return `# Variables

What the apps read from their environment and [a file](operations.md#a-file-of-variables), made from the code by \`npm run docs -- --write\`; a test
compares. Each app says its own with \`--help\`, with \`--check\` whether they are right, and with \`--print-config\` which hold and where each is from.
\`npm start\` reads the addresses, ports and keys too.
The nats-server has [variables of its own](../deploy/nats/README.md).

| variable | of | default | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}
| \`ROOST_NATS_PORT\` | \`npm start\` | 4222 | port of the nats-server that it starts, unless \`NATS_URL\` is set |
`
}
