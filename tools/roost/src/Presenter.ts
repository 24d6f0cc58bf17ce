import { Console, Effect } from "effect"
import { CliOutput } from "effect/cli"
import { takesColours } from "./output/Printer.ts"

/** Of a fault of the words: the library's suggestions stand below each other. */
export const inOneLine = (message: string): string => {
  const [what = "", suggested] = message.split(/\s*Did you mean this\?\s*/)
  const said = what.trim().replaceAll(/\n\s*/g, " ")
  return suggested === undefined ? said : `${said}: did you mean ${suggested.trim().split(/\s+/).join(" or ")}?`
}

/** Help goes to standard output. Faults of the words go to standard error, with the usage and no more. */
export const presenter: CliOutput.Presenter = {
  present: (event) => {
    const formatter = CliOutput.defaultFormatter({
      colors: takesColours(process.stdout.isTTY === true, process.env),
      globalFlags: "summary"
    })
    switch (event._tag) {
      case "Help":
        return Console.log(formatter.formatHelpDoc(event.helpDoc))
      case "Version":
        return Console.log(`${event.name} ${event.version}, Node ${process.versions.node}`)
      case "InvalidInvocation":
        return Effect.forEach(
          [
            ...event.errors.map(({ message }) => `roost: ${inOneLine(message)}`),
            `  usage     ${event.helpDoc.usage}`,
            `  cure      ${event.commandPath.join(" ")} --help`
          ],
          (line) => Console.error(line),
          { discard: true }
        )
    }
  }
}
