import { base32Number, Setting } from "@roost/contracts"
import { Config, Schema } from "effect"

const length = 8

/** It is one token of a NATS subject and at most 64 characters of a frame's header. */
const Token = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/, { message: "expected 1 to 64 characters of A-Z, a-z, 0-9, _ and -" })
)

/** The name of this process among the edges or the nodes: `ROOST_NODE_ID`, else random and so new at every start. */
export const NodeId: Setting<string> = Setting.map(
  Setting.optional(
    "ROOST_NODE_ID",
    "name of this edge or node: 1 to 64 of A-Za-z0-9_-",
    (name) => Config.schema(Token, name),
    { otherwise: "random" }
  ),
  (id) => id ?? base32Number(Math.floor(Math.random() * 32 ** length), length)
)
