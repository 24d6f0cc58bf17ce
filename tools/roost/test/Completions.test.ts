import { assert, describe, it } from "@effect/vitest"
import { childProcess, temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { Completions } from "effect/cli"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { completionTree } from "../src/Completions.ts"
import { roost } from "../src/RoostCommand.ts"

const descriptor = completionTree(roost)

/** Each shell's own way to ask for what may stand next, with the script that `roost --completions` prints in `completions`. */
const asks = {
  bash: {
    args: ["--norc", "--noprofile"],
    script: `source ./completions
complete_line() {
  COMP_LINE=$1 COMP_POINT=\${#1}
  COMP_WORDS=($1); [[ $1 == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMPREPLY=()
  _roost; printf '%s\\n' "\${COMPREPLY[@]}"
}
complete_line "roost prod"; complete_line "roost products "; complete_line "roost devices ls --status "; complete_line "roost summary --output "`
  },
  fish: {
    args: ["--no-config"],
    script: `source ./completions
complete -C "roost prod"; complete -C "roost products "; complete -C "roost devices ls --status "; complete -C "roost summary --output "`
  },
  // Its completion lives in the line editor, which wants a terminal.
  zsh: {
    args: ["-f"],
    script: `zmodload zsh/zpty
ask() {
  zpty z zsh -f -i
  zpty -w z 'PS1="> "; autoload -Uz compinit && compinit -u -D && source ./completions; echo defi""ned'
  zpty -r -m z out '*defined*'
  zpty -w -n z "$1"
  zpty -r -m z out "$2"
  zpty -d z
  print -r -- "$out"
}
ask $'roost prod\\t' '*roost products *'
ask $'roost products \\t' '*rotate-secret*set*'
ask $'roost devices ls --status \\t' '*disabled*online*'
ask $'roost summary --output \\t' '*json*yaml*'`
  }
} as const

describe("completions", () => {
  for (const shell of ["bash", "zsh", "fish"] as const) {
    it.live(`${shell} completes groups, commands and values of flags`, () =>
      Effect.gen(function* () {
        const folder = yield* temporaryDirectory
        writeFileSync(join(folder, "completions"), Completions.generate("roost", shell, descriptor))
        writeFileSync(join(folder, "ask"), asks[shell].script)
        const program = yield* childProcess({
          command: shell,
          args: [...asks[shell].args, "ask"],
          cwd: folder,
          env: { HOME: folder, TERM: "dumb" }
        })
        const { code } = yield* program.exit
        const output = program.output()
        assert.strictEqual(code, 0, output)
        for (const word of ["products", "rotate-secret", "offline", "online", "json", "yaml"])
          assert.include(output, word)
      }).pipe(Effect.scoped)
    )
  }
})
