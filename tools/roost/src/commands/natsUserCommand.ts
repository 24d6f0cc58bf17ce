import { natsPasswordVariable, renderApplicationUser } from "@roost/contracts"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { Failure } from "../Failure.ts"
import { Printer } from "../output/Printer.ts"

export const natsUserCommand = Command.make(
  "nats-user",
  {
    application: Argument.String("application").pipe(
      Argument.withDescription("the application's name, such as billing")
    ),
    consumers: Flag.String("consumers").pipe(
      Flag.withMetavar("A,B"),
      Flag.withDescription("the only durable consumers that it may read by; any but Roost's own if absent"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function* ({ application, consumers }) {
    const names = Option.map(consumers, (text) => text.split(",").filter((name) => name !== ""))
    for (const name of [application, ...Option.getOrElse(names, () => [])]) {
      if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) continue
      return yield* new Failure({
        outcome: "unusable",
        what: `${JSON.stringify(name)} is no name of a user or a consumer`,
        expected: "1–64 of A–Z a–z 0–9 _ -",
        cure: "roost nats-user billing --consumers billing-uplinks"
      })
    }
    const printer = yield* Printer
    yield* printer.out(renderApplicationUser(application, Option.getOrUndefined(names)))
    yield* printer.tell(
      `Put it among the users of the account APPLICATIONS in accounts.conf, give nats-server ${natsPasswordVariable(application)}, and reload it.`
    )
  })
).pipe(
  Command.withDescription(
    "The block of one application's own user for nats-server's accounts.conf: it reads UPLINK, PRESENCE and EVENT by its consumers, and hears nobody else's answers"
  ),
  Command.withShortDescription("A NATS user for an application, for accounts.conf"),
  Command.withExamples([
    { command: "roost nats-user billing", description: "Reads by any consumer that it asked for" },
    {
      command: "roost nats-user billing --consumers billing-uplinks,billing-events",
      description: "By these two only: no other application's messages"
    }
  ])
)
