import type { ApplicationEvent } from "@roost/contracts"

export const topicDefault = "roost/{productKey}/{deviceKey}/{type}"

/** The topic of an event. A character that MQTT reads in a topic stands in a value as `%` and its code, so that no value makes another level. */
export const topicOf = (template: string, event: ApplicationEvent): string =>
  template.replaceAll(/\{(type|kind|productKey|deviceKey)\}/g, (_, name: string) => {
    const value = event[name] ?? (name === "kind" ? event.type : "")
    return String(value).replaceAll(
      /[%/+#$\p{Cc}]/gu,
      (found) => `%${found.charCodeAt(0).toString(16).padStart(2, "0")}`
    )
  })
