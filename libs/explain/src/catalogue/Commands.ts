import type { RefusalEntries } from "../Refusal.ts"

/** How a command ends without success. */
export const commandRefusals = {
  "command-expired": {
    sentence: "The command expired: the device did not fetch it within pendingTtl.",
    cause: "Likely the device slept longer than pendingTtl, and sent nothing that Option 2100 could answer.",
    cure: "Issue it with a pendingTtl that is longer than the device sleeps (172 800 s at most)."
  },
  "command-not-fetched": {
    sentence: "The instant command was announced, and not fetched within its timeout (11904).",
    cause: "Likely the device was asleep, or takes no notice of Option 2100.",
    cure: "Issue it with a pendingTtl, and have the device GET the topic that Option 2100 announces."
  },
  "command-device-offline": {
    sentence: "The instant command (pendingTtl 0) failed at once, since the device was offline (11900).",
    cause: "The device was silent for its Lifetime, or has no session.",
    cure: "Issue it with a pendingTtl: it waits for the device then."
  },
  "command-unanswered": {
    sentence: "The device fetched the command, and replied to none of its deliveries in time (11915).",
    cause:
      "Likely it takes longer than timeout, fails on the command, or posts its reply to another topic or with another id.",
    cure: "Have the device reply to {topic}_reply with the command's id, or give it a longer timeout (60 s at most)."
  },
  "command-overtaken": {
    sentence:
      "A newer command that changes the same was answered first, so that this one was not offered again (11915).",
    cause: "Likely an application sets one point several times while the device sleeps.",
    cure: "Nothing has to be done: the device has the newer value."
  },
  "command-refused-by-device": {
    sentence: "The device replied to the command with a code that is no success.",
    cause: "The device's firmware refused it; the reply's message says why, if it has one.",
    cure: "Look up the code in the firmware's documentation: 2000 and above are the device's own."
  },
  "command-device-deleted": {
    sentence: "The device was deleted while the command waited (11705).",
    cause: "An operator deleted it.",
    cure: "Nothing has to be done."
  },
  "command-cancelled": {
    sentence: "The command was cancelled before the device fetched it.",
    cause: "An application or an operator cancelled it.",
    cure: "Issue it again if it is wanted after all."
  },
  "command-asleep": {
    sentence: "A command waits, since the device was not heard of after it was issued.",
    cause: "The device sleeps: Option 2100 announces commands in an answer, and it has asked nothing.",
    cure: "Wait for its next message, or wake it by other means. The command expires at the time that is named."
  },
  "command-not-taken-up": {
    sentence: "A command waits although it was announced by Option 2100.",
    cause: "Likely the firmware takes no notice of option 2100 of an answer.",
    cure: "Have the device GET /topic{topic} that Option 2100 names, until a 4.04 comes."
  }
} as const satisfies RefusalEntries

/** Why a sink writes nothing, or not this event. */
export const sinkRefusals = {
  "sink-no-app": {
    sentence: "No app writes this sink.",
    cause: "Likely the app `sinks` was never started, as it is not by itself, or has another cluster key.",
    cure: "Start it: `npm start -- --sinks`, `sinks.enabled` of the chart, `--profile sinks` of compose, `roost@sinks` of systemd."
  },
  "sink-unreachable": {
    sentence: "The target of a sink could not be reached, or did not answer.",
    cause: "Likely its name or port is wrong, it is down, or its certificate is not trusted.",
    cure: "Reach its address from the host of the app `sinks`. Events wait in their streams until then."
  },
  "sink-login": {
    sentence: "The target of a sink does not let it in.",
    cause: "Likely user, password or database is wrong.",
    cure: "Compare them, and give the sink the right ones (PUT /v1/sinks/{id}). Events wait until then."
  },
  "sink-denied": {
    sentence: "The user of a sink may not write to its target.",
    cause:
      "Likely a privilege is missing: on the table, on the schema where the table is to be made, on temporary tables, on the topic.",
    cure: "GRANT INSERT and SELECT on the table and TEMPORARY on the database, or let the broker's user publish. Events wait until then."
  },
  "sink-table": {
    sentence: "The table of a sink is not as the sink writes it.",
    cause: "Likely it was made or changed by somebody else: a column, its type or the unique constraint is missing.",
    cure: "Compare it with docs/applications.md, or give the sink another table, which it makes itself. Events wait until then."
  },
  "sink-full": {
    sentence: "The target of a sink has no room.",
    cause: "Likely its disk or its memory is full, or a quota is used up.",
    cure: "Make room there. Events wait in their streams until then, as long as those keep them."
  },
  "sink-event-refused": {
    sentence: "The target of a sink refused an event for what is in it.",
    cause: "Likely a number is out of the column's range, a message is too large, or the table has a rule of its own.",
    cure: "Look at GET /v1/sinks/{id}/dead, mend the table or the script, then POST /v1/sinks/{id}/dead:replay."
  },
  "sink-script": {
    sentence: "The script of a sink could not map an event.",
    cause: "Likely it expects a field that this event does not have, or met a limit of scripts.",
    cure: "Mend the script (PUT /v1/sinks/{id}), then write again what waits (POST /v1/sinks/{id}/dead:replay)."
  }
} as const satisfies RefusalEntries

/** Deliveries of a webhook that are not taken. */
export const webhookRefusals = {
  "webhook-status": {
    sentence: "The receiver of a webhook answered with another status than 2xx.",
    cause: "Likely the receiver failed, moved, or does not accept the signature.",
    cure: "Look into the receiver's log; redirections are not followed. Events come again until they are taken."
  },
  "webhook-slow": {
    sentence: "The receiver of a webhook did not answer in time.",
    cause: "Likely it does its work before it answers.",
    cure: "Have it answer 2xx at once and work afterwards. Events come again until they are taken."
  },
  "webhook-unreachable": {
    sentence: "The receiver of a webhook could not be reached.",
    cause: "Likely its name or port is wrong, it is down, or its certificate is not trusted.",
    cure: "Call its address from the registry's host. Events come again until they are taken."
  },
  "webhook-private-address": {
    sentence: "The address of a webhook is private or special, and was not called.",
    cause: "Webhooks reach public addresses only, unless an operator allows others.",
    cure: "Set ROOST_WEBHOOK_PRIVATE=true if the receiver is in your own network."
  },
  "webhook-given-up": {
    sentence: "The receiver of a webhook took nothing for so long that events were given up.",
    cause: "It failed through all attempts.",
    cure: "Mend the receiver, then deliver them again (POST /v1/webhooks/{id}/dead:replay)."
  }
} as const satisfies RefusalEntries
