import { CommandCode, EnosCode } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiError } from "effect/http-api"
import { CommandState } from "./Command.ts"
import { linked } from "../http/Linked.ts"

/** It never came with its own secret. EnOS code 11888. */
export class DeviceNotActivated extends HttpApiError.Problem<DeviceNotActivated>()(
  "DeviceNotActivated",
  { type: "urn:roost:problem:device-not-activated", status: 409, title: "The device was never activated." },
  { ...linked("device-not-activated"), code: Schema.tag(CommandCode.deviceNotActivated) }
) {}

/** EnOS code 11723. */
export class DeviceDisabled extends HttpApiError.Problem<DeviceDisabled>()(
  "DeviceDisabled",
  {
    type: "urn:roost:problem:device-disabled",
    status: 409,
    title: "The device is disabled."
  },
  { ...linked("device-disabled"), code: Schema.tag(CommandCode.deviceDisabled) }
) {}

/** An instant command (`pendingTtl` 0) for a device that is offline; it is recorded as failed. EnOS code 11900. */
export class DeviceOffline extends HttpApiError.Problem<DeviceOffline>()(
  "DeviceOffline",
  {
    type: "urn:roost:problem:device-offline",
    status: 409,
    title: "The device is offline and the command is not to be kept."
  },
  { ...linked("device-offline"), code: Schema.tag(CommandCode.deviceOffline), commandId: Schema.String }
) {}

/** EnOS code 11902. */
export class TooManyPending extends HttpApiError.Problem<TooManyPending>()(
  "TooManyPending",
  {
    type: "urn:roost:problem:too-many-pending",
    status: 429,
    title: "The device has as many pending commands as it may."
  },
  { ...linked("too-many-pending"), code: Schema.tag(CommandCode.cacheFull), pendingMax: Schema.Int }
) {}

/** Faults by the thing model of the device's product. The code is the one that a device gets for its own message (1204). */
export class CommandNotOfModel extends HttpApiError.Problem<CommandNotOfModel>()(
  "CommandNotOfModel",
  {
    type: "urn:roost:problem:command-not-of-model",
    status: 422,
    title: "The product's thing model does not allow this command."
  },
  {
    ...linked("command-not-of-model"),
    code: Schema.tag(EnosCode.modelValidationFailed),
    modelId: Schema.String,
    modelVersion: Schema.Int,
    field: Schema.String.annotate({ description: "Such as `measurepoints.limit` or `services.reboot.delay`." }),
    expected: Schema.String,
    got: Schema.String
  }
) {}

/** The command can't be brought into the form that the device's product takes. EnOS code 11810. */
export class NotEncodable extends HttpApiError.Problem<NotEncodable>()(
  "NotEncodable",
  {
    type: "urn:roost:problem:not-encodable",
    status: 422,
    title: "The command can't be encoded for this device."
  },
  { ...linked("not-encodable"), code: Schema.tag(CommandCode.cannotEncode) }
) {}

/** No command has this id, or it ended more than 7 days ago. */
export class NoSuchCommand extends HttpApiError.Problem<NoSuchCommand>()(
  "NoSuchCommand",
  {
    type: "urn:roost:problem:no-such-command",
    status: 404,
    title: "There is no such command."
  },
  linked("no-such-command")
) {}

/** Only a command that is still `created` can be cancelled (enos-protocol §8.1). */
export class CommandNotCancellable extends HttpApiError.Problem<CommandNotCancellable>()(
  "CommandNotCancellable",
  {
    type: "urn:roost:problem:command-not-cancellable",
    status: 409,
    title: "The command was sent or has ended."
  },
  { ...linked("command-not-cancellable"), state: CommandState }
) {}
