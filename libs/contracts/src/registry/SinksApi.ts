import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow } from "../access/AccessRule.ts"
import { describe } from "../http/EndpointParts.ts"
import { linked } from "../http/Linked.ts"
import { FieldsFixed } from "../http/RequestProblems.ts"
import { MadeUpId } from "../http/Texts.ts"
import { NoSuchDevice, NoSuchProduct } from "./RegistryProblems.ts"
import { DeadEvent, NewSink, Sink, SinkReplacement, SinkReplay, SinkTestResult } from "./Sink.ts"
import { deadPerRequestMax } from "./Webhook.ts"

export class NoSuchSink extends HttpApiError.Problem<NoSuchSink>()(
  "NoSuchSink",
  { type: "urn:roost:problem:no-such-sink", status: 404, title: "There is no such sink." },
  linked("no-such-sink")
) {}

export class TooManySinks extends HttpApiError.Problem<TooManySinks>()(
  "TooManySinks",
  { type: "urn:roost:problem:too-many-sinks", status: 409, title: "There are as many sinks as there may be." },
  { ...linked("too-many-sinks"), max: Schema.Int }
) {}

const sink = { sinkId: MadeUpId }
const one = "/v1/sinks/:sinkId"

export const Sinks = HttpApiGroup.make("sinks")
  .add(
    HttpApiEndpoint.post("createSink", "/v1/sinks", {
      payload: NewSink,
      success: Sink.pipe(HttpApiSchema.status(201)),
      error: [NoSuchProduct, NoSuchDevice, TooManySinks]
    })
      .annotateMerge(
        describe(
          "Have events written to a database or a broker",
          "At least once, each with an id that is the same every time, so that a table has it once. The app `sinks` writes them."
        )
      )
      .annotateMerge(allow([], "fleet")),
    HttpApiEndpoint.get("listSinks", "/v1/sinks", {
      success: Schema.Struct({ sinks: Schema.Array(Sink) })
    })
      .annotateMerge(describe("List sinks, oldest first, and how each does", "Without passwords."))
      .annotateMerge(allow(["viewer", "operator"], "fleet")),
    HttpApiEndpoint.get("getSink", one, { params: sink, success: Sink, error: NoSuchSink })
      .annotateMerge(describe("Read a sink, and how it does", "Without its password; some second behind."))
      .annotateMerge(allow(["viewer", "operator"], "fleet")),
    HttpApiEndpoint.put("replaceSink", one, {
      params: sink,
      payload: SinkReplacement,
      success: Sink,
      error: [NoSuchSink, NoSuchProduct, NoSuchDevice, FieldsFixed]
    })
      .annotateMerge(
        describe(
          "Give a sink another target, filter or script",
          "It goes on where it was; kinds that are new to it begin where it began (`from`). Product and device stay. Without a password the one it has stays, for the same address and user."
        )
      )
      .annotateMerge(allow([], "fleet")),
    HttpApiEndpoint.delete("deleteSink", one, {
      params: sink,
      success: HttpApiSchema.NoContent,
      error: NoSuchSink
    })
      .annotateMerge(describe("Delete a sink", "What is not written is not; what was written stays where it is."))
      .annotateMerge(allow([], "fleet")),
    HttpApiEndpoint.post("pauseSink", `${one}:pause`, {
      params: sink,
      success: Sink,
      error: NoSuchSink
    })
      .annotateMerge(
        describe("Pause a sink", "Events wait for it as long as their streams keep them (uplinks 72 h), and no longer.")
      )
      .annotateMerge(allow(["operator"], "fleet")),
    HttpApiEndpoint.post("resumeSink", `${one}:resume`, {
      params: sink,
      success: Sink,
      error: NoSuchSink
    })
      .annotateMerge(describe("Resume a sink", "Where it was when it was paused."))
      .annotateMerge(allow(["operator"], "fleet")),
    HttpApiEndpoint.post("testSink", `${one}:test`, {
      params: sink,
      success: SinkTestResult,
      error: NoSuchSink
    })
      .annotateMerge(
        describe(
          "Try the way to a sink's target",
          "From the app that writes: it connects, signs in, and looks whether it may write. Nothing is written."
        )
      )
      .annotateMerge(allow(["operator"], "fleet")),
    HttpApiEndpoint.post("replaySink", `${one}:replay`, {
      params: sink,
      payload: SinkReplay,
      success: Sink,
      error: NoSuchSink
    })
      .annotateMerge(
        describe(
          "Write events from a time on again",
          "It goes back to that time and comes up from there. A table takes no event twice; a broker gets them again, with their ids."
        )
      )
      .annotateMerge(allow(["operator"], "fleet")),
    HttpApiEndpoint.get("listDeadEvents", `${one}/dead`, {
      params: sink,
      success: Schema.Struct({ dead: Schema.Array(DeadEvent) }),
      error: NoSuchSink
    })
      .annotateMerge(describe("What could not be written, and why", `Oldest first, ${deadPerRequestMax} at most.`))
      .annotateMerge(allow(["viewer", "operator"], "fleet")),
    HttpApiEndpoint.post("replayDeadEvents", `${one}/dead:replay`, {
      params: sink,
      success: Schema.Struct({ replayed: Schema.Int }),
      error: NoSuchSink
    })
      .annotateMerge(
        describe(
          "Write again what could not be written",
          `Oldest first, ${deadPerRequestMax} at most, with all tries; 0 says that there is nothing more.`
        )
      )
      .annotateMerge(allow(["operator"], "fleet"))
  )
  .annotateMerge(
    OpenApi.annotations({ title: "Sinks", description: "Events written to a database or a broker of yours." })
  )
